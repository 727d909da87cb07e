/** `lintel boards`, and `--board` and `--pin` where programs are built: what a person sees, and what is refused. */
import { existsSync } from "node:fs";
import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runLintel } from "./run-lintel.ts";

const COUNTER = "firmware/counter";
let folder: string;
const at = (name: string) => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lintel-boards-"));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

async function good(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await runLintel(...args);
  expect(stderr).toBe("");
  expect(code).toBe(0);
  return stdout;
}

test("the list, for people and as JSON", async () => {
  const lines = (await good("boards")).trim().split("\n");
  expect(lines).toHaveLength(9);
  expect(lines[0]).toMatch(/^name +board +flash +on it$/);
  expect(lines).toContainEqual(
    expect.stringMatching(/^sonoff-basic +.* 1 MiB +button, relay with its red LED, green LED$/),
  );
  const boards = JSON.parse(await good("boards", "--json"));
  expect(boards.map(({ name, id }: { name: string; id: number }) => [name, id])).toContainEqual(["witty", 6]);
});

test("one board, for people", async () => {
  const text = await good("boards", "show", "wemos-d1-mini");
  expect(text).toMatch(/^wemos-d1-mini: Wemos D1 mini, board id 2\n/);
  expect(text).toContain("flash: 4 MiB, dio, 40 MHz; usual chips ef 4016");
  expect(text).toContain("analogue input: A0, 0 to 3.2 V\n");
  expect(text).toContain("budgets: image 65344 bytes, RAM 16384 bytes, stack 3072 bytes\n");
  expect(text).toContain("counter: barrierA D5 (GPIO14)\n");
  expect(text).toMatch(/^D3 +0 +high +pulled up +input, pull-up, edges, output$/m);
  expect(text).toMatch(/^D4 +2 +high +blue LED, on while low, pulled up$/m);
  expect(text).toMatch(/^D8 +15 +low +pulled down +input, edges, output$/m);
  expect(text).toMatch(/^RX +3 +RX of the serial port +input/m);
});

test("one board as JSON, a file too", async () => {
  const board = JSON.parse(await good("boards", "show", "witty", "--json"));
  expect(board).toMatchObject({ name: "witty", id: 6, adc: { label: "ADC", maxVolts: 1, wired: "light sensor" } });
  expect(board.pins).toContainEqual({
    ...{ gpio: 15, label: "GPIO15", pull: "down", wired: { part: "led", title: "red LED" } },
    ...{ atStart: "low", serial: null, uses: [] },
  });
  await writeFile(at("mine.json"), JSON.stringify({ name: "mine", id: 1000, adc: null, budgets: {} }));
  expect(await good("boards", "show", at("mine.json"))).toMatch(
    /^mine: mine, board id 1000\nflash: 1 MiB.*\nanalogue input: not led out\nbudgets: image no limit/,
  );
});

test("help lists the boards", async () => {
  for (const command of [["build"], ["image", "pack"], ["sim"]]) {
    expect((await good(...command, "--help")).replace(/\s+/g, " ")).toMatch(
      /one of generic, esp-01, .*witty, or a file/,
    );
  }
});

test("a build says where its functions are", { timeout: 120_000 }, async () => {
  const build = ["build", COUNTER, "--out", at("counter.wasm")];
  expect(await good(...build, "--board", "wemos-d1-mini")).toMatch(/^pins: barrierA D5 \(GPIO14\), barrierB none$/m);
  const pins = ["--pin", "barrierA=d6", "--pin", "barrierB=GPIO5"];
  const report = JSON.parse(await good(...build, "--board", "wemos-d1-mini", ...pins, "--json"));
  expect(report).toMatchObject({ pins: { barrierA: 12, barrierB: 5 }, warnings: [] });
  const native = ["build", COUNTER, "--engine", "lx106", "--board", "esp-01", "--out", at("counter.lx106"), "--json"];
  const { board, pins: found, warnings } = JSON.parse(await good(...native));
  expect({ board, found }).toEqual({ board: "esp-01", found: { barrierA: 3, barrierB: null } });
  expect(warnings).toEqual([
    expect.stringMatching(/barrierA.* is at RX \(GPIO3\) of esp-01: it is RX of the serial port/),
  ]);
});

describe("refused, and nothing is written", () => {
  const refused: [string, string[], RegExp][] = [
    ["an unknown board", ["--board", "none"], /there is no board none: name a file of boards\/ \(generic, .*witty\)/],
    [
      "a strap that is held",
      ["--pin", "barrierA=D3"],
      /barrierA\) cannot be at D3 \(GPIO0\) .*GPIO0 must be high while/,
    ],
    [
      "the other strap",
      ["--pin", "barrierA=D8"],
      /at D8 \(GPIO15\) .*GPIO15 must be low while the board starts.*not start/,
    ],
    ["a pin without edges", ["--pin", "barrierA=D0"], /at D0 \(GPIO16\) .*GPIO16 has no interrupt/],
    ["the flash", ["--pin", "barrierA=GPIO6"], /at GPIO6 of .*carries the flash/],
    ["the LED", ["--pin", "barrierA=D4"], /at D4 \(GPIO2\) .*the board has its blue LED there; free for it: D1, D2/],
    [
      "two on one pin",
      ["--pin", "barrierB=D5"],
      /barrierB\) cannot be at D5 .*barrier A \(barrierA\) is there already/,
    ],
    ["a pin that there is not", ["--pin", "barrierA=D99"], /at D99 of wemos-d1-mini: there is no such pin/],
    [
      "a function that there is not",
      ["--pin", "gate=D1"],
      /counter has no function gate .*: its functions are barrierA/,
    ],
    ["a function twice", ["--pin", "barrierA=D1", "--pin", "barrierA=D2"], /barrierA has a pin already: D1/],
    ["half a pin", ["--pin", "barrierA"], /'--pin <function=pin>'.*as barrierA=D5/],
  ];

  test.each(refused)("%s", async (_, args, message) => {
    const fixed = ["build", COUNTER, "--engine", "lx106", "--board", "wemos-d1-mini", "--out", at("refused")];
    const { code, stdout, stderr } = await runLintel(...fixed, ...args);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^lintel: /);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(existsSync(at("refused"))).toBe(false);
  });

  test.each([
    ["a flash below 1 MB", { flash: { sizeMiB: 0.5, mode: "dio", frequencyMHz: 40 } }, /small\.json is not .*sizeMiB/],
    [
      "a GPIO twice",
      {
        pins: [
          { gpio: 4, label: "A" },
          { gpio: 4, label: "B" },
        ],
      },
      /GPIO4 is there twice/,
    ],
  ])("a board file with %s", async (_, fields, message) => {
    await writeFile(at("small.json"), JSON.stringify({ name: "small", ...fields }));
    const { code, stderr } = await runLintel("build", COUNTER, "--board", at("small.json"), "--out", at("refused"));
    expect(code).toBe(1);
    expect(stderr).toMatch(message);
  });

  test("pins of a program that declares none", async () => {
    const { code, stderr } = await runLintel("build", "firmware/boot", "--pin", "a=D1", "--out", at("refused"));
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^lintel: firmware\/boot has no product\.json/)]);
  });
});

test("an image is for the board that is named, by name or id, or for any", { timeout: 120_000 }, async () => {
  const pack = async (...args: string[]) => {
    const fixed = ["image", "pack", COUNTER, "--version", "1", "-o", at("counter.image"), "--json"];
    return JSON.parse(await good(...fixed, ...args));
  };
  const any = await pack();
  expect(any.board).toBe(0);
  const retail = await pack("--board", "retail");
  expect(retail.board).toBe(7);
  expect(retail.digest).not.toBe(any.digest);
  expect(await pack("--board", "7")).toMatchObject({ board: 7, digest: retail.digest });
  expect(await pack("--board", "7", "--pin", "barrierB=none")).toMatchObject({ board: 7, digest: any.digest });
  await copyFile(at("counter.wasm"), at("built.wasm"));
  const built = await runLintel("image", "pack", at("built.wasm"), "--version", "1", "--pin", "barrierA=D1");
  expect(built.stderr).toMatch(/built\.wasm is compiled already: give --pin to lintel build/);
});

test("boards that were kept go on as the board that they are", { timeout: 120_000 }, async () => {
  const kept = ["sim", "--virtual-hours", "0.05", "--data", at("data"), "--flash", at("flash")];
  expect(await runLintel(...kept, "--board", "retail")).toMatchObject({ code: 0 });
  const { code, stderr } = await runLintel(...kept);
  expect([code, stderr]).toEqual([
    1,
    expect.stringMatching(/runs a program for board 7, and generic is board 0: give the --board of the run before/),
  ]);
});

test("boards of a simulation count at the board's pins, and run images for it", { timeout: 120_000 }, async () => {
  for (const [options, devicesWithTwo] of [
    [["--board", "retail"], 1],
    [["--board", "wemos-d1-mini", "--pin", "barrierA=D1"], 0],
  ] as const) {
    const { code, stdout } = await runLintel("sim", "--virtual-hours", "0.2", "--devices", "2", "--json", ...options);
    const { visitorsSimulated, visitorsCounted, readingsStored } = JSON.parse(stdout);
    expect(code).toBe(0);
    expect(visitorsSimulated).toBeGreaterThan(30);
    expect(visitorsCounted).toBe(visitorsSimulated);
    // A board with two barriers sends both directions: 12 minutes and what it starts with.
    expect(readingsStored > 40).toBe(devicesWithTwo === 1);
  }
});
