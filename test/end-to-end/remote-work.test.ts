/** What people want of a board, by way of the API, the real server and the program on the board; and what comes back. */
import { afterEach, expect, test } from "vitest";
import { ENGINES, type Engine } from "../../tools/build/compile-program.ts";
import { DAY_MS, MINUTE_MS, RemoteWorld, SECOND_MS } from "./remote-world.ts";

const RELAY = 12;
const LED = 2;
/** The smallest graphs that have the form: the board of these tests refuses one that says it has a node. */
const GRAPH = Buffer.from("4c4750480100000000000c00", "hex");
const BAD_GRAPH = Buffer.from("4c4750480101000000000c00", "hex");

let world: RemoteWorld;

async function open(engine: Engine = "wasm"): Promise<void> {
  world = await RemoteWorld.open(engine);
  world.newLines();
}

afterEach(() => world.close());

test.each(ENGINES)(
  "%s: settings, commands and a graph reach the board, and their results come back",
  async (engine) => {
    await open(engine);
    await world.set({ level: 70, isOn: true });
    await world.time.runFor(MINUTE_MS);
    expect(await world.config()).toMatchObject({ state: "applied", reported: 1, version: 1 });
    expect(world.newLines()).toContain("level 70");

    expect(await world.done("calibrate", 40, 2)).toEqual(["done", 42]);
    expect(await world.done("calibrate", 1001)).toEqual(["failed", "refused"]);
    expect(await world.done("sing")).toEqual(["failed", "unknown"]);
    expect(await world.done("report")).toEqual(["done", null]);
    expect(await world.done("stream-now")).toEqual(["done", 0]);

    expect(await world.call("graph", "PUT", GRAPH)).toMatchObject({ body: { state: "sent" } });
    await world.time.runFor(MINUTE_MS);
    expect((await world.call("graph")).body).toMatchObject({ state: "applied", reported: 1 });
    expect(world.newLines()).toContain("graph bytes 12");
    await world.call("graph", "PUT", BAD_GRAPH);
    await world.time.runFor(MINUTE_MS);
    expect((await world.call("graph")).body).toMatchObject({ state: "refused", reason: "unreachable", reported: 1 });

    const restart = await world.command("restart");
    await world.time.runFor(MINUTE_MS);
    expect(await world.result(restart)).toMatchObject({ state: "done" });
    expect(world.newLines()).toEqual(expect.arrayContaining(["level 70", "graph bytes 12"]));
    expect(world.device.figures.crashes).toBe(0);
  },
);

test("pins: a level is told, an output is driven if it was declared, the LED blinks for so long", async () => {
  await open();
  const { pins } = world.board;
  pins.setInput(5, 1);
  expect(await world.done("read-pin", 5)).toEqual(["done", 1]);
  pins.setInput(5, 0);
  expect(await world.done("read-pin", 5)).toEqual(["done", 0]);
  expect(await world.done("read-pin", 77)).toEqual(["failed", "refused"]);
  for (const level of [1, 0, 1]) {
    expect(await world.done("set-output", RELAY, level)).toEqual(["done", level]);
    expect(pins.level(RELAY)).toBe(level);
  }
  for (const [pin, level] of [
    [5, 1],
    [LED, 1],
    [-1, 1],
    [99, 1],
    [RELAY, 2],
    [RELAY, -1],
  ] as const) {
    expect(await world.done("set-output", pin, level), `${pin} ${level}`).toEqual(["failed", "refused"]);
  }
  expect(await world.done("identify", 601)).toEqual(["failed", "refused"]);
  await world.command("identify", 3);
  const levels: number[] = [];
  for (let i = 0; i < 50; i++) {
    await world.time.runFor(100);
    levels.push(pins.level(LED) ?? -1);
  }
  // On for 250 ms twelve times half a second apart, sampled each 100 ms: off at the end.
  const changes = levels.filter((level, i) => i > 0 && level !== levels[i - 1]).length;
  expect(changes).toBeGreaterThanOrEqual(10);
  expect(changes).toBeLessThanOrEqual(12);
  expect(levels.slice(35)).toEqual(levels.slice(35).map(() => 1));
});

test("what the server lets pass and the board does not know is refused there, before it is written", async () => {
  await open();
  for (const [settings, setting] of [
    [{ level: 101 }, "level"],
    [{ level: null, colour: "red" }, "colour"],
  ] as const) {
    await world.set(settings);
    await world.time.runFor(MINUTE_MS);
    expect(await world.config()).toMatchObject({ state: "refused", reason: "product", setting, reported: null });
  }
  expect(world.newLines()).toEqual([]);
  await world.set({ colour: null, level: 9 });
  await world.time.runFor(MINUTE_MS);
  expect(await world.config()).toMatchObject({ state: "applied", version: 3 });
});

test("a board that is away for days hears of everything when it is back, also from another server process", async () => {
  await open();
  world.device.powerCut();
  // Of a board without power the server hears nothing: to that process it is still connected.
  await world.server.stop();
  await world.startServer();
  await world.set({ level: 1 });
  await world.set({ level: 2 });
  await world.call("graph", "PUT", GRAPH);
  const kept = await world.command("calibrate", 7);
  const late = await world.command("calibrate", 8, undefined, 3600);
  await world.time.runFor(3 * DAY_MS);
  await world.server.stop();
  await world.startServer();
  await world.time.runFor(2 * DAY_MS);
  expect(await world.config()).toMatchObject({ state: "pending", version: 2 });
  world.newLines();
  world.device.powerOn();
  await world.time.runFor(3 * MINUTE_MS);
  expect(await world.config()).toMatchObject({ state: "applied", reported: 2, settings: { level: 2 } });
  expect((await world.call("graph")).body).toMatchObject({ state: "applied" });
  expect(await world.result(kept)).toMatchObject({ state: "done", value: 7 });
  expect(await world.result(late)).toMatchObject({ state: "expired", sent: null });
  const lines = world.newLines();
  expect(lines).not.toContain("level 1");
  expect(lines.filter((line) => line.startsWith("calibrated"))).toEqual(["calibrated 7"]);
});

test("a configuration that cuts the board off is taken back, and the server hears of it", async () => {
  await open();
  await world.call("config", "PATCH", { connection: { serverHost: "nobody" }, settings: { level: 3 } });
  await world.time.runFor(30 * MINUTE_MS);
  expect(await world.config()).toMatchObject({ state: "rolled-back", reported: null });
  expect(world.newLines().at(-1)).not.toBe("level 3");
  await world.call("config", "PUT", { settings: { level: 4 } });
  await world.time.runFor(MINUTE_MS);
  expect(await world.config()).toMatchObject({ state: "applied", version: 2 });
});

test("commands run at most once while power comes and goes, and each has its end", async () => {
  await open();
  const random = world.random.fork(3);
  const below = (most: number) => Math.floor(random.fraction() * most);
  const ids: number[] = [];
  for (let argument = 0; argument < 25; argument++) {
    ids.push(await world.command("calibrate", argument));
    await world.time.runFor(below(40));
    if (world.device.isPowered && below(2) === 0) {
      world.device.powerCut();
      world.time.at(below(5) * SECOND_MS + 500, () => world.device.powerOn());
    }
    await world.time.runFor(below(20) * SECOND_MS);
  }
  await world.time.runFor(30 * MINUTE_MS);
  const ran = world.newLines().filter((line) => line.startsWith("calibrated"));
  expect(new Set(ran).size).toBe(ran.length);
  const results = await Promise.all(ids.map((id) => world.result(id)));
  for (const [argument, { state, value, reason }] of results.entries()) {
    const hasRun = ran.includes(`calibrated ${argument}`);
    expect([argument, state, reason, value]).toEqual(
      state === "done" && hasRun ? [argument, "done", null, argument] : [argument, "failed", "result-lost", null],
    );
  }
  expect(results.filter(({ state }) => state === "done").length).toBeGreaterThan(10);
});

test("the log of a board comes while it was asked for, with what was lost, and readings go on", async () => {
  await open();
  const view = await fetch(world.url("log"));
  expect(view.headers.get("content-type")).toMatch(/^text\/event-stream/);
  const seen: Array<{ level: number; text: string; lost: number }> = [];
  const reading = (async () => {
    const decoder = new TextDecoder();
    let rest = "";
    for await (const chunk of view.body as unknown as AsyncIterable<Uint8Array>) {
      const events = (rest + decoder.decode(chunk, { stream: true })).split("\n\n");
      rest = events.pop() ?? "";
      for (const event of events) {
        const [, data] = /^event: line\ndata: (.*)$/s.exec(event) ?? [];
        if (data !== undefined) seen.push(JSON.parse(data));
      }
    }
  })();
  await world.done("calibrate", 1);
  expect(await world.done("log-level", 3, 60)).toEqual(["done", 60]);
  expect(await world.done("calibrate", 2)).toEqual(["done", 2]);
  expect(await world.done("chatter", 20)).toEqual(["done", 20]);
  await world.done("calibrate", 3);
  expect(await world.done("log-level", 4)).toEqual(["failed", "refused"]);
  await world.time.runFor(MINUTE_MS);
  await world.done("calibrate", 4);
  await world.server.idle();
  await expect.poll(() => seen.map(({ text }) => text)).toContain("calibrated 3");
  const texts = seen.map(({ text }) => text);
  expect(texts[0]).toBe("calibrated 2");
  // Of twenty lines in one go the board keeps four; what follows says how many are missing.
  expect(texts.filter((text) => text.startsWith("line"))).toEqual([0, 1, 2, 3].map((i) => `line \u001b[31m ${i}`));
  expect(seen.reduce((sum, { lost }) => sum + lost, 0)).toBe(16);
  expect(texts).not.toContain("calibrated 1");
  expect(texts).not.toContain("calibrated 4");
  await world.server.stop();
  await reading;
  await world.startServer();
});
