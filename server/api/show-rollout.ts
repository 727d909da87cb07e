/** Releases, rollouts and their devices as the API tells them. */

import { kebab } from "../kebab.ts";
import { ReleaseState } from "../rollouts/rollout-requests.ts";
import { DeviceState, RolloutState, TOUCHED } from "../rollouts/rollout-states.ts";
import type { TargetImage } from "../rollouts/target.ts";
import type {
  GroupCountRow,
  ReleaseRow,
  RolloutDeviceRow,
  RolloutInfoRow,
  RolloutLogRow,
  RolloutReader,
} from "../store/rollout-reader.ts";
import { showTime } from "./device-routes.ts";
import type { LiveHub } from "./live-hub.ts";
import { showPlan } from "./rollout-plans.ts";
import { showArch, showFailure } from "./update-names.ts";

export function showRelease(row: ReleaseRow, images: TargetImage[], organisation: string) {
  return {
    id: row.id,
    organisation,
    version: row.version,
    notes: row.notes,
    state: kebab(ReleaseState[row.state], row.state),
    created: showTime(row.createdMs),
    since: showTime(row.stateMs),
    images: images.map(({ id, product, version, arch, board }) => ({
      id,
      product,
      version,
      arch: showArch(arch),
      board,
    })),
  };
}

export function showRollout(row: RolloutInfoRow, counts: readonly GroupCountRow[], organisation: string) {
  const groups = Array.from({ length: Math.max(-1, ...counts.map(({ group }) => group)) + 1 }, (_, group) => {
    const own = counts.filter((count) => count.group === group);
    return { devices: sumByState(own), bad: own.reduce((sum, { bad }) => sum + bad, 0) };
  });
  return {
    id: row.id,
    organisation,
    release: row.release,
    version: row.version,
    name: row.name,
    state: showRolloutState(row.state),
    reason: row.reason,
    revision: row.revision,
    group: row.openGroup + 1,
    madeBy: row.madeBy,
    approvedBy: row.approvedBy,
    created: showTime(row.createdMs),
    started: row.startedMs === null ? null : showTime(row.startedMs),
    since: showTime(row.stateMs),
    touched: counts.filter(({ state }) => TOUCHED.includes(state)).reduce((sum, { count }) => sum + count, 0),
    devices: sumByState(counts),
    groups,
    plan: showPlan(row.plan),
  };
}

export function showRolloutDevice(row: RolloutDeviceRow) {
  return {
    device: row.mac,
    group: row.group + 1,
    state: showDeviceState(row.state),
    bad: row.bad === 1,
    reason: row.reason ?? (row.failure === null ? null : showFailure(row.failure)),
    image: row.image,
    before: row.beforeImage,
    beforeVersion: row.beforeVersion,
    running: row.running,
    online: row.online === 1,
    since: showTime(row.atMs),
    confirmed: row.confirmedMs === null ? null : showTime(row.confirmedMs),
    restarts: row.restarts,
    reconnects: row.reconnects,
    readingsLost: row.readingsLost,
  };
}

export function showRolloutLog({ atMs, state, openGroup, reason, who }: RolloutLogRow) {
  return { time: showTime(atMs), state: showRolloutState(state), group: openGroup + 1, reason, who };
}

/** undefined: no state has this name. */
export function readDeviceState(name: string): DeviceState | undefined {
  const numbers = Object.values(DeviceState).filter((value): value is DeviceState => typeof value === "number");
  return numbers.find((state) => showDeviceState(state) === name);
}

/** Live, to whoever may see the organisation. */
export function tellRollout(store: Pick<RolloutReader, "rollout" | "groupCounts">, live: LiveHub, id: number): void {
  const row = live.isWatched ? store.rollout(id) : undefined;
  if (row === undefined) return;
  const { state, reason, openGroup } = row;
  const devices = sumByState(store.groupCounts(id));
  const data = { rollout: id, state: showRolloutState(state), group: openGroup + 1, devices, reason };
  live.tellOf(row.organisation, "rollout", data);
}

function sumByState(counts: readonly GroupCountRow[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const { state, count } of counts) sums[showDeviceState(state)] = (sums[showDeviceState(state)] ?? 0) + count;
  return sums;
}

export function showRolloutState(state: RolloutState): string {
  return kebab(RolloutState[state], state);
}

function showDeviceState(state: DeviceState): string {
  return kebab(DeviceState[state], state);
}
