/** What the main thread asks of the writer about boards: who they are, where they belong, what lets them in. */
import type { Standing } from "./registration.ts";

/** What lets a board in. A secret is its own; a claim (SHA-256) does until it has one. */
export type DeviceCredential =
  | { kind: "secret"; secret: string }
  /** `untilMs` null: until it is used up. */
  | { kind: "claim"; digest: Uint8Array; untilMs: number | null };

export interface NewDevice {
  mac: number;
  project: number;
  /** undefined: as it is. */
  name?: string | null | undefined;
  credential: DeviceCredential;
  /** One that is there already keeps what lets it in, and is not taken in again where it was shown out. */
  isKept: boolean;
}

export type RegistrationRequest =
  /**
   * One that is there already gets the new credential, unless it belongs to another organisation. What it was let in with before
   * lets nobody in any more.
   */
  | { kind: "putDevice"; device: NewDevice; atMs: number }
  | { kind: "changeDevice"; mac: number; name?: string | null | undefined; project?: number | undefined; atMs: number }
  | { kind: "setStanding"; mac: number; standing: Standing; atMs: number }
  /**
   * `by` takes the place of `mac`: its project and its name. `credential`: for a board that nobody knows yet. Without `isTakeOver`
   * not one that is in use elsewhere.
   */
  | {
      kind: "replaceDevice";
      mac: number;
      by: number;
      credential: DeviceCredential | null;
      isTakeOver: boolean;
      atMs: number;
    }
  /** Only one that has never sent a reading. */
  | { kind: "deleteDevice"; mac: number; atMs: number };
