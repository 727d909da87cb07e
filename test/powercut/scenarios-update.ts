/** Scenarios of updates: images that come, that are refused, and that are given up; and of what boot does for them. */
import {
  FLASH_SLOT_A_OFFSET,
  FLASH_SLOT_B_OFFSET,
  FLASH_SLOT_STATES_OFFSET,
  Slot,
} from "../../runtime/contract/flash-map.ts";
import { NetStatus } from "../../runtime/contract/host-abi.ts";
import { UpdateFailure, UpdateState } from "../../runtime/contract/update-messages.ts";
import { loseCharge } from "./flash-cells.ts";
import type { ProbeName, Programs } from "./programs.ts";
import { type Goal, hasReadings, type Scenario } from "./scenario.ts";
import type { ServerState, Shelf } from "./server-state.ts";
import { fillSlotLog } from "./slot-log.ts";
import type { Life } from "./world.ts";

/** Where a slot loses charge: somewhere in the payload. */
const DAMAGED_AT = 0x1234;

const withoutPatches = ({ shelf }: Programs): Shelf => ({ ...shelf, patches: new Map() });

const updateTo =
  (name: ProbeName) =>
  (server: ServerState, { ids }: Programs) => {
    server.desired = ids[name];
  };

const runsConfirmed =
  (name: ProbeName): Goal =>
  ({ server }, { ids }) =>
    server.running?.image === ids[name] && !server.running.isTrial;

const hasReported = (life: Life, image: string, state: UpdateState, failures?: UpdateFailure[]) =>
  life.server.reports.some(
    (report) => report.image === image && report.state === state && (failures?.includes(report.failure) ?? true),
  );

/** Told by a report, or, when that was lost, by the next hello. */
const isUpdatedTo =
  (name: ProbeName): Goal =>
  (life, programs) =>
    life.server.running?.image === programs.ids[name] &&
    life.board.slot !== Slot.Boot &&
    (!life.server.running.isTrial || hasReported(life, programs.ids[name], UpdateState.Confirmed));

const isUpdated = isUpdatedTo("second");

const isRolledBack =
  (name: ProbeName): Goal =>
  (life, programs) =>
    runsConfirmed("first")(life, programs) && hasReported(life, programs.ids[name], UpdateState.RolledBack);

const isRefused =
  (name: ProbeName, failure: UpdateFailure): Goal =>
  (life, programs) =>
    hasReported(life, programs.ids[name], UpdateState.Failed, [failure]);

/** Once more from the start, with an image that was confirmed and is still wanted. */
const wantIt = (server: ServerState) => {
  server.running = undefined;
  server.reports = [];
};

export const UPDATE_SCENARIOS: readonly Scenario[] = [
  {
    name: "first-boot",
    begin: () => {},
    isFresh: true,
    isReached: (life, programs) => runsConfirmed("first")(life, programs) && hasReadings(life, programs),
  },
  { name: "update", begin: updateTo("second"), shelf: withoutPatches, isReached: isUpdated },
  {
    name: "delta-update",
    begin: updateTo("second"),
    shelf: ({ shelf }) => ({ ...shelf, hasPatchesOnly: true }),
    isReached: isUpdated,
  },
  {
    name: "compressed-update",
    begin: updateTo("second"),
    shelf: ({ shelf, compressed }) => ({ ...shelf, patches: compressed, hasPatchesOnly: true }),
    isReached: isUpdated,
  },
  {
    name: "bad-patch",
    begin: updateTo("second"),
    shelf: ({ shelf, badPatches }) => ({ ...shelf, patches: badPatches }),
    isReached: isUpdated,
  },
  {
    name: "bad-image",
    begin: updateTo("damaged"),
    shelf: withoutPatches,
    isReached: (life, programs) =>
      runsConfirmed("first")(life, programs) && isRefused("damaged", UpdateFailure.BadDigest)(life, programs),
  },
  {
    name: "forged-image",
    begin: updateTo("forged"),
    shelf: withoutPatches,
    isReached: isRefused("forged", UpdateFailure.BadSignature),
  },
  {
    name: "replayed-image",
    begin: (server, { ids }) => {
      server.desired = ids.newer;
      server.next = ids.old;
    },
    shelf: withoutPatches,
    from: {
      name: "update",
      begin: updateTo("newer"),
      until: ({ server }) => server.reports.some(({ state }) => state === UpdateState.Restarting),
    },
    isReached: isRefused("old", UpdateFailure.Replayed),
  },
  {
    name: "changed-mind",
    begin: updateTo("second"),
    shelf: withoutPatches,
    from: {
      name: "rollback-hang",
      until: ({ server }) => server.reports.filter(({ state }) => state === UpdateState.Downloading).length > 4,
    },
    isReached: isUpdated,
  },
  {
    name: "rotted-download",
    begin: updateTo("second"),
    shelf: withoutPatches,
    from: {
      name: "update",
      until: ({ server }) => server.reports.filter(({ state }) => state === UpdateState.Downloading).length > 3,
    },
    prepare: (flash) => loseCharge(flash, FLASH_SLOT_B_OFFSET + DAMAGED_AT, 0xff),
    isReached: isUpdated,
  },
];

export const BOOT_SCENARIOS: readonly Scenario[] = [
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
    name: "full-slot-log",
    begin: updateTo("second"),
    shelf: withoutPatches,
    prepare: (flash) => fillSlotLog(flash, FLASH_SLOT_STATES_OFFSET),
    isReached: isUpdated,
  },
  {
    name: "damaged-slot",
    begin: wantIt,
    shelf: withoutPatches,
    from: { name: "update", until: isUpdated },
    prepare: (flash) => loseCharge(flash, FLASH_SLOT_B_OFFSET + DAMAGED_AT, 0xff),
    isReached: isUpdated,
    allows: ["set back"],
  },
  {
    name: "recovery",
    begin: wantIt,
    shelf: withoutPatches,
    from: { name: "update", until: isUpdated },
    prepare: (flash) =>
      loseCharge(loseCharge(flash, FLASH_SLOT_B_OFFSET + DAMAGED_AT, 0xff), FLASH_SLOT_A_OFFSET + DAMAGED_AT, 0xff),
    isReached: isUpdated,
    allows: ["recovery", "set back"],
  },
];
