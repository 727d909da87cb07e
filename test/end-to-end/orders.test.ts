/** Commands and configurations to a whole device: tried, kept or taken back, and answered. */
import { beforeEach, expect, test } from "vitest";
import { MemoryNetwork } from "../../runtime/board/memory-network.ts";
import { SeededRandom } from "../../runtime/board/random.ts";
import { VirtualTime } from "../../runtime/board/virtual-time.ts";
import { CommandKey, DesiredConfigKey, ResultCode, ResultKey } from "../../runtime/contract/command-messages.ts";
import { CONFIG_TRIAL_ATTEMPTS, CONFIG_TRIAL_MS, ConfigKey } from "../../runtime/contract/config-record.ts";
import { HelloKey } from "../../runtime/contract/messages.ts";
import { CHANNEL_COMMAND, CHANNEL_CONFIG } from "../../runtime/contract/topics.ts";
import { CounterFleet } from "../../tools/sim/counter-fleet.ts";
import { counterProgram } from "./counter-program.ts";
import { ScriptedServer } from "./scripted-server.ts";

const START_UNIX_MS = 1_735_689_600_000;
const SECOND_MS = 1000;
const MINUTE_MS = 60_000;

let time: VirtualTime;
let server: ScriptedServer;
let other: ScriptedServer;

beforeEach(async () => {
  time = new VirtualTime({ startUnixMs: START_UNIX_MS });
  const random = new SeededRandom(7);
  const network = new MemoryNetwork({ time, random: random.fork(1) });
  server = new ScriptedServer();
  other = new ScriptedServer();
  network.listen("server", 1883, server.accept);
  network.listen("other", 1884, other.accept);
  const fleet = new CounterFleet({
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
  await time.runFor(MINUTE_MS);
  expect(server.hellos).toHaveLength(1);
  return () => {
    expect(fleet.members[0]?.device.figures.crashes).toBe(0);
    fleet.stop();
  };
});

function desire(version: number, values: Array<[number, unknown]>): void {
  server.tell(
    CHANNEL_CONFIG,
    new Map<number, unknown>([
      [DesiredConfigKey.Version, version],
      [DesiredConfigKey.Values, new Map(values)],
    ]),
  );
}

function command(id: number, method: string): void {
  server.tell(
    CHANNEL_COMMAND,
    new Map<number, unknown>([
      [CommandKey.Id, id],
      [CommandKey.Method, method],
    ]),
  );
}

const codes = (from: ScriptedServer) => from.results.map((result) => result.get(ResultKey.Code));

test("another server: accepted, tried after a restart, done once that one has answered", async () => {
  desire(5, [
    [ConfigKey.ServerHost, "other"],
    [ConfigKey.ServerPort, 1884],
  ]);
  await time.runFor(MINUTE_MS);
  expect(codes(server)).toEqual([ResultCode.Accepted]);
  expect(other.hellos[0]?.get(HelloKey.ConfigVersion)).toBe(5);
  expect(codes(other)).toEqual([ResultCode.Done]);
  await time.runFor(5 * MINUTE_MS);
  expect(other.hellos).toHaveLength(1);
  expect(other.packs.length).toBeGreaterThan(3);
});

test("a server that is not there: tried three times, then the one before, which hears about it", async () => {
  desire(5, [[ConfigKey.ServerHost, "nobody"]]);
  await time.runFor(CONFIG_TRIAL_ATTEMPTS * CONFIG_TRIAL_MS - MINUTE_MS);
  expect(server.hellos).toHaveLength(1);
  await time.runFor(3 * MINUTE_MS);
  expect(server.hellos).toHaveLength(2);
  expect(server.hellos[1]?.has(HelloKey.ConfigVersion)).toBe(false);
  expect(codes(server)).toEqual([ResultCode.Accepted, ResultCode.RolledBack]);
  expect(server.results[1]?.get(ResultKey.ConfigVersion)).toBe(5);
  // The server still wants it.
  desire(5, [[ConfigKey.ServerHost, "nobody"]]);
  await time.runFor(MINUTE_MS);
  expect(codes(server).at(-1)).toBe(ResultCode.RolledBack);
  expect(server.hellos).toHaveLength(2);
  // What was counted meanwhile has come.
  expect(server.packs.at(-1)?.last).toBeGreaterThan(15);
});

test("a restart is done once, however often it is asked for", async () => {
  command(7, "restart");
  await time.runFor(MINUTE_MS);
  expect(codes(server)).toEqual([ResultCode.Accepted]);
  expect(server.hellos).toHaveLength(2);
  command(7, "restart");
  await time.runFor(MINUTE_MS);
  expect(codes(server)).toEqual([ResultCode.Accepted, ResultCode.Repeated]);
  expect(server.hellos).toHaveLength(2);
});

test("a report comes at once; a method that the counter does not have is unknown", async () => {
  const before = server.states;
  command(1, "report");
  command(2, "sing");
  await time.runFor(SECOND_MS);
  expect(codes(server)).toEqual([ResultCode.Done, ResultCode.Unknown]);
  expect(server.states).toBe(before + 1);
});
