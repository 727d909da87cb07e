/**
 * ECDSA over P-256 with SHA-256 (FIPS 186-5), by node:crypto. Keys are x, then y; signatures r, then s; 32 bytes each,
 * big-endian. What is no key or no signature is not valid, and never an error.
 */
import { createPublicKey, type KeyObject, verify } from "node:crypto";

const COORDINATE_BYTES = 32;
/** A fleet has a key or two; what a program hands over by mistake must not fill the memory. */
const KEYS_MAX = 16;

/** In the order of their last use; undefined: no point of the curve. */
const keys = new Map<string, KeyObject | undefined>();

export function verifyP256(message: Uint8Array, signature: Uint8Array, key: Uint8Array): boolean {
  const publicKey = keyOf(key);
  if (publicKey === undefined) return false;
  try {
    return verify("sha256", message, { key: publicKey, dsaEncoding: "ieee-p1363" }, signature);
  } catch {
    return false;
  }
}

function keyOf(key: Uint8Array): KeyObject | undefined {
  const name = Buffer.from(key).toString("hex");
  const found = keys.has(name) ? keys.get(name) : importKey(key);
  keys.delete(name);
  keys.set(name, found);
  const [oldest] = keys.keys();
  if (keys.size > KEYS_MAX && oldest !== undefined) keys.delete(oldest);
  return found;
}

function importKey(key: Uint8Array): KeyObject | undefined {
  const part = (from: number) => Buffer.from(key.subarray(from, from + COORDINATE_BYTES)).toString("base64url");
  try {
    return createPublicKey({
      key: { kty: "EC", crv: "P-256", x: part(0), y: part(COORDINATE_BYTES) },
      format: "jwk",
    });
  } catch {
    return undefined;
  }
}
