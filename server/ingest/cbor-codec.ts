/**
 * The server's CBOR: cbor-x, set so that bytes mean what RFC 8949 says and nothing else. Maps become `Map`, so that the
 * integer 0 and the text "0" stay different keys and no key can reach an object's prototype. Structures of cbor-x's own
 * (records, shared references) are off, and their tags are refused beforehand (well-formed.ts).
 *
 * Left out: text and byte strings of indefinite length, which no device sends; they are "unsupported".
 */
import { Decoder, Encoder } from "cbor-x";
import { type CborFault, findCborFault } from "./well-formed.ts";

/** A key is an integer or text in everything that we accept; other keys are never looked up. */
export type CborMap = ReadonlyMap<unknown, unknown>;

export type CborResult = { ok: true; value: unknown } | { ok: false; fault: CborFault | "unsupported" };

const decoder = new Decoder({ useRecords: false, mapsAsObjects: false });
const encoder = new Encoder({ useRecords: false, mapsAsObjects: false, tagUint8Array: false });

/** Decodes one whole message. Never throws. */
export function decodeCbor(bytes: Uint8Array): CborResult {
  const fault = findCborFault(bytes);
  if (fault !== null) return { ok: false, fault };
  try {
    return { ok: true, value: decoder.decode(bytes) };
  } catch {
    return { ok: false, fault: "unsupported" };
  }
}

export function encodeCbor(value: unknown): Uint8Array {
  return encoder.encode(value);
}

/** A value that came from `decodeCbor`, as bytes again; empty when it cannot be written. */
export function encodeAgain(value: unknown): Uint8Array {
  try {
    return encoder.encode(value);
  } catch {
    return new Uint8Array(0);
  }
}

const U32_MAX = 0xffffffff;

export function isU32(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= U32_MAX;
}
