/** How far rollouts, and the devices of one, are. Numbers are in the database. */

export enum RolloutState {
  Draft = 0,
  /** For the approval of somebody else than its maker. */
  Waiting = 1,
  /** For its time. */
  Scheduled = 2,
  Running = 3,
  /** By a person. */
  Paused = 4,
  /** By its error condition, or because the release was withdrawn. */
  Stopped = 5,
  Finished = 6,
  Aborted = 7,
  RollingBack = 8,
  RolledBack = 9,
}

export enum DeviceState {
  /** Its group is not open, or it is not there, or others are at it. */
  Pending = 0,
  Offered = 1,
  Downloading = 2,
  /** It restarts into the image, or runs it and has not confirmed it. */
  Trial = 3,
  Confirmed = 4,
  /** The image was refused, or given up: the device runs what it ran before. */
  Failed = 5,
  /** Not offered the image, and will not be; or it was taken over by another rollout. */
  Skipped = 6,
  /** It was not heard of in time. */
  Expired = 7,
  /** It restarted into the image and was not heard of since. */
  Lost = 8,
  /** It ought to run again what it ran before. */
  Returning = 9,
  Back = 10,
  /** It keeps the image: what it ran before is not there, or it refuses that. */
  Stayed = 11,
}

/** Why a device is where it is, beside UpdateFailure. Stable words of the API. */
export type DeviceReason =
  | "other-product"
  | "other-board"
  | "other-machine"
  | "other-project"
  | "version-not-wanted"
  | "version-not-known"
  | "not-named"
  | "not-in-fleet"
  | "without-tag"
  | "not-active"
  | "never-heard-of"
  | "runs-it-already"
  | "host-too-old"
  | "counter-too-low"
  | "failed-before"
  | "superseded"
  | "aborted"
  | "expired"
  | "not-heard-of"
  | "restarts"
  | "reconnects"
  | "readings-lost"
  | "memory-low"
  | "image-gone";

/** States in which a device has what this rollout gave it, or may have. */
export const TOUCHED: readonly DeviceState[] = [
  DeviceState.Offered,
  DeviceState.Downloading,
  DeviceState.Trial,
  DeviceState.Confirmed,
  DeviceState.Failed,
  DeviceState.Lost,
  DeviceState.Returning,
  DeviceState.Back,
  DeviceState.Stayed,
];

/** It may be at it now. */
export const UNDER_WAY: readonly DeviceState[] = [DeviceState.Offered, DeviceState.Downloading, DeviceState.Trial];

/** People may still do something with it, or it does something by itself. */
export function isOpen(state: RolloutState): boolean {
  return state !== RolloutState.Finished && state !== RolloutState.Aborted && state !== RolloutState.RolledBack;
}
