/** What the main thread asks of the writer about releases and rollouts. Image ids are hexadecimal text. */
import type { RolloutPlan } from "./rollout-plan.ts";

/** Numbers are in the database. */
export enum ReleaseState {
  Draft = 0,
  Released = 1,
  Withdrawn = 2,
}

/** `key` tells people apart (a person and his tokens are one); `name` is for people. */
export interface Person {
  key: string;
  name: string;
}

export type RolloutChange = "start" | "approve" | "pause" | "resume" | "abort" | "rollBack";

export type RolloutRequest =
  | { kind: "addTrustedKey"; organisation: number; keyId: Uint8Array; point: Uint8Array; name: string; atMs: number }
  | { kind: "deleteTrustedKey"; organisation: number; keyId: Uint8Array }
  | { kind: "setRolloutPolicy"; organisation: number; needsApproval: boolean }
  | {
      kind: "addRelease";
      organisation: number;
      version: string;
      notes: string;
      images: string[];
      isDraft: boolean;
      atMs: number;
    }
  | { kind: "setReleaseState"; release: number; state: ReleaseState.Released | ReleaseState.Withdrawn; atMs: number }
  | {
      kind: "addRollout";
      organisation: number;
      release: number;
      name: string;
      plan: RolloutPlan;
      maker: Person;
      isDraft: boolean;
      atMs: number;
    }
  /** `revision` null: whatever came before. */
  | {
      kind: "changeRollout";
      rollout: number;
      change: RolloutChange;
      who: Person;
      revision: number | null;
      atMs: number;
    }
  /** Only a draft: what has begun stays for people to look at. */
  | { kind: "deleteRollout"; rollout: number; revision: number | null }
  /** Does all that is due; what devices are to be told is in the answer. */
  | { kind: "stepRollout"; rollout: number; atMs: number };
