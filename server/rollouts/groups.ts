/**
 * Who is in which group: those that are there first, for a canary that is away tells nothing; among them by a digest of rollout
 * and address, so that it is not always the same devices that take the risk.
 */
import { createHash } from "node:crypto";
import type { RolloutPlan } from "./rollout-plan.ts";

export interface GroupedDevice {
  mac: string;
  isOnline: boolean;
}

/** Devices of each group; a later group may be empty, the first is not unless there is no device. */
export function groupSizes({ canary, steps }: Pick<RolloutPlan, "canary" | "steps">, count: number): number[] {
  const first = "devices" in canary ? canary.devices : Math.ceil((count * canary.percent) / 100);
  const ends = [Math.min(count, Math.max(1, first))];
  for (const percent of steps) ends.push(Math.max(ends.at(-1) ?? 0, Math.ceil((count * percent) / 100)));
  // A plan that forgot its last step leaves nobody out.
  if ((ends.at(-1) ?? 0) < count) ends.push(count);
  return ends.map((end, at) => end - (ends[at - 1] ?? 0)).filter((size, at) => size > 0 || at === 0);
}

/** The same devices, each in its group, counted from 0. */
export function assignGroups<T extends GroupedDevice>(
  rollout: number,
  devices: readonly T[],
  plan: Pick<RolloutPlan, "canary" | "steps">,
): Array<{ device: T; group: number }> {
  const drawn = devices
    .map((device) => ({ device, lot: createHash("sha256").update(`${rollout}:${device.mac}`).digest("hex") }))
    .sort((a, b) => Number(b.device.isOnline) - Number(a.device.isOnline) || (a.lot < b.lot ? -1 : 1));
  const sizes = groupSizes(plan, devices.length);
  let at = 0;
  return sizes.flatMap((size, group) => drawn.slice(at, (at += size)).map(({ device }) => ({ device, group })));
}
