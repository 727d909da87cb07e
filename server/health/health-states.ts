/** How a device fares, and why. Numbers are in the database. */

export enum Health {
  Normal = 0,
  Warning = 1,
  Failed = 2,
}

/** Stable words of the API; a device for which there is nothing to judge has `none`. */
export const HEALTH_NAMES = ["normal", "warning", "failed"] as const;
export const NO_HEALTH = "none";

export const REASONS = ["silence", "restarts", "memory", "signal", "queue", "clock"] as const;
export type Reason = (typeof REASONS)[number];

/** Something about a device that is not normal. */
export interface Finding {
  reason: Reason;
  level: Health.Warning | Health.Failed;
  /** In the unit of the policy's limit, when it was found. */
  value: number;
}

/** `null`: there is nothing to judge. */
export function healthName(state: Health | null): (typeof HEALTH_NAMES)[number] | typeof NO_HEALTH {
  return (state === null ? undefined : HEALTH_NAMES[state]) ?? NO_HEALTH;
}
