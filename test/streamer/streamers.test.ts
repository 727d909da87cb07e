/**
 * Streamers, outputs and faults on a whole device with the real server: what is held, what goes and when, what is signed, what a
 * sensor that fails costs, and what a graph that comes or goes changes.
 */
import { createHmac } from "node:crypto";
import { afterEach, describe, expect, test } from "vitest";
import { Dht22 } from "../../runtime/board/sensors/dht22.ts";
import { Ds18b20 } from "../../runtime/board/sensors/ds18b20.ts";
import { ResetReason } from "../../runtime/contract/host-abi.ts";
import { GRAPH_STORED_MAX } from "../../runtime/contract/limits.ts";
import { SENML_SIGNATURE_BYTES } from "../../runtime/contract/senml.ts";
import { SensorStatus } from "../../runtime/contract/sensor-reading.ts";
import { decodePack } from "../../server/ingest/senml-pack.ts";
import { callDevices } from "../../server/testing/test-orders.ts";
import { ENGINES, type Engine } from "../../tools/build/compile-program.ts";
import { CONNECT_MS, compiled, StreamerWorld } from "./streamer-world.ts";

const TIMEOUT_MS = 300_000;
const SECOND_MS = 1000;
const MINUTE_MS = 60_000;

const UPTIME = "call 0x8000 on controller";

describe.each(ENGINES)("%s", { timeout: TIMEOUT_MS }, (engine) => {
  let open: StreamerWorld | undefined;

  afterEach(async () => {
    const figures = open?.device.figures;
    await open?.close();
    open = undefined;
    expect(figures).toMatchObject({ crashes: 0, watchdogResets: 0, allocationsAfterStart: 0 });
  });

  async function start(source: string, prepare?: (world: StreamerWorld) => void, secret = ""): Promise<StreamerWorld> {
    open = await StreamerWorld.open(engine as Engine, secret);
    prepare?.(open);
    expect(await open.put(compiled(source))).toMatchObject({ state: "applied", reason: null });
    return open;
  }

  const untilS = (world: StreamerWorld, atS: number) => world.time.run(world.beganMs + atS * SECOND_MS);
  const seconds = async (world: StreamerWorld, stream: string) => (await world.told(stream)).map(([, value]) => value);

  test("readings of a manual streamer wait until it is triggered", async () => {
    const world = await start(`
      every 1 minute { ${UPTIME} => output 1; }
      every 10 minutes { trigger streamer 0; }
      manual streamer on output 1;
    `);
    await untilS(world, 9 * 60 + 50);
    expect(await seconds(world, "5001")).toEqual([]);
    await untilS(world, 10 * 60 + 5);
    expect(await seconds(world, "5001")).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((minute) => minute * 60));
    await untilS(world, 19 * 60 + 50);
    expect(await seconds(world, "5001")).toHaveLength(10);
  });

  test("or until a later reading takes them along; one manual streamer does not let go another's that came later", async () => {
    const world = await start(`
      every 1 minute { ${UPTIME} => output 1; }
      every 2 minutes { ${UPTIME} => output 2; }
      every 5 minutes { trigger streamer 1; }
      every 9 minutes { ${UPTIME} => output 3; }
      manual streamer on output 1;
      manual streamer on output 2;
      streamer on output 3;
    `);
    await untilS(world, 5 * 60 + 5);
    // Output 2 of minute 4 is behind the first three of output 1, and before that of minute 5.
    expect(await seconds(world, "5002")).toEqual([120, 240]);
    expect((await seconds(world, "5001")).slice(0, 3)).toEqual([60, 120, 180]);
    expect((await seconds(world, "5001")).includes(300)).toBe(false);
    await untilS(world, 9 * 60 + 5);
    expect(await seconds(world, "5003")).toEqual([540]);
    expect(await seconds(world, "5001")).toContain(480);
    expect(await seconds(world, "5002")).toEqual([120, 240, 360, 480]);
  });

  test("stream-now lets everything go that waits, and tells how much; what comes later waits again", async () => {
    const world = await start(`
      every 1 minute { ${UPTIME} => output 1; ${UPTIME} => output 2; }
      every 10 minutes { trigger streamer 0; }
      manual streamer on output 1;
      streamer on output 2 with streamer 0;
    `);
    await untilS(world, 3 * 60 + 5);
    expect(await seconds(world, "5001")).toEqual([]);
    expect(await world.command("stream-now")).toMatchObject({ state: "done", value: 6 });
    expect(await seconds(world, "5001")).toEqual([60, 120, 180]);
    expect(await seconds(world, "5002")).toEqual([60, 120, 180]);
    await untilS(world, 9 * 60 + 50);
    expect(await seconds(world, "5001")).toHaveLength(3);
    await untilS(world, 10 * 60 + 5);
    expect(await seconds(world, "5001")).toHaveLength(10);
  });

  test("a trigger after a reading that goes at once does not hold that one back", async () => {
    const world = await start(`
      every 1 minute { ${UPTIME} => output 1; }
      every 10 minutes { ${UPTIME} => output 2; trigger streamer 0; }
      manual streamer on output 1;
      streamer on output 2;
    `);
    await untilS(world, 10 * 60 + 5);
    expect(await seconds(world, "5002")).toEqual([600]);
  });

  test("with a streamer: both go when it is triggered", async () => {
    const world = await start(`
      every 1 minute { ${UPTIME} => output 1; ${UPTIME} => output 2; }
      every 3 minutes { trigger streamer 0; }
      manual streamer on output 1;
      streamer on output 2 with streamer 0;
    `);
    await untilS(world, 175);
    expect(await seconds(world, "5002")).toEqual([]);
    await untilS(world, 185);
    expect(await seconds(world, "5001")).toEqual([60, 120, 180]);
    expect(await seconds(world, "5002")).toEqual([60, 120, 180]);
  });

  test("power goes away: what waited is there, and goes with the next start", async () => {
    const world = await start(`
      every 1 minute { ${UPTIME} => output 1; }
      manual streamer on output 1;
    `);
    await untilS(world, 7 * 60 + 30);
    expect(await seconds(world, "5001")).toEqual([]);
    world.device.powerCut();
    world.device.powerOn();
    await world.time.runFor(CONNECT_MS);
    const values = (await world.readings("5001")).map(({ value }) => value);
    expect(values).toEqual([60, 120, 180, 240, 300, 360, 420]);
    expect((await world.readings("5c00")).at(-1)?.value).toBe(ResetReason.PowerOn);
    // The graph runs on, from its beginning.
    await world.time.runFor(2 * MINUTE_MS);
    expect(await world.readings("5001")).toHaveLength(7);
  });

  test("queued and held are what the controller says they are", async () => {
    const world = await start(`
      every 1 minute { ${UPTIME} => output 1; }
      every 10 minutes { call 0x8004 on controller => output 2; call 0x8003 on controller => output 3; }
      manual streamer on output 1;
      streamer on output 2;
      streamer on output 3;
    `);
    await untilS(world, 10 * 60 + 5);
    // The call comes before the tenth minute's own reading, or after it: ten at most wait.
    const [held = 0] = await seconds(world, "5002");
    expect(held).toBeGreaterThanOrEqual(9);
    expect(held).toBeLessThanOrEqual(10);
    expect((await seconds(world, "5003"))[0]).toBeGreaterThanOrEqual(held);
  });

  test("a graph that makes readings without end: so many are kept, the rest is told, and the next graph comes through", async () => {
    const world = await start(`
      every 1 minute { ${UPTIME} => output 1; }
      on output 1 { copy all output 1 => output 1; copy all output 1 => output 1; }
      streamer on output 1;
    `);
    await untilS(world, 110);
    const kept = await seconds(world, "5001");
    expect(kept).toHaveLength(GRAPH_STORED_MAX);
    expect(new Set(kept)).toEqual(new Set([60]));
    expect(world.said("too many readings at once, left out ")).toHaveLength(1);
    expect(world.device.figures.slowPolls).toBe(0);
    await world.put(compiled(`every 1 minute { ${UPTIME} => output 2; } streamer on output 2;`));
    await untilS(world, 65);
    expect(await seconds(world, "5002")).toEqual([60]);
  });

  test("an output: off at first, then as the graph says", async () => {
    const levels: [atS: number, level: number][] = [];
    const world = await start(
      `
      config slot 1 { set 0x8000 to 3 as uint8_t; set 0x8001 to 5 as uint8_t; set 0x8003 to 1 as uint8_t; }
      config slot 2 { set 0x8000 to 3 as uint8_t; set 0x8001 to 4 as uint8_t; }
      every 1 minute { call 0x8012 on slot 1 => output 1; }
      every 2 minutes { call 0x8011 on slot 2 => output 2; }
      every 3 minutes { call 0x8010 on slot 2 => output 2; call 0x8000 on slot 2 => output 3; }
      streamer on all outputs;
    `,
      ({ board, time }) =>
        board.pins.onOutput((pin, level) => {
          if (pin === 5) levels.push([Math.round(time.nowMs() / SECOND_MS), level]);
        }),
    );
    expect(world.board.pins.read(5)).toBe(0);
    // Active low.
    expect(world.board.pins.read(4)).toBe(1);
    await untilS(world, 125);
    expect(world.board.pins.read(4)).toBe(0);
    await untilS(world, 245);
    expect(await seconds(world, "5001")).toEqual([1, 0, 1, 0]);
    expect(await seconds(world, "5002")).toEqual([1, 0, 1]);
    expect(await seconds(world, "5003")).toEqual([0]);
    expect(levels.map(([, level]) => level).slice(-4)).toEqual([1, 0, 1, 0]);
  });

  test("a sensor that fails gives no reading, and its status; then it is good again", async () => {
    const thermometer = new Ds18b20(0x77);
    const dht22 = new Dht22();
    const world = await start(
      `
      config slot 1 { set 0x8000 to 5 as uint8_t; set 0x8001 to 12 as uint8_t; set 0x8002 to 10 as uint8_t; set 0x8010 to 50 as uint16_t; }
      config slot 2 { set 0x8000 to 6 as uint8_t; set 0x8001 to 13 as uint8_t; set 0x8002 to 10 as uint8_t; }
      every 1 minute {
        call 0x8000 on slot 1 => output 1;
        call 0x8003 on slot 1 => output 2;
        call 0x8001 on slot 2 => output 3;
      }
      on input 50 { copy count => counter 5; }
      every 1 minute { copy count counter 5 => output 4; }
      streamer on all outputs;
    `,
      ({ board }) => {
        board.wires.attach(12, thermometer);
        board.wires.attach(13, dht22);
        thermometer.temperatureC = -7.5;
        dht22.humidityPercent = 41.5;
      },
    );
    await untilS(world, 65);
    thermometer.isPresent = false;
    dht22.hasBadChecksum = true;
    await untilS(world, 185);
    Object.assign(thermometer, { isPresent: true, hasBadCrc: true });
    await untilS(world, 245);
    thermometer.hasBadCrc = false;
    dht22.hasBadChecksum = false;
    await untilS(world, 305);
    const minutes = (await world.told("5001")).map(([atS, value]) => [Math.round(atS / 60), value]);
    expect(minutes).toEqual([
      [1, -7500],
      [5, -7500],
    ]);
    const { Good, NoAnswer, BadCrc } = SensorStatus;
    expect(await seconds(world, "5002")).toEqual([Good, NoAnswer, NoAnswer, BadCrc, Good]);
    expect(await seconds(world, "5003")).toEqual([41_500, 41_500]);
    // Of those at 0, 10, 20 ... seconds: the one at 60 was the last good one, the one at 250 the first.
    expect(await seconds(world, "5004")).toEqual([6, 1, 0, 0, 5]);
  });

  test("signed streamers: the pack is signed with the device's secret, and the server says so", async () => {
    const secret = "bürgerlich & geheim";
    const packs: Uint8Array[] = [];
    const world = await start(
      `
      every 1 minute { ${UPTIME} => output 1; ${UPTIME} => output 2; }
      every 30 minutes { trigger streamer 0; }
      manual signed streamer on output 1;
      manual streamer on output 2;
    `,
      (board) => board.packsSent((pack) => packs.push(pack)),
      secret,
    );
    await untilS(world, 30 * 60 + 10);
    // 59 or 60 readings wait, more than fit one pack.
    expect((await seconds(world, "5001")).length).toBe(30);
    const decoded = packs.map((pack) => decodePack(pack, 0));
    const signed = decoded.map((pack) => typeof pack !== "string" && pack.signature !== null);
    expect(signed.filter(Boolean).length).toBeGreaterThanOrEqual(3);
    packs.forEach((pack, index) => {
      const end = pack.length - SENML_SIGNATURE_BYTES;
      const hmac = createHmac("sha256", Buffer.from(secret, "utf8")).update(pack.subarray(0, end)).digest();
      expect(Buffer.compare(hmac, pack.subarray(end)) === 0, `pack ${index}`).toBe(signed[index]);
    });
    const list = async () => (await callDevices(world.server, `${world.mac}/signatures`)).body.items;
    expect(await list()).toMatchObject([{ verdict: "unchecked" }]);
    await callDevices(world.server, `${world.mac}/config`, "PATCH", { connection: { secret } });
    await world.time.runFor(2 * CONNECT_MS);
    // Another start: the graph begins again.
    await untilS(world, 30 * 60 + 10);
    expect(await list()).toMatchObject([{ verdict: "unchecked" }, { verdict: "verified" }]);
  });

  test("a graph in place of another; none; and none to begin with", async () => {
    const world = await start(`every 1 minute { ${UPTIME} => output 1; } streamer on output 1;`);
    expect(world.said("no graph")).toHaveLength(1);
    await untilS(world, 125);
    expect(await seconds(world, "5001")).toEqual([60, 120]);
    const other = compiled(`every 1 minute { ${UPTIME} => output 2; } streamer on output 2;`);
    expect(await world.put(other)).toMatchObject({ state: "applied", version: 2, reported: 2 });
    await untilS(world, 125);
    expect(await world.readings("5001")).toHaveLength(2);
    expect(await seconds(world, "5002")).toEqual([60, 120]);
    expect(await world.put(new Uint8Array(0))).toMatchObject({ state: "applied", version: 3 });
    expect(world.said("no graph")).toHaveLength(2);
    await world.time.runFor(5 * MINUTE_MS);
    expect(await world.readings("5002")).toHaveLength(2);
  });

  test("without a network for hours, everything arrives afterwards with its time", async () => {
    const world = await start(`every 10 minutes { ${UPTIME} => output 1; } streamer on output 1;`);
    world.network.cut("reset");
    await untilS(world, 6 * 3600 + 5);
    world.network.restore();
    await world.time.runFor(2 * MINUTE_MS);
    const told = await world.told("5001");
    // The board has told the time since before the network went away; its clock and the server's are of whole seconds.
    for (const [atS, value] of told) expect(Math.abs(atS - value)).toBeLessThanOrEqual(2);
    expect(told.map(([, value]) => value)).toEqual(Array.from({ length: 36 }, (_, index) => (index + 1) * 600));
  });
});
