/** Patches that are not what they ought to be, each with what a board says of it; the image itself is in order. */
import type { RandomSource } from "../../../runtime/board/random.ts";
import { FLASH_SLOT_BYTES } from "../../../runtime/contract/flash-map.ts";
import { IMAGE_HEADER_BYTES } from "../../../runtime/contract/image-header.ts";
import {
  PATCH_BASE_BYTES_OFFSET,
  PATCH_BASE_ID_OFFSET,
  PATCH_IMAGE_HEADER_OFFSET,
  PATCH_OPERATIONS_OFFSET,
  PATCH_SIZE_OFFSET,
  PATCH_VERSION_OFFSET,
  PatchOperation,
} from "../../../runtime/contract/patch-format.ts";
import { UpdateFailure } from "../../../runtime/contract/update-messages.ts";
import { applyPatch } from "../../../runtime/image/apply-patch.ts";
import { makePatch } from "../../../runtime/image/make-patch.ts";
import { OperationWriter } from "../../../runtime/image/patch-operations.ts";
import { type Forger, reasonOf } from "./bad-images.ts";
import { flipped } from "./counter-images.ts";

export interface BadPatch {
  name: string;
  /** What the patch ought to make: a good image, another one for each patch. */
  image: Buffer;
  bytes: Uint8Array;
  /** What the server says of its size; absent: the truth. */
  sizeBytes?: number;
  /** It is the image, compressed, and starts from no other one. */
  isCompressed?: boolean;
  /** As the API names it, a regular expression; null: the patch is of use all the same. */
  reason: string | null;
}

const RESERVED_OFFSET = 24;

export function badPatches(
  base: Uint8Array,
  forged: Forger,
  random: RandomSource,
  offsets: readonly number[],
): BadPatch[] {
  return [
    ...wrongPatches(base, forged),
    ...offsets.map((offset) => flip(base, forged(), offset, random.integer(0, 7))),
  ];
}

/** Of all bytes of the patch's own header and of its operations, and of some of the image's header. */
export function patchOffsets(patchBytes: number, random: RandomSource, count: number): number[] {
  const some = Array.from({ length: count }, () =>
    random.integer(PATCH_IMAGE_HEADER_OFFSET, PATCH_OPERATIONS_OFFSET - 1),
  );
  const all = Array.from({ length: patchBytes }, (_, offset) => offset);
  return all.filter((at) => at < PATCH_IMAGE_HEADER_OFFSET || at >= PATCH_OPERATIONS_OFFSET || some.includes(at));
}

function flip(base: Uint8Array, image: Buffer, offset: number, bit: number): BadPatch {
  const good = makePatch(base, image);
  const bytes = flipped(good, offset, bit);
  return { name: `patch byte ${offset}, bit ${bit}`, image, bytes, reason: reasonOfPatch(base, image, bytes, offset) };
}

/** What a board says of a patch whose byte here, before PATCH_OPERATIONS_OFFSET, is not what it was. */
export function reasonOfHead(patch: Buffer, offset: number): string | null {
  if (offset < PATCH_VERSION_OFFSET) return "not-an-image";
  if (offset < PATCH_BASE_ID_OFFSET) return "header-version";
  if (offset < PATCH_SIZE_OFFSET) return "wrong-base";
  if (offset < RESERVED_OFFSET) return "not-as-offered";
  if (offset < PATCH_IMAGE_HEADER_OFFSET) return null;
  const reason = reasonOf(patch.subarray(PATCH_IMAGE_HEADER_OFFSET), offset - PATCH_IMAGE_HEADER_OFFSET);
  // It is another image than the one that was offered, and that is seen before its signature is looked at.
  return reason === "bad-signature" || reason === "unknown-key" ? "not-as-offered" : reason;
}

function reasonOfPatch(base: Uint8Array, image: Buffer, patch: Buffer, offset: number): string | null {
  if (offset < PATCH_OPERATIONS_OFFSET) return reasonOfHead(patch, offset);
  const made = applyPatch(base, patch);
  if (made instanceof Uint8Array) return image.equals(made) ? null : "bad-digest";
  return made === UpdateFailure.BadDigest ? "bad-digest" : "bad-patch";
}

function wrongPatches(base: Uint8Array, forged: Forger): BadPatch[] {
  const otherBase = forged({ fields: { version: "0.0.9" } });
  /** A patch with these operations in place of its own. */
  const withOperations = (operations: Uint8Array | number[]): Pick<BadPatch, "image" | "bytes"> => {
    const image = forged();
    const head = Buffer.from(makePatch(base, image)).subarray(0, PATCH_OPERATIONS_OFFSET);
    const bytes = Buffer.concat([head, Uint8Array.from(operations)]);
    bytes.writeUInt32LE(bytes.length, PATCH_SIZE_OFFSET);
    return { image, bytes };
  };
  const payloadOf = (image: Buffer) => image.subarray(IMAGE_HEADER_BYTES);
  const insert = (payload: Uint8Array): Uint8Array => {
    const writer = new OperationWriter();
    writer.insert(payload);
    return writer.bytes();
  };
  const payload = payloadOf(forged());
  const copies = (sizeBytes: number, count: number): Uint8Array => {
    const writer = new OperationWriter();
    for (let index = 0; index < count; index++) {
      writer.copy(sizeBytes);
      writer.seek(-sizeBytes);
    }
    return writer.bytes();
  };
  const whole = forged();
  const cut = (sizeBytes: number, reason: string): BadPatch => {
    const image = forged();
    const good = makePatch(base, image);
    const bytes = good.subarray(0, sizeBytes);
    return { name: `${sizeBytes} of ${good.length} bytes`, image, bytes, sizeBytes: good.length, reason };
  };
  const against = forged();
  const posing = forged();
  const posingPatch = Buffer.from(makePatch(otherBase, posing));
  Buffer.from(makePatch(base, posing)).copy(posingPatch, PATCH_BASE_ID_OFFSET, PATCH_BASE_ID_OFFSET, PATCH_SIZE_OFFSET);
  posingPatch.writeUInt32LE(base.length, PATCH_BASE_BYTES_OFFSET);
  const other = forged();
  const manySeeks = Array.from({ length: 4000 }, () => [PatchOperation.Seek, 0]).flat();
  const tooMany = new Uint8Array(FLASH_SLOT_BYTES).fill(0).map((_, at) => (at % 2 === 0 ? PatchOperation.Seek : 0));
  const extra = withOperations([...insert(payload), 0xff, 0xff]);
  return [
    { name: "in order", image: whole, bytes: makePatch(base, whole), reason: null },
    { name: "against another base", image: against, bytes: makePatch(otherBase, against), reason: "wrong-base" },
    {
      name: "against another base, in the name of this one",
      image: posing,
      bytes: posingPatch,
      reason: reasonOfPatch(base, posing, posingPatch, PATCH_OPERATIONS_OFFSET),
    },
    { name: "that makes another image", image: other, bytes: makePatch(base, forged()), reason: "not-as-offered" },
    { name: "with another payload", reason: "bad-digest", ...withOperations(insert(Buffer.alloc(payload.length, 7))) },
    { name: "with a byte of it changed", reason: "bad-digest", ...withOperations(flipped(insert(payload), 9000, 3)) },
    {
      name: "one byte more than the payload",
      reason: "bad-patch",
      ...withOperations(insert(Buffer.concat([payload, Buffer.alloc(1)]))),
    },
    { name: "one byte less than the payload", reason: "bad-patch", ...withOperations(insert(payload.subarray(1))) },
    {
      name: "the base over and over, without an end",
      reason: "bad-patch",
      ...withOperations(copies(base.length - IMAGE_HEADER_BYTES - 1, 500)),
    },
    { name: "copies of 2 MiB", reason: "bad-patch", ...withOperations([PatchOperation.Copy, 0xff, 0xff, 0x7f]) },
    {
      name: "copies of nothing",
      reason: "bad-patch",
      ...withOperations(manySeeks.map((byte) => (byte === 0 ? 0 : PatchOperation.Copy))),
    },
    { name: "seeks that go nowhere", reason: "bad-patch", ...withOperations(manySeeks) },
    { name: "the same, longer than a slot", reason: "too-large", ...withOperations(tooMany) },
    { name: "out of the base", reason: "bad-patch", ...withOperations([PatchOperation.Seek, 0xff, 0xff, 0x7f]) },
    { name: "no operation at all", reason: "bad-patch", ...withOperations([0xff]) },
    { name: "no operations", reason: "bad-patch", ...withOperations([]) },
    { name: "bytes behind the end", reason: null, ...extra },
    cut(0, "not-available"),
    cut(PATCH_OPERATIONS_OFFSET - 1, "truncated"),
    cut(PATCH_OPERATIONS_OFFSET, "truncated"),
    cut(PATCH_OPERATIONS_OFFSET + 3, "truncated"),
  ];
}
