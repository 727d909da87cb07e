/** What the board and its server are in the middle of when power goes away. */

import { ResultCode } from "../../runtime/contract/command-messages.ts";
import { ConfigKey } from "../../runtime/contract/config-record.ts";
import { FLASH_QUEUE_OFFSET, FLASH_REGION_BYTES, FLASH_SECTOR_BYTES, Slot } from "../../runtime/contract/flash-map.ts";
import { NetStatus } from "../../runtime/contract/host-abi.ts";
import { UpdateFailure, UpdateState } from "../../runtime/contract/update-messages.ts";
import type { ServerState, Shelf } from "./model-server.ts";
import type { Programs } from "./programs.ts";
import type { Life, Surroundings, World } from "./world.ts";

export interface Scenario {
  name: string;
  /** What the server is asked for, before the board is powered. */
  begin: (server: ServerState, programs: Programs) => void;
  /** Reached: what was begun is finished. The readings committed until then are waited for by whoever runs it. */
  isReached: (life: Life, programs: Programs) => boolean;
  surroundings?: (world: World) => Surroundings;
  /** The shelf of this scenario's server. */
  shelf?: (programs: Programs) => Shelf;
  /** Sectors of the queue, where a small one is wanted. */
  queueSectors?: number;
  /** Begins with a board that was never powered; else with one that has spoken with its server before. */
  isFresh?: boolean;
  /** The queue may have to drop readings. */
  mayDrop?: boolean;
  /** The server's process is killed too, at each of its steps in turn. */
  killsServer?: boolean;
  limitMs?: number;
  /** Begins in the middle of another scenario. */
  from?: { name: string; until: (life: Life) => boolean };
}

/** Failed and given up three times, five minutes each, with waits. */
const LIMIT_MS = 45 * 60_000;
/** Readings of a scenario that is about nothing else. */
const SOME_READINGS = 12;
const OFFLINE_MS = 1_700_000;

export function limitMsOf(scenario: Scenario): number {
  return scenario.limitMs ?? LIMIT_MS;
}

export function regionBytesOf({ queueSectors }: Scenario): number {
  return queueSectors === undefined ? FLASH_REGION_BYTES : FLASH_QUEUE_OFFSET + queueSectors * FLASH_SECTOR_BYTES;
}

const withoutPatches = ({ shelf }: Programs): Shelf => ({ ...shelf, patches: new Map() });

const updateTo =
  (name: "second" | "crash" | "hang" | "damaged") =>
  (server: ServerState, { ids }: Programs) => {
    server.desired = ids[name];
  };

const runsConfirmed =
  (name: "first" | "second") =>
  ({ server }: Life, { ids }: Programs) =>
    server.running?.image === ids[name] && !server.running.isTrial;

const hasReported = (life: Life, image: string, state: UpdateState) =>
  life.server.reports.some((report) => report.image === image && report.state === state);

/** Told by a report, or, when that was lost, by the next hello. */
const isUpdated = (life: Life, programs: Programs) =>
  life.server.running?.image === programs.ids.second &&
  life.board.slot !== Slot.Boot &&
  (!life.server.running.isTrial || hasReported(life, programs.ids.second, UpdateState.Confirmed));

const isRolledBack = (name: "second" | "crash" | "hang") => (life: Life, programs: Programs) =>
  runsConfirmed("first")(life, programs) && hasReported(life, programs.ids[name], UpdateState.RolledBack);

const hasReadings = ({ taken }: Life) => taken.length >= SOME_READINGS;

export const SCENARIOS: readonly Scenario[] = [
  {
    name: "first-boot",
    begin: () => {},
    isFresh: true,
    isReached: (life, programs) => runsConfirmed("first")(life, programs) && hasReadings(life),
  },
  { name: "update", begin: updateTo("second"), shelf: withoutPatches, isReached: isUpdated },
  { name: "delta-update", begin: updateTo("second"), isReached: isUpdated },
  {
    name: "bad-image",
    begin: updateTo("damaged"),
    shelf: withoutPatches,
    isReached: (life, programs) =>
      runsConfirmed("first")(life, programs) &&
      life.server.reports.some(({ state, failure }) => {
        return state === UpdateState.Failed && failure === UpdateFailure.BadDigest;
      }),
  },
  {
    name: "rollback-crash",
    begin: updateTo("crash"),
    shelf: withoutPatches,
    isReached: isRolledBack("crash"),
  },
  {
    name: "confirm",
    begin: updateTo("second"),
    shelf: withoutPatches,
    from: {
      name: "update",
      until: ({ server }) => server.reports.some(({ state }) => state === UpdateState.Restarting),
    },
    isReached: isUpdated,
  },
  { name: "rollback-hang", begin: updateTo("hang"), shelf: withoutPatches, isReached: isRolledBack("hang") },
  {
    name: "rollback-no-network",
    begin: updateTo("second"),
    shelf: withoutPatches,
    surroundings: () => ({ joinResult: (_ssid, slot) => (slot === Slot.B ? NetStatus.NotFound : NetStatus.Up) }),
    isReached: isRolledBack("second"),
  },
  {
    name: "rollback-wrong-credentials",
    begin: updateTo("second"),
    shelf: withoutPatches,
    surroundings: () => ({ accepts: (slot) => slot !== Slot.B }),
    isReached: isRolledBack("second"),
  },
  {
    name: "queue-wrap",
    begin: () => {},
    queueSectors: 3,
    mayDrop: true,
    surroundings: ({ unixMs }) => ({ isServerUp: (nowMs) => nowMs > unixMs + OFFLINE_MS }),
    isReached: ({ server }) => server.gaps.length > 0,
    limitMs: 4 * LIMIT_MS,
  },
  {
    name: "config-change",
    begin: (server) => {
      server.config = { version: 1, values: new Map([[ConfigKey.Ssid, "new shop"]]) };
    },
    isReached: ({ server }) => server.running?.configVersion === 1 && server.configResults.includes(ResultCode.Done),
  },
  {
    name: "config-change-wrong",
    begin: (server) => {
      server.config = { version: 1, values: new Map([[ConfigKey.Ssid, "no such shop"]]) };
    },
    surroundings: () => ({ joinResult: (ssid) => (ssid === "shop" ? NetStatus.Up : NetStatus.NotFound) }),
    isReached: ({ server }) =>
      server.running?.configVersion === undefined && server.configResults.includes(ResultCode.RolledBack),
  },
  {
    name: "acknowledge",
    begin: () => {},
    killsServer: true,
    isReached: (life) => hasReadings(life),
  },
  {
    name: "command",
    begin: (server) => {
      server.command = { id: 1, method: "restart" };
    },
    isReached: ({ server }) => server.commandResults.length > 0,
  },
];

export function scenarioOf(name: string): Scenario {
  const scenario = SCENARIOS.find((candidate) => candidate.name === name);
  if (scenario === undefined) throw new Error(`there is no scenario ${name}`);
  return scenario;
}
