/**
 * The device's session against a server that answers wrongly, late or not at all. Times are those of
 * runtime/contract/limits.ts, in virtual time.
 */
import { beforeEach, describe, expect, test } from "vitest";
import { MemoryNetwork } from "../../runtime/board/memory-network.ts";
import { SeededRandom } from "../../runtime/board/random.ts";
import { VirtualTime } from "../../runtime/board/virtual-time.ts";
import {
  ACK_TIMEOUT_MS,
  PACK_SEND_READINGS,
  PAYLOAD_DOWN_MAX_BYTES,
  RECONNECT_MAX_MS,
  RESEND_MAX,
} from "../../runtime/contract/limits.ts";
import { HelloKey } from "../../runtime/contract/messages.ts";
import { SenmlLabel } from "../../runtime/contract/senml.ts";
import { CounterFleet } from "../../tools/sim/counter-fleet.ts";
import { counterProgram } from "./counter-program.ts";
import { ScriptedServer } from "./scripted-server.ts";

const START_UNIX_MS = 1_735_689_600_000;
const SECOND_MS = 1000;
const MINUTE_MS = 60_000;

let time: VirtualTime;
let server: ScriptedServer;
let network: MemoryNetwork;
let fleet: CounterFleet;

beforeEach(async () => {
  time = new VirtualTime({ startUnixMs: START_UNIX_MS });
  const random = new SeededRandom(7);
  network = new MemoryNetwork({ time, random: random.fork(1) });
  server = new ScriptedServer();
  network.listen("server", 1883, server.accept);
  fleet = new CounterFleet({
    time,
    random,
    program: await counterProgram(),
    devices: 1,
    network: () => network.station(),
    server: { host: "server", port: 1883 },
    periodS: 60,
    meanIntervalMs: 20_000,
    engine: { onAllocation: "error" },
  });
  fleet.start();
  return () => fleet.stop();
});

const crashes = () => fleet.members[0]?.device.figures.crashes;

test("a hello names the oldest reading held, and packs begin there", async () => {
  await time.runFor(10 * SECOND_MS);
  expect(server.hellos).toHaveLength(1);
  expect(server.hellos[0]?.get(HelloKey.Oldest)).toBe(1);
  expect(server.packs[0]).toMatchObject({ first: 1, oldest: 1 });
});

test("no answer to hello: the device gives up the connection and tries another", async () => {
  server.answerHello = () => null;
  await time.runFor(ACK_TIMEOUT_MS + 10 * SECOND_MS);
  expect(server.connections).toBe(2);
  expect(server.packs).toEqual([]);
});

test("a refused connection and a refused subscription lead to longer and longer waits", async () => {
  server.connackCode = 5;
  await time.runFor(10 * MINUTE_MS);
  // Doubling from one second to one minute, each between half and all of it.
  expect(server.connections).toBeGreaterThan(10);
  expect(server.connections).toBeLessThan(28);
  server.connackCode = 0;
  server.granted = 0x80;
  const before = server.connections;
  await time.runFor(3 * RECONNECT_MAX_MS);
  expect(server.connections).toBeGreaterThan(before + 1);
  expect(server.packs).toEqual([]);
  server.granted = 0;
  await time.runFor(RECONNECT_MAX_MS + 10 * SECOND_MS);
  expect(server.packs.length).toBeGreaterThan(0);
});

test("a server that refuses all subscriptions but that to ack is an older one, and good enough for readings", async () => {
  server.grantedOthers = 0x80;
  await time.runFor(3 * MINUTE_MS);
  expect(server.connections).toBe(1);
  expect(server.packs.length).toBeGreaterThan(2);
});

test("no acknowledgement: the same pack again, then another connection; nothing is forgotten", async () => {
  server.answerPack = () => null;
  await time.runFor((RESEND_MAX + 1) * (ACK_TIMEOUT_MS + SECOND_MS) + 5 * SECOND_MS);
  expect(new Set(server.packs.map(({ first }) => first))).toEqual(new Set([1]));
  expect(server.packs.length).toBeGreaterThan(RESEND_MAX);
  await time.runFor(30 * SECOND_MS);
  expect(server.connections).toBe(2);
  expect(server.hellos[1]?.get(HelloKey.Oldest)).toBe(1);
});

test("an acknowledgement below what was sent: the rest comes again from there", async () => {
  // The device counts for a while without a server, so that a pack holds several readings.
  network.cut("reset");
  await time.runFor(10 * MINUTE_MS);
  network.restore();
  server.answerPack = ({ epoch, first }) => ({ epoch, sequence: first + 1 });
  await time.runFor(3 * MINUTE_MS);
  const starts = server.packs.map(({ first }) => first);
  expect(starts.slice(0, 4)).toEqual([1, 3, 5, 7]);
});

test("an acknowledgement of another epoch, or of readings never sent, moves nothing", async () => {
  const wrong = [
    (epoch: number, last: number) => ({ epoch: epoch ^ 1, sequence: last }),
    (epoch: number, last: number) => ({ epoch, sequence: last + 1000 }),
  ];
  server.answerPack = ({ epoch, last }) => wrong[server.packs.length % 2]?.(epoch, last) ?? null;
  await time.runFor(2 * ACK_TIMEOUT_MS);
  expect(server.packs.every(({ first }) => first === 1)).toBe(true);
  expect(crashes()).toBe(0);
});

test("a server that is ahead of the epoch: the readings come again under another epoch, none is forgotten", async () => {
  let mistaken = true;
  server.answerHello = (epoch, oldest) => {
    const sequence = mistaken ? 0xffffffff : oldest - 1;
    mistaken = false;
    return { epoch, sequence };
  };
  await time.runFor(MINUTE_MS);
  const [first, second] = server.hellos.map((hello) => hello.get(HelloKey.Epoch));
  expect(server.hellos).toHaveLength(2);
  expect(second).not.toBe(first);
  expect(server.packs[0]).toMatchObject({ epoch: second, first: 1, oldest: 1 });
});

test("a server whose clock was never set does not set ours", async () => {
  server.answerHello = (epoch, oldest) => ({ epoch, sequence: oldest - 1, unixS: 5 });
  server.answerPack = ({ epoch, last }) => ({ epoch, sequence: last, unixS: 6 });
  await time.runFor(10 * MINUTE_MS);
  const counts = server.packs.flatMap(({ records }) => records).filter((r) => r.get(SenmlLabel.Name) === "5001");
  expect(counts.length).toBeGreaterThan(7);
  expect(counts.length).toBeLessThan(11);
  expect(server.packs.every(({ records }) => records[0]?.get(SenmlLabel.BaseTime) === undefined)).toBe(true);
});

test("an acknowledgement from the past is harmless", async () => {
  await time.runFor(5 * MINUTE_MS);
  const epoch = server.packs[0]?.epoch ?? 0;
  server.send({ epoch, sequence: 1 });
  server.send({ epoch, sequence: 0 });
  await time.runFor(5 * MINUTE_MS);
  let next = 1;
  for (const { first, last } of server.packs) {
    expect(first).toBe(next);
    next = last + 1;
  }
});

test("a backlog goes out in full packs, oldest first", async () => {
  network.cut("reset");
  await time.runFor(90 * MINUTE_MS);
  network.restore();
  await time.runFor(2 * MINUTE_MS);
  expect(server.packs[0]?.records).toHaveLength(PACK_SEND_READINGS);
  expect(server.packs.slice(0, 3).map(({ first }) => first)).toEqual([1, 21, 41]);
});

test("a named delay spreads the return", async () => {
  await time.runFor(10 * SECOND_MS);
  const epoch = server.packs[0]?.epoch ?? 0;
  const returns: number[] = [];
  for (let round = 0; round < 20; round++) {
    server.send({ epoch, sequence: 0, reconnectDelayMs: 30_000 });
    await time.runFor(SECOND_MS);
    const before = server.connections;
    const droppedMs = time.nowMs();
    server.drop();
    while (server.connections === before) await time.runFor(100);
    returns.push(time.nowMs() - droppedMs);
    await time.runFor(10 * SECOND_MS);
  }
  expect(Math.max(...returns)).toBeGreaterThan(15_000);
  expect(Math.max(...returns)).toBeLessThan(32_000);
  expect(Math.min(...returns)).toBeLessThan(8000);
});

describe("messages that are not acknowledgements", () => {
  test("too long, malformed or of another topic: dropped, and the connection stays", async () => {
    await time.runFor(10 * SECOND_MS);
    server.publish(Buffer.alloc(PAYLOAD_DOWN_MAX_BYTES * 4, 0x61));
    server.publish(Buffer.from([0xff, 0x00]));
    server.publish(Buffer.from("x"), "some/other/topic");
    await time.runFor(3 * MINUTE_MS);
    expect(server.connections).toBe(1);
    expect(server.packs.length).toBeGreaterThan(2);
    expect(crashes()).toBe(0);
  });
});

test("an idle connection is kept alive by pings", async () => {
  await time.runFor(10 * MINUTE_MS);
  expect(server.pings).toBeGreaterThan(5);
  expect(server.connections).toBe(1);
});

test("readings from before the clock was known are stamped right once it is", async () => {
  network.cut("reset");
  await time.runFor(5 * MINUTE_MS);
  network.restore();
  server.answerHello = (epoch, oldest) => ({ epoch, sequence: oldest - 1, unixS: Math.floor(time.unixMs() / 1000) });
  await time.runFor(2 * MINUTE_MS);
  const [pack] = server.packs;
  const base = Number(pack?.records[0]?.get(SenmlLabel.BaseTime));
  // The first reading is the start itself, within the half second in which the boards are switched on.
  expect(Math.abs(base - START_UNIX_MS / 1000)).toBeLessThanOrEqual(2);
  const minutes = pack?.records
    .filter((record) => record.get(SenmlLabel.Name) === "5001")
    .map((record) => Number(record.get(SenmlLabel.Time)));
  expect(minutes?.slice(0, 3)).toEqual([60, 120, 180]);
});
