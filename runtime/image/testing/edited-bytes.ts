/** For tests of patches: images around any payload, and edits of the kind that a new version of a program makes. */
import { createHash } from "node:crypto";
import fc from "fast-check";
import { ImageArch } from "../../contract/image-header.ts";
import { encodeImageHeader } from "../image-header.ts";

export interface Edit {
  at: number;
  remove: number;
  insert: Uint8Array;
  /** Added to every byte at a multiple of 16 behind the edit, as offsets in moved code change. */
  shift?: number | undefined;
}

export const edits = fc.array(
  fc.record({
    at: fc.nat({ max: 3000 }),
    remove: fc.nat({ max: 40 }),
    insert: fc.uint8Array({ maxLength: 40 }),
    shift: fc.option(fc.integer({ min: -5, max: 5 }), { nil: undefined }),
  }),
  { maxLength: 8 },
);

const OFFSETS_EVERY_BYTES = 16;

export function withEdits(bytes: Uint8Array, changes: readonly Edit[]): Uint8Array {
  let all = [...bytes];
  for (const { at, remove, insert, shift } of changes) {
    all.splice(at, remove, ...insert);
    if (shift !== undefined) {
      all = all.map((byte, index) => (index > at && index % OFFSETS_EVERY_BYTES === 0 ? (byte + shift) & 0xff : byte));
    }
  }
  // An image has a payload.
  return Uint8Array.from(all.length === 0 ? [0] : all);
}

export function imageOf(payload: Uint8Array): Uint8Array {
  const header = encodeImageHeader({
    arch: ImageArch.Wasm32,
    abiVersion: 1,
    product: "counter",
    board: 0,
    version: "1.0.0",
    securityCounter: 0,
    payloadBytes: payload.length,
    ramBytes: 16384,
    digest: createHash("sha256").update(payload).digest(),
    keyId: new Uint8Array(8),
    signature: new Uint8Array(64),
  });
  return Uint8Array.from([...header, ...payload]);
}
