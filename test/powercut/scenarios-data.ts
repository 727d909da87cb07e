/** Scenarios of readings, configurations and commands. */

import { ResultCode } from "../../runtime/contract/command-messages.ts";
import { ConfigKey } from "../../runtime/contract/config-record.ts";
import { FLASH_QUEUE_OFFSET } from "../../runtime/contract/flash-map.ts";
import { GRAPH_MAX_BYTES } from "../../runtime/contract/graph-limits.ts";
import { NetStatus } from "../../runtime/contract/host-abi.ts";
import type { StuckCells } from "./flash-cells.ts";
import { LIMIT_MS, type Scenario, SOME_READINGS } from "./scenario.ts";
import type { World } from "./world.ts";

const OFFLINE_MS = 1_700_000;
/** A backlog of five packs; more than the readings after which an acknowledgement is written down. */
const BACKLOG_MS = 100_000;
const HOUR_MS = 3_600_000;
/** So many readings nearly fill the first sector of the queue. */
const NEARLY_A_SECTOR = 300;

/** A bit here and there in each sector of the queue. */
const WORN: StuckCells = new Map([
  [FLASH_QUEUE_OFFSET + 0xd82, 0x40],
  [FLASH_QUEUE_OFFSET + 0xe01, 0x08],
  [FLASH_QUEUE_OFFSET + 0x1000 + 0x91, 0x01],
]);

/** Setting of the probe, from 0 to 100. */
const LEVEL = 3;
/** As long as one may be. */
const graph = (version: number) => ({ version, bytes: new Uint8Array(GRAPH_MAX_BYTES).fill(version) });

const serverAway =
  (awayMs: number) =>
  ({ unixMs }: World) => ({ isServerUp: (nowMs: number) => nowMs > unixMs + awayMs });

export const DATA_SCENARIOS: readonly Scenario[] = [
  {
    name: "queue-wrap",
    flickers: 3,
    begin: () => {},
    queueSectors: 3,
    mayDrop: true,
    surroundings: serverAway(OFFLINE_MS),
    isReached: ({ server }) => server.gaps.length > 0,
    limitMs: 4 * LIMIT_MS,
  },
  {
    name: "backlog",
    begin: (server) => {
      server.running = undefined;
    },
    from: { name: "first-boot", until: ({ taken }) => taken.length >= NEARLY_A_SECTOR },
    surroundings: serverAway(BACKLOG_MS),
    outageMs: HOUR_MS,
    flickers: 3,
    limitMs: LIMIT_MS + HOUR_MS,
    isReached: ({ server }) => server.running !== undefined,
  },
  {
    name: "worn-queue",
    begin: (server) => {
      server.running = undefined;
    },
    queueSectors: 4,
    from: { name: "first-boot", until: ({ taken }) => taken.length >= NEARLY_A_SECTOR },
    surroundings: serverAway(BACKLOG_MS),
    stuck: WORN,
    // Of a place that cannot be read, nobody knows whether it held a number.
    allows: ["gap"],
    isReached: ({ server }) => server.running !== undefined,
  },
  {
    name: "config-change",
    begin: (server) => {
      server.config = { version: 1, values: new Map([[ConfigKey.Ssid, "new shop"]]) };
    },
    isReached: ({ server }) => server.running?.configVersion === 1 && server.configResults.includes(ResultCode.Done),
  },
  {
    name: "config-again",
    begin: (server) => {
      server.config = { version: 2, values: new Map([[ConfigKey.Ssid, "third shop"]]) };
      server.configResults = [];
    },
    from: { name: "config-change", until: ({ server }) => server.configResults.includes(ResultCode.Done) },
    isReached: ({ server }) => server.running?.configVersion === 2 && server.configResults.includes(ResultCode.Done),
  },
  {
    name: "settings-change",
    begin: (server) => {
      server.config = { version: 1, values: new Map([[ConfigKey.Product, new Map([[LEVEL, 70]])]]) };
    },
    isReached: ({ server }) => server.running?.configVersion === 1 && server.configResults.includes(ResultCode.Done),
  },
  {
    // Nothing is written: the board goes on with what it has.
    name: "settings-refused",
    begin: (server) => {
      server.config = { version: 1, values: new Map([[ConfigKey.Product, new Map([[LEVEL, 101]])]]) };
    },
    flickers: 3,
    isReached: ({ server }) =>
      server.running?.configVersion === undefined && server.configResults.includes(ResultCode.Refused),
  },
  {
    name: "graph-change",
    begin: (server) => {
      server.graph = graph(1);
    },
    isReached: ({ server }) => server.running?.graphVersion === 1 && server.graphResults.includes(ResultCode.Done),
  },
  {
    name: "graph-again",
    begin: (server) => {
      server.graph = graph(2);
      server.graphResults = [];
    },
    from: { name: "graph-change", until: ({ server }) => server.graphResults.includes(ResultCode.Done) },
    isReached: ({ server }) => server.running?.graphVersion === 2 && server.graphResults.includes(ResultCode.Done),
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
    name: "wifi-over-serial",
    begin: (server) => {
      server.running = undefined;
    },
    surroundings: () => ({
      newSsid: "new shop",
      joinResult: (ssid) => (ssid === "new shop" ? NetStatus.Up : NetStatus.NotFound),
    }),
    flickers: 4,
    isReached: ({ server, hasNewWifi }) => hasNewWifi && server.running !== undefined,
  },
  {
    // Of the server's configuration, which comes again, the board goes back to the network that it was given.
    name: "wifi-over-serial-in-trial",
    begin: (server) => {
      server.running = undefined;
      server.configResults = [];
    },
    from: { name: "config-change-wrong", until: ({ server }) => server.configResults.includes(ResultCode.Accepted) },
    surroundings: () => ({
      newSsid: "new shop",
      joinResult: (ssid) => (ssid === "new shop" ? NetStatus.Up : NetStatus.NotFound),
    }),
    isReached: ({ server, hasNewWifi }) =>
      hasNewWifi && server.running?.configVersion === undefined && server.configResults.includes(ResultCode.RolledBack),
  },
  {
    name: "acknowledge",
    flickers: 3,
    begin: () => {},
    killsServer: true,
    isReached: ({ taken }) => taken.length >= 2 * SOME_READINGS,
  },
  {
    name: "command",
    flickers: 3,
    begin: (server) => {
      server.command = { id: 1, method: "restart" };
    },
    isReached: ({ server }) => server.commandResults.length > 0,
  },
  {
    name: "product-command",
    flickers: 3,
    begin: (server) => {
      server.command = { id: 1, method: "open" };
    },
    isReached: ({ server }) => server.commandResults.length > 0,
  },
];
