/**
 * Does a device fare worse with the new image than it did before? What it counts since it was confirmed is held against what
 * its own week before lets expect for that time, with an allowance for chance: of rare events that come by themselves, two
 * standard deviations (the square root of what is expected, as of a Poisson process).
 */
import type { VitalLimits } from "./rollout-plan.ts";
import type { DeviceReason } from "./rollout-states.ts";

export interface VitalCounts {
  restarts: number;
  reconnects: number;
  readingsLost: number;
}

export interface Vitals {
  /** Events of each kind an hour, before. */
  before: VitalCounts;
  /** Since it was confirmed. */
  since: VitalCounts;
  hours: number;
  /** Lowest told since; null: not told yet. */
  freeBytes: number | null;
}

/** Undefined: it fares no worse than it is allowed to. */
export function faultOfVitals(
  { before, since, hours, freeBytes }: Vitals,
  limits: VitalLimits,
): DeviceReason | undefined {
  const isOver = (name: keyof VitalCounts) => {
    const limit = limits[name];
    if (limit === undefined) return false;
    const expected = before[name] * hours;
    return since[name] > limit + expected + 2 * Math.sqrt(expected);
  };
  if (isOver("restarts")) return "restarts";
  if (isOver("reconnects")) return "reconnects";
  if (isOver("readingsLost")) return "readings-lost";
  const { freeBytesMin } = limits;
  return freeBytesMin !== undefined && freeBytes !== null && freeBytes < freeBytesMin ? "memory-low" : undefined;
}
