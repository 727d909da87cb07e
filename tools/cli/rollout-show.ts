/** Rollouts as people read them. */
import type { DryRun, RolloutDeviceStatus, RolloutStatus } from "../client/rollout-client.ts";
import { namedFailureText } from "../image/failure-texts.ts";
import { tableOf } from "./text-table.ts";

const REASONS: Record<string, string> = {
  "other-product": "of another product",
  "other-board": "with another board",
  "other-machine": "of another kind of machine",
  "other-project": "of another project",
  "version-not-wanted": "running a version that is not asked for",
  "version-not-known": "running a version that is no version",
  "not-named": "not named",
  "not-active": "not taken in, or no more",
  "never-heard-of": "never heard of",
  "runs-it-already": "running it already",
  "host-too-old": "with a host that is too old: flash them",
  "counter-too-low": "running a program with a higher security counter",
  "failed-before": "where it has failed before: see --retry",
};

/** Devices by state, most first. */
export function progressLine({ devices }: Pick<RolloutStatus, "devices">): string {
  const parts = Object.entries(devices).sort(([, a], [, b]) => b - a);
  return parts.length === 0 ? "no devices yet" : parts.map(([state, count]) => `${count} ${state}`).join(", ");
}

export function showRollout(status: RolloutStatus): string[] {
  const { id, name, version, state, reason, groups, group, madeBy, approvedBy, since } = status;
  const rows = groups.map(({ devices, bad }, at) => [
    `${at + 1}${at + 1 > group ? "" : " open"}`,
    progressLine({ devices }),
    String(bad),
  ]);
  return [
    `rollout ${id}, ${name}, of release ${version}: ${state} since ${since}`,
    ...(reason === null ? [] : [`reason: ${reason}`]),
    `made by ${madeBy}${approvedBy === null ? "" : `, approved by ${approvedBy}`}`,
    ...(groups.length === 0 ? [] : [tableOf(["GROUP", "DEVICES", "BAD"], rows)]),
  ];
}

export function deviceRows(devices: readonly RolloutDeviceStatus[]): string[][] {
  return devices.map(({ device, group, state, reason, beforeVersion, since }) => [
    device,
    String(group),
    state,
    state === "failed" ? `${reason}: ${namedFailureText(reason)}` : (reason ?? ""),
    beforeVersion ?? "",
    since,
  ]);
}

/** Undefined: a roll-back would bring all of them back. */
export function noReturnLine({ devices }: DryRun): string | undefined {
  const count = devices.filter(({ returns }) => returns === false).length;
  if (count === 0) return undefined;
  return `a roll-back would not bring back ${count} of them: the server does not have what they run; upload it with lintel release create`;
}

export function dryRunLines(found: DryRun): string[] {
  const { fitting, groups, devices } = found;
  const noReturn = noReturnLine(found);
  const left = new Map<string, number>();
  for (const { reason } of devices) if (reason !== null) left.set(reason, (left.get(reason) ?? 0) + 1);
  return [
    `${fitting} of ${devices.length} devices would be in it, in groups of ${groups.join(", ") || "none"}`,
    ...[...left].map(([reason, count]) => `  ${count} left out: ${REASONS[reason] ?? reason}`),
    ...(noReturn === undefined ? [] : [noReturn]),
    ...devices.filter(({ image }) => image !== null).map(({ device, image }) => `${device} would be offered ${image}`),
  ];
}
