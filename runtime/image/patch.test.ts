import fc from "fast-check";
import { expect, test } from "vitest";
import { FLASH_SLOT_BYTES } from "../contract/flash-map.ts";
import { IMAGE_HEADER_BYTES } from "../contract/image-header.ts";
import { PATCH_OPERATIONS_OFFSET, PATCH_SIZE_OFFSET } from "../contract/patch-format.ts";
import { UpdateFailure } from "../contract/update-messages.ts";
import { applyOperations, applyPatch } from "./apply-patch.ts";
import { makeOperations, makePatch } from "./make-patch.ts";
import { edits, imageOf, withEdits } from "./testing/edited-bytes.ts";

const SLOT_PAYLOAD_BYTES = 0x10000 - IMAGE_HEADER_BYTES;
const MAKE_MAX_MS = 2000;

test("every operation by hand, as the format says it", () => {
  const base = new Uint8Array(IMAGE_HEADER_BYTES + 8);
  base.set([10, 20, 30, 40, 50, 60, 70, 255], IMAGE_HEADER_BYTES);
  const made = (operations: number[], sizeBytes: number) => {
    const payload = applyOperations(base, Uint8Array.from(operations), sizeBytes);
    return payload === undefined ? undefined : [...payload];
  };
  // Copy two, copy and correct by -1 (10, 20 | 30 | 40, 50 - 1), insert three, replace one, seek back eight, copy.
  expect(made([0xf8, 2, 0xc1, 1], 5)).toEqual([10, 20, 30, 39, 50]);
  expect(made([0xe2, 7, 8, 9, 0xf0, 1, 0xf8, 1], 5)).toEqual([7, 8, 9, 1, 20]);
  expect(made([0xf8, 8, 0xf9, 15, 0xf8, 1], 9)).toEqual([10, 20, 30, 40, 50, 60, 70, 255, 10]);
  // A correction carries from the first byte to the second and no further: 70 + 256 * 255 + 300 = 114 + 256 * 0.
  expect(made([0xf8, 6, 0xc0, 0xd8, 0x04], 8)).toEqual([10, 20, 30, 40, 50, 60, 114, 0]);
  // 1, then 3; 3 again is the first of the recent ones, 1 the second.
  expect(made([0xc0, 2, 0xc0, 6, 0x00, 0x40], 8)).toEqual([11, 20, 33, 40, 53, 60, 71, 255]);
  // The longest n of each first byte, and one more.
  expect(made([0xe0 + 14, ...Array(15).fill(5)], 15)).toEqual(Array(15).fill(5));
  expect(made([0xe0 + 15, 0, ...Array(16).fill(5)], 16)).toEqual(Array(16).fill(5));
  expect(made([0xe0 + 15, 1, ...Array(17).fill(5)], 17)).toEqual(Array(17).fill(5));
  expect(made([0xf0 + 7, 0, ...Array(8).fill(5)], 8)).toEqual(Array(8).fill(5));

  const bad: Array<[number[], number]> = [
    [[], 1],
    [[0xf8, 2, 0xf8], 3],
    [[0xf8, 9], 9],
    [[0xf8, 8], 7],
    [[0xf8, 4, 0xf8, 4, 0xf8, 1], 9],
    [[0xf9, 0x83, 0x03], 1],
    [[0xf9, 18, 0xf8, 1], 1],
    [[0xc7, 2], 9],
    [[0xe1, 1], 2],
    [[0xe1, 1, 2], 1],
    [[0xfa], 1],
    [[0xff], 1],
    [[0xf8, 0x81, 0x80, 0x80, 0x00], 1],
    [[0xe0, 1, 0xe0], 1],
  ];
  for (const [operations, sizeBytes] of bad) expect(made(operations, sizeBytes), String(operations)).toBeUndefined();
});

test("any edits of any bytes: the patch makes the new image", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 3000 }), edits, (payload, changes) => {
      const base = imageOf(payload);
      const target = imageOf(withEdits(payload, changes));
      expect(applyPatch(base, makePatch(base, target))).toEqual(target);
    }),
    { numRuns: 300 },
  );
});

test("images that have nothing in common: a little more than the new one", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2000 }), fc.uint8Array({ minLength: 1, maxLength: 2000 }), (one, other) => {
      const [base, target] = [imageOf(one), imageOf(other)];
      const patch = makePatch(base, target);
      expect(applyPatch(base, patch)).toEqual(target);
      expect(patch.length).toBeLessThan(PATCH_OPERATIONS_OFFSET + other.length * 1.1 + 16);
    }),
  );
});

const LARGEST: Array<[string, (index: number) => number, (index: number) => number]> = [
  ["noise and other noise", noise(1), noise(2)],
  ["zeros and zeros but for a few", () => 0, (index) => (index % 1021 === 0 ? index & 255 : 0)],
  ["two rhythms", (index) => index % 7, (index) => index % 11],
  ["the same with a byte put in front", noise(3), (index) => (index === 0 ? 1 : noise(3)(index - 1))],
];

test.each(LARGEST)("the largest images are no long work: %s", (_name, ofBase, ofTarget) => {
  const [base, target] = [ofBase, ofTarget].map((byteAt) =>
    imageOf(Uint8Array.from({ length: SLOT_PAYLOAD_BYTES }, (_, index) => byteAt(index))),
  ) as [Uint8Array, Uint8Array];
  // Of this process: others may be busy.
  const before = process.cpuUsage();
  const patch = makePatch(base, target);
  expect(process.cpuUsage(before).user / 1000).toBeLessThan(MAKE_MAX_MS);
  expect(applyPatch(base, patch)).toEqual(target);
});

test("a patch for another base, cut off, with more behind it, of another version: a reason each", () => {
  const [base, target] = [imageOf(Uint8Array.of(1, 2, 3, 4)), imageOf(Uint8Array.of(1, 2, 3, 4, 5))];
  const patch = makePatch(base, target);
  const changed = (offset: number, value: number) =>
    Uint8Array.from(patch, (byte, at) => (at === offset ? value : byte));
  expect(applyPatch(target, patch)).toBe(UpdateFailure.WrongBase);
  expect(applyPatch(base, patch.subarray(0, patch.length - 1))).toBe(UpdateFailure.Truncated);
  expect(applyPatch(base, patch.subarray(0, 100))).toBe(UpdateFailure.Truncated);
  expect(applyPatch(base, Buffer.concat([patch, Buffer.of(0)]))).toBe(UpdateFailure.NotAsOffered);
  expect(applyPatch(base, changed(0, 0))).toBe(UpdateFailure.NotAnImage);
  expect(applyPatch(base, changed(4, 2))).toBe(UpdateFailure.HeaderVersion);
  expect(applyPatch(base, changed(PATCH_OPERATIONS_OFFSET, 0xff))).toBe(UpdateFailure.BadPatch);
  expect(applyPatch(base, changed(patch.length - 1, 6))).toBe(UpdateFailure.BadDigest);
});

test("a damaged patch: a reason, or the right image after all", () => {
  const payload = Uint8Array.from({ length: 2000 }, (_, index) => noise(5)(index));
  const base = imageOf(payload);
  const target = imageOf(withEdits(payload, [{ at: 500, remove: 3, insert: Uint8Array.of(9, 8, 7, 6, 5) }]));
  const patch = makePatch(base, target);
  fc.assert(
    fc.property(fc.nat({ max: patch.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, mask) => {
      const damaged = Uint8Array.from(patch, (byte, index) => (index === at ? byte ^ mask : byte));
      const result = applyPatch(base, damaged);
      // The header of the new image is not under the digest.
      if (typeof result !== "number") {
        expect(result.subarray(IMAGE_HEADER_BYTES)).toEqual(target.subarray(IMAGE_HEADER_BYTES));
      }
    }),
  );
  for (let sizeBytes = 0; sizeBytes < patch.length; sizeBytes++) {
    const cut = patch.slice(0, sizeBytes);
    if (sizeBytes > PATCH_SIZE_OFFSET + 4) new DataView(cut.buffer).setUint32(PATCH_SIZE_OFFSET, sizeBytes, true);
    expect(typeof applyPatch(base, cut)).toBe("number");
  }
});

test("operations alone have no meaning for what they were not made for, and never leave their bounds", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat({ max: 400 }), (operations, sizeBytes) => {
      const payload = applyOperations(imageOf(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)), operations, sizeBytes);
      if (payload !== undefined) expect(payload.length).toBe(sizeBytes);
    }),
    { numRuns: 2000 },
  );
  expect(makeOperations(imageOf(new Uint8Array(4)), new Uint8Array(0))).toEqual(new Uint8Array(0));
});

/** Fixed, and without a rhythm. */
function noise(seed: number): (index: number) => number {
  return (index) => (Math.imul(index + seed * 7919, 0x9e3779b1) ^ Math.imul(index, 0x85ebca6b)) >>> 24;
}
