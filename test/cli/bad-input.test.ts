/** What a person gets wrong: one line that says what and what to do, exit code not 0, no stack. */
import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runLintel } from "./run-lintel.ts";

const HOST = "127.0.0.1";

let folder: string;
let blocker: Server;
let takenPort: number;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lintel-cli-"));
  await writeFile(join(folder, "a-file"), "not a folder");
  await mkdir(join(folder, "corrupt"));
  await writeFile(join(folder, "corrupt", "lintel.db"), "this was a database once ".repeat(400));
  await mkdir(join(folder, "broken"));
  await writeFile(join(folder, "broken", "main.ts"), "export function start(): void { let x: i32 = 'text'; }\n");
  await mkdir(join(folder, "foreign"));
  await writeFile(join(folder, "foreign", "main.ts"), "export function start(): void {}\n");
  await mkdir(join(folder, "empty"));
  // Nobody ever writes into it.
  execFileSync("mkfifo", [join(folder, "pipe")]);
  blocker = createServer();
  await new Promise<void>((resolve) => blocker.listen(0, HOST, resolve));
  const address = blocker.address();
  takenPort = typeof address === "object" ? (address?.port ?? 0) : 0;
});

afterAll(async () => {
  blocker.close();
  await rm(folder, { recursive: true, force: true });
});

const serve = (data: string, mqttPort = 0) =>
  ["serve", "--data", join(folder, data), "--mqtt-port", String(mqttPort), "--http-port", "0"] as const;

const CASES: Array<[string, () => readonly string[], RegExp]> = [
  ["an unknown command", () => ["frobnicate"], /unknown command 'frobnicate'/],
  ["a command nearly right", () => ["sevre"], /serve/],
  ["an unknown option", () => ["serve", "--prot", "1"], /unknown option '--prot'/],
  ["a port that is none", () => ["serve", "--mqtt-port", "70000"], /--mqtt-port.*0 .*65535/],
  ["a port in use", () => serve("fresh", takenPort), /port \d+ is in use/],
  ["a data folder that is a file", () => serve("a-file"), /a-file is not a folder/],
  ["a data folder below a file", () => serve("a-file/below"), /a-file/],
  ["a data folder where none can be made", () => ["serve", "--data", "/proc/none"], /\/proc\/none/],
  ["a database of rubbish", () => serve("corrupt"), /lintel\.db/],
  ["a program that is not there", () => ["build", "firmware/none"], /firmware\/none does not exist/],
  ["a folder without a program", () => ["build", join(folder, "empty")], /has no main\.ts/],
  ["a server that is not there", () => ["tail", "--server", `http://${HOST}:1`], /no server answers at/],
  ["a broker that is not there", () => ["sim", "--server", `${HOST}:1`], /no MQTT server answers at/],
  ["an address that is none", () => ["tail", "--server", "nonsense"], /http:\/\//],
  ["no devices", () => ["sim", "--devices", "0"], /whole number from 1/],
  [
    "an image without an end",
    () => ["image", "inspect", "/dev/zero"],
    /\/dev\/zero is a device or a pipe: name a file/,
  ],
  ["an image that never comes", () => ["image", "inspect", join(folder, "pipe")], /pipe is a device or a pipe/],
  ["a key without an end", () => ["keys", "show", "/dev/zero"], /\/dev\/zero is a device or a pipe/],
  ["a key without a name", () => ["keys", "new", "--out", ""], /--out.*A name is expected, as lintel/],
  ["a key where no folder can be", () => ["keys", "new", "--out", join(folder, "a-file/key")], /cannot write .*a-file/],
  ["half a request to the demo", () => ["demo", "--for", "3"], /--cut-network-at/],
  [
    "rollups that are kept for less time than readings",
    () => [...serve("retention"), "--keep-raw", "400d", "--keep-rollups", "30d"],
    /rollups for 30 days and readings for 400 days would delete the readings.*--keep-rollups 10y/,
  ],
];

test.each(CASES)("%s", async (_name, args, message) => {
  const { code, stdout, stderr } = await runLintel(...args());
  expect(code).not.toBe(0);
  expect(stdout).toBe("");
  expect(stderr).toMatch(message);
  expect(stderr).toMatch(/^lintel: /);
  // One line, or a second one that suggests the right word.
  expect(stderr.trim().split("\n").length).toBeLessThanOrEqual(2);
  expect(stderr).not.toMatch(/\n\s+at /);
});

const AS_JSON: Array<[string, () => readonly string[], object]> = [
  [
    "an update with a file that is not there",
    () => ["update", "--device", "024c4e540001", "--image", join(folder, "none")],
    {
      device: "024c4e540001",
      image: null,
      state: "error",
      reason: expect.stringMatching(/cannot read .*none: ENOENT/),
    },
  ],
  [
    "an update without an image",
    () => ["update", "--device", "024c4e540001"],
    { state: "error", reason: "say --image FILE, or --cancel to want none any more" },
  ],
  [
    "a build of nothing",
    () => ["build", "firmware/none"],
    { error: expect.stringMatching(/^firmware\/none does not/) },
  ],
  ["an inspection of no image", () => ["image", "inspect", join(folder, "a-file")], { error: expect.any(String) }],
];

test.each(AS_JSON)("with --json: %s", async (_name, args, expected) => {
  const { code, stdout, stderr } = await runLintel(...args(), "--json");
  expect(code).toBe(1);
  expect(stderr).toMatch(/^lintel: /);
  expect(JSON.parse(stdout)).toMatchObject(expected);
});

test("a program that does not compile: what the compiler says, with the place; nothing is written", async () => {
  const out = join(folder, "out.wasm");
  const { code, stderr } = await runLintel("build", join(folder, "broken"), "--out", out);
  expect(code).toBe(1);
  expect(stderr).toMatch(/TS2322|not assignable/);
  expect(stderr).toMatch(/main\.ts\(1,/);
  await expect(rm(out)).rejects.toThrow(/ENOENT/);
});

test("a module that is no device program: what it lacks; nothing is written", async () => {
  const out = join(folder, "out.wasm");
  const { code, stderr } = await runLintel("build", join(folder, "foreign"), "--out", out);
  expect(code).toBe(1);
  expect(stderr).toMatch(/does not export poll/);
  await expect(rm(out)).rejects.toThrow(/ENOENT/);
});
