/**
 * The signature of a pack (runtime/contract/senml.ts): over everything before it, at the very end. RFC 2104, FIPS 180-4, by
 * node:crypto.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import { SENML_SIGNATURE, SENML_SIGNATURE_BYTES } from "../../runtime/contract/senml.ts";

/** What became of a signature; stored, never renumbered. */
export enum SignatureVerdict {
  Verified = 1,
  /** It is not of these bytes and the device's secret. */
  Wrong = 2,
  /** This server keeps no secret of the device, or one that the device has not confirmed yet. */
  Unchecked = 3,
}

export interface PackSignature {
  signed: Uint8Array;
  /** undefined: there is something in its place that is none. */
  signature: Uint8Array | undefined;
}

/** Null: the pack has none, as most. `last` is its last record. */
export function findSignature(payload: Uint8Array, last: unknown): PackSignature | null {
  const found: unknown = last instanceof Map ? last.get(SENML_SIGNATURE) : undefined;
  if (found === undefined) return null;
  const at = payload.length - SENML_SIGNATURE_BYTES;
  const tail = payload.subarray(Math.max(0, at));
  const isLast = found instanceof Uint8Array && Buffer.compare(found, tail) === 0;
  return { signed: payload.subarray(0, Math.max(0, at)), signature: isLast ? tail : undefined };
}

export function isSignedWith(secret: string, { signed, signature }: PackSignature): boolean {
  if (signature === undefined) return false;
  return timingSafeEqual(createHmac("sha256", secret).update(signed).digest(), signature);
}
