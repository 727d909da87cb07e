/**
 * What a rollout is to do, as it was asked for: which devices, in which groups, when, and what is good enough or too bad. It is
 * kept as JSON beside the rollout and never changes once that has started.
 */

export interface Criteria {
  product?: string;
  /** As `board_id()` of the host ABI. */
  board?: number;
  /** Of what runs: a range of semantic versions, as `>=1.2.0 <2.0.0`. */
  version?: string;
  /** Of the organisation. */
  project?: number;
  /** Of a device: all of them. */
  tags?: string[];
  /** That it is in now. */
  fleet?: number;
  /** MAC addresses; no others. */
  devices?: string[];
}

/** Beyond what the device's own time before lets expect; absent: not looked at. */
export interface VitalLimits {
  restarts?: number;
  reconnects?: number;
  /** Readings that the device dropped before it could send them. */
  readingsLost?: number;
  /** Program memory not given out, bytes: an absolute minimum. */
  freeBytesMin?: number;
}

export interface ErrorCondition {
  /** More devices of the open groups than this, or more than this part of those touched, stop the rollout. */
  devices?: number;
  percent?: number;
  /** A device that is not heard of for this long after it has restarted counts as failed until it is heard again. */
  lostAfterMin: number;
  vitals: VitalLimits;
  /** A stopped rollout is rolled back at once. */
  rollBack: boolean;
}

export interface SuccessCondition {
  /** Of the devices of the group, without those that are away for longer than `absentAfterMin`. */
  percent: number;
  /** The last of them has been confirmed for so long, and nothing has stopped the rollout. */
  soakMin: number;
  absentAfterMin: number;
}

export interface TimeWindow {
  /** 0 = Sunday, as in ECMAScript. */
  days: number[];
  /** Minutes of the day; `toMin` not included, and below `fromMin` it is the next day. */
  fromMin: number;
  toMin: number;
}

export interface RolloutPlan {
  target: Criteria;
  /** The first group: so many devices, or so many percent. */
  canary: { devices: number } | { percent: number };
  /** Later groups: percent of all devices that are reached with each; the last one is 100. */
  steps: number[];
  error: ErrorCondition;
  success: SuccessCondition;
  /** Devices that are at it at the same time. */
  atOnce: number;
  /** Of all downloads of the release's images together. */
  bytesPerS: number | null;
  /** IANA name; windows are in its time. */
  zone: string;
  /** Offers go out within these only; none: always. */
  windows: TimeWindow[];
  /** Unix time, ms. */
  startMs: number | null;
  expiresMs: number | null;
  /** Also to devices where the image has failed before, once. */
  retry: boolean;
}

export const DEFAULT_PLAN: Omit<RolloutPlan, "target"> = {
  canary: { percent: 5 },
  steps: [25, 100],
  error: {
    percent: 2,
    lostAfterMin: 20,
    vitals: { restarts: 3, reconnects: 10, readingsLost: 0 },
    rollBack: false,
  },
  success: { percent: 90, soakMin: 60, absentAfterMin: 24 * 60 },
  atOnce: 20,
  bytesPerS: null,
  zone: "UTC",
  windows: [],
  startMs: null,
  expiresMs: null,
  retry: false,
};
