/** Compressed images that are not what they ought to be, each with what a board says of it; the image itself is in order. */
import type { RandomSource } from "../../../runtime/board/random.ts";
import {
  COMPRESSED_STREAMS_OFFSET,
  COMPRESSED_STREAMS_TABLE_OFFSET,
} from "../../../runtime/contract/compressed-format.ts";
import { FLASH_SLOT_BYTES } from "../../../runtime/contract/flash-map.ts";
import { IMAGE_HEADER_BYTES } from "../../../runtime/contract/image-header.ts";
import { PATCH_IMAGE_HEADER_OFFSET, PATCH_SIZE_OFFSET } from "../../../runtime/contract/patch-format.ts";
import { compressImage } from "../../../runtime/image/compress.ts";
import { decompressImage } from "../../../runtime/image/decompress.ts";
import type { Forger } from "./bad-images.ts";
import { type BadPatch, reasonOfHead } from "./bad-patches.ts";
import { flipped } from "./counter-images.ts";

/** The device stops at the last byte of the payload, the reference wants nothing behind it: what they say may differ. */
const OF_STREAMS = "(bad-patch|bad-digest)";

/** Bytes of the file's heads and table, and some of its streams. */
export function compressedOffsets(
  random: RandomSource,
  fileBytes: number,
  inHeader: number,
  inStreams: number,
): number[] {
  const some = (count: number, from: number, to: number) =>
    Array.from({ length: count }, () => random.integer(from, to - 1));
  return [
    ...Array.from({ length: PATCH_IMAGE_HEADER_OFFSET }, (_, offset) => offset),
    ...some(inHeader, PATCH_IMAGE_HEADER_OFFSET, COMPRESSED_STREAMS_TABLE_OFFSET),
    ...Array.from({ length: 4 }, (_, offset) => COMPRESSED_STREAMS_TABLE_OFFSET + offset),
    ...some(inStreams, COMPRESSED_STREAMS_OFFSET, fileBytes),
  ];
}

export function badCompressed(
  forged: Forger,
  random: RandomSource,
  offsetsOf: (fileBytes: number) => readonly number[],
): BadPatch[] {
  const template = compressImage(forged());
  /** A good image and its compressed form: only the headers of forged images differ. */
  const next = (): { image: Buffer; bytes: Buffer } => {
    const image = forged();
    const bytes = Buffer.from(template);
    image.copy(bytes, PATCH_IMAGE_HEADER_OFFSET, 0, IMAGE_HEADER_BYTES);
    return { image, bytes };
  };
  const withStreams = (name: string, streams: Uint8Array, reason: string): BadPatch => {
    const { image, bytes } = next();
    const file = Buffer.concat([bytes.subarray(0, COMPRESSED_STREAMS_OFFSET), streams]);
    file.writeUInt32LE(file.length, PATCH_SIZE_OFFSET);
    return { name: `compressed: ${name}`, image, bytes: file, isCompressed: true, reason };
  };
  const flips = offsetsOf(template.length).map((offset, number): BadPatch => {
    const { image, bytes } = next();
    const bit = random.integer(0, 7);
    const file = flipped(bytes, offset, bit);
    const reason = reasonOf(image, file, offset);
    return {
      name: `compressed: ${number}, byte ${offset}, bit ${bit}`,
      image,
      bytes: file,
      isCompressed: true,
      reason,
    };
  });
  const good = next();
  const streams = good.bytes.subarray(COMPRESSED_STREAMS_OFFSET);
  return [
    { name: "compressed: in order", ...good, isCompressed: true, reason: null },
    withStreams("one byte less", streams.subarray(0, -1), "bad-patch"),
    withStreams("half of it", streams.subarray(0, streams.length / 2), "bad-patch"),
    withStreams("no streams", new Uint8Array(0), "bad-patch"),
    withStreams("zeros: a number without an end", new Uint8Array(1000), "bad-patch"),
    withStreams("ones: copies from before the start", new Uint8Array(1000).fill(0xff), "bad-patch"),
    withStreams("longer than a slot", new Uint8Array(FLASH_SLOT_BYTES), "too-large"),
    ...flips,
  ];
}

function reasonOf(image: Buffer, file: Buffer, offset: number): string | null {
  if (offset < COMPRESSED_STREAMS_TABLE_OFFSET) return reasonOfHead(file, offset);
  // A fresh download reads of the table where the first stream begins, and nothing else.
  if (offset < COMPRESSED_STREAMS_OFFSET) return offset < COMPRESSED_STREAMS_TABLE_OFFSET + 2 ? OF_STREAMS : null;
  const made = decompressImage(file);
  return made instanceof Uint8Array && image.equals(made) ? null : OF_STREAMS;
}
