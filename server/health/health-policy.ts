/**
 * What is normal: for each reason a limit for a warning and one for a failure. What is said of a device itself comes before its templates
 * (the first one before the second), those before its project, that before its organisation, that before the defaults; a reason is taken whole from one of them, so the two limits of it always
 * belong together and there is no value between them that is neither.
 *
 * The defaults are for boards that tell their state each quarter of an hour (STATE_EVERY_S) and a pack each minute at most: one
 * state that is missed is a warning, an hour a failure. Programs allocate while they start and never after, so little memory
 * left is no fault that grows: below 512 bytes a warning, and only what could not hold a packet is a failure.
 */
import type { TimeWindow } from "../rollouts/rollout-plan.ts";
import type { Reason } from "./health-states.ts";

/** Null: nothing is so bad. */
export interface Limits {
  warning: number | null;
  failed: number | null;
}

/** When devices are expected to be there; at other times silence is none. */
export interface HealthHours {
  /** IANA name. */
  zone: string;
  windows: readonly TimeWindow[];
}

export interface HealthPolicy extends Record<Reason, Limits> {
  /** Null: always. */
  hours: HealthHours | null;
}

/** What one of them says; the rest is from the next. */
export type PartialPolicy = Partial<HealthPolicy>;

export const DEFAULT_POLICY: HealthPolicy = {
  /** Minutes since the device was heard. */
  silence: { warning: 20, failed: 60 },
  /** Starts in 24 hours; a shop that is turned off at night brings one. */
  restarts: { warning: 4, failed: 12 },
  /** Bytes of program memory not given out: fewer. */
  memory: { warning: 512, failed: 64 },
  /** dBm: weaker. */
  signal: { warning: -80, failed: -90 },
  /** Readings that wait: the flash of a board holds 3,500 to 7,000 (contract/queue-format.ts). */
  queue: { warning: 2000, failed: 3000 },
  /** Minutes for which the device has stamped nothing by a clock of its own. */
  clock: { warning: 30, failed: null },
  hours: null,
};

/** `policies`: the one that counts most first. */
export function resolvePolicy(policies: readonly PartialPolicy[], under: HealthPolicy = DEFAULT_POLICY): HealthPolicy {
  return [...policies].reverse().reduce<HealthPolicy>((before, over) => ({ ...before, ...over }), under);
}
