/**
 * What the main thread asks of the writer thread besides storing messages: everything that the API or the patch maker
 * changes. There is one writer, so these stand in line with the messages of devices. Image ids are hexadecimal text.
 */
import type { OrderRequest, OrdersDue } from "../orders/order-requests.ts";

export interface StoredImage {
  id: string;
  product: string;
  version: string;
  arch: number;
  abi: number;
  /** 0 = any. */
  board: number;
  securityCounter: number;
  payloadBytes: number;
  ramBytes: number;
  digest: Uint8Array;
  keyId: Uint8Array;
  /** Header and payload. */
  sizeBytes: number;
}

export interface StoredKit {
  board: string;
  /** Of the board, as people call it. */
  title: string;
  product: string;
  version: string;
  flashMiB: number;
  parts: Array<{ name: string; offset: number; digest: Uint8Array; bytes: Uint8Array }>;
}

export type StoreRequest =
  | { kind: "addImage"; image: StoredImage; bytes: Uint8Array; atMs: number }
  /** `bytes` null: not worth while, do not make it again. */
  | { kind: "addCompressed"; image: string; bytes: Uint8Array | null }
  | { kind: "deleteImage"; id: string }
  | { kind: "setDesired"; mac: number; image: string; isRetry: boolean; atMs: number }
  | { kind: "clearDesired"; mac: number }
  /** `bytes` null: there is no patch worth having, do not make it again. */
  | { kind: "addPatch"; base: string; image: string; bytes: Uint8Array | null; atMs: number }
  /** In place of the one that the board has. */
  | { kind: "setFlashKit"; kit: StoredKit; atMs: number }
  | { kind: "deleteFlashKit"; board: string }
  | OrderRequest;

export type StoreOutcome =
  | "done"
  /** The same was there before. */
  | "existed"
  | "deviceUnknown"
  | "imageUnknown"
  | "imageDesired"
  | "imageRunning"
  | "wrongProduct"
  | "tooManyImages"
  | "kitUnknown"
  | "tooManyKits"
  /** Another change came first: look again. */
  | "changedMeanwhile"
  | "tooManyCommands"
  /** No writer just now, or the database takes no writes. Nothing was changed. */
  | "unavailable";

export interface StoreAnswer {
  outcome: StoreOutcome;
  /** With `setDesired`: what to tell the device, if it is connected; null when it runs the image already. */
  due?: UpdateDue | null;
  /** With `setPart` and `addCommand`, for a device that is connected: what to tell it. */
  ordersDue?: OrdersDue | null;
  /** With `addCommand`: its id. */
  command?: number;
  /** With `wrongProduct`: the device's. */
  product?: string;
  /** With `unavailable`, for the log. */
  error?: string;
}

/** A device ought to run another image than it does. */
export interface UpdateDue {
  mac: number;
  image: string;
  /** What it runs, when it has said so. */
  running: string | null;
  isRetry: boolean;
}
