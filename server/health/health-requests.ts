/** What the main thread asks of the writer about the health of devices. */
import type { PartialPolicy } from "./health-policy.ts";

/** Whose policy: exactly one is given. */
export type PolicyOwner = { organisation: number } | { project: number } | { template: number } | { device: number };

export type HealthRequest =
  /** `version` null: whatever came before. An empty policy says nothing. */
  | { kind: "setHealthPolicy"; owner: PolicyOwner; policy: PartialPolicy; version: number | null; atMs: number }
  /** Judges what is due, some devices at a time; `isJump`: due times of a clock that was wrong are taken back first. */
  | { kind: "sweepHealth"; atMs: number; listeningMs: number; isJump: boolean };
