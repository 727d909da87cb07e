import fc from "fast-check";
import { expect, test } from "vitest";
import { COMPRESSED_STREAMS_OFFSET, COMPRESSED_STREAMS_TABLE_OFFSET } from "../contract/compressed-format.ts";
import { FLASH_SECTOR_BYTES, FLASH_SLOT_BYTES } from "../contract/flash-map.ts";
import { IMAGE_HEADER_BYTES } from "../contract/image-header.ts";
import { PATCH_BASE_ID_OFFSET } from "../contract/patch-format.ts";
import { UpdateFailure } from "../contract/update-messages.ts";
import { compressImage, compressPayload } from "./compress.ts";
import { decompressImage, decompressStreams } from "./decompress.ts";
import { imageOf } from "./testing/edited-bytes.ts";

const FIRST_SECTOR_BYTES = FLASH_SECTOR_BYTES - IMAGE_HEADER_BYTES;
/** The server's thread has FILE_MAKE_MAX_MS, and a Raspberry Pi is slower. */
const COMPRESS_MAX_MS = 8000;

function bitsAndBytes(stream: readonly (string | number)[]): Uint8Array {
  const bytes: number[] = [];
  let [place, room] = [0, 0];
  for (const item of stream) {
    if (typeof item === "number") bytes.push(item);
    else {
      for (const bit of item.replaceAll(" ", "")) {
        if (room === 0) [place, room] = [bytes.push(0) - 1, 8];
        bytes[place] = (bytes[place] as number) | (Number(bit) << --room);
      }
    }
  }
  return Uint8Array.from(bytes);
}

test("every code by hand, as the format says it", () => {
  const made = (stream: (string | number)[], sizeBytes: number) => {
    const result = decompressStreams(bitsAndBytes(stream), sizeBytes);
    return result === undefined ? undefined : [...result.payload];
  };
  // Numbers: 1 is "1", 2 is "001", 3 is "011", 4 is "00001".
  expect(made(["0 011", 10, 20, 30], 3)).toEqual([10, 20, 30]);
  // A copy of two from a distance of three, high part 1.
  expect(made(["0 011", 10, 20, 30, "1 1", 2, "1"], 5)).toEqual([10, 20, 30, 10, 20]);
  // Literals, a copy that runs into itself, literals, a copy from the same distance, a copy right behind it.
  expect(made(["0 1", 7, "1 1", 0, "001", "0 1", 9, "0 1", "1 1", 1, "1"], 8)).toEqual([7, 7, 7, 7, 9, 9, 9, 9]);

  const bad: [(string | number)[], number][] = [
    [[], 1],
    // Too many literals, too long a copy, beyond the start, the distance of a copy that was not.
    [["0 011", 10, 20, 30], 2],
    [["0 1", 7, "1 1", 0, "011"], 3],
    [["0 1", 7, "1 1", 1, "1"], 3],
    [["1 1", 0, "1"], 2],
    [["0 1", 7, "0 1"], 2],
    // Cut off in literals and in a number; more behind the end; a number without an end.
    [["0 011", 10, 20], 3],
    [["0 00"], 3],
    [["0 1", 7, 7], 1],
    [["0 00 00 00 00 00 00 00 00 00 00 00 00 00 00"], 4000],
  ];
  for (const [stream, sizeBytes] of bad) expect(made(stream, sizeBytes), String(stream)).toBeUndefined();
});

const likePrograms = fc
  .array(fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 60 }), fc.integer({ min: 1, max: 90 })), {
    minLength: 1,
    maxLength: 120,
  })
  .map((pieces) =>
    Uint8Array.from(
      pieces.flatMap(([piece, times], at) =>
        Array(at % 3 === 0 ? times : 1)
          .fill([...piece])
          .flat(),
      ),
    ),
  );

test("any payload comes back", () => {
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ minLength: 1, maxLength: 5000 }), likePrograms), (payload) => {
      const image = imageOf(payload.slice(0, FLASH_SLOT_BYTES - IMAGE_HEADER_BYTES));
      expect(decompressImage(compressImage(image))).toEqual(image);
    }),
    { numRuns: 150 },
  );
});

test("a stream begins at each sector, and the table says where", () => {
  const image = imageOf(
    Uint8Array.from({ length: FIRST_SECTOR_BYTES + FLASH_SECTOR_BYTES + 1 }, (_, index) => noise(index)),
  );
  const file = compressImage(image);
  const table = Array.from({ length: 17 }, (_, sector) =>
    new DataView(file.buffer).getUint16(COMPRESSED_STREAMS_TABLE_OFFSET + 2 * sector, true),
  );
  const streams = compressPayload(image.subarray(IMAGE_HEADER_BYTES));
  const second = COMPRESSED_STREAMS_OFFSET + (streams[0]?.length ?? 0);
  expect(table).toEqual([COMPRESSED_STREAMS_OFFSET, second, second + (streams[1]?.length ?? 0), ...Array(14).fill(0)]);
  // Noise costs its bytes, and a little for each stream.
  expect(file.length - COMPRESSED_STREAMS_OFFSET).toBeLessThan(image.length - IMAGE_HEADER_BYTES + 20);
});

const LARGEST: [string, (index: number) => number, number][] = [
  ["noise", noise, 70_000],
  ["zeros", () => 0, 400],
  ["a rhythm", (index) => index % 7, 400],
  ["a rhythm with slips", (index) => (index % 300 === 0 ? 5 : index % 2), 3000],
  ["a slow rhythm", (index) => noise(index % 3000), 4000],
];

test.each(LARGEST)("the largest image is no long work: %s", { timeout: 60_000 }, (_name, byteAt, mostBytes) => {
  const image = imageOf(
    Uint8Array.from({ length: FLASH_SLOT_BYTES - IMAGE_HEADER_BYTES }, (_, index) => byteAt(index)),
  );
  // Of this process: others may be busy.
  const before = process.cpuUsage();
  const file = compressImage(image);
  expect(process.cpuUsage(before).user / 1000).toBeLessThan(COMPRESS_MAX_MS);
  expect(file.length).toBeLessThan(mostBytes);
  expect(decompressImage(file)).toEqual(image);
});

test("damaged files: a reason, or the right image after all", () => {
  const image = imageOf(Uint8Array.from({ length: 6000 }, (_, index) => noise(index % 700) & 0x1f));
  const file = compressImage(image);
  fc.assert(
    fc.property(fc.nat({ max: file.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, mask) => {
      const result = decompressImage(Uint8Array.from(file, (byte, index) => (index === at ? byte ^ mask : byte)));
      if (typeof result !== "number")
        expect(result.subarray(IMAGE_HEADER_BYTES)).toEqual(image.subarray(IMAGE_HEADER_BYTES));
    }),
    { numRuns: 500 },
  );
  const changed = (offset: number, value: number) =>
    Uint8Array.from(file, (byte, at) => (at === offset ? value : byte));
  expect(decompressImage(changed(0, 0))).toBe(UpdateFailure.NotAnImage);
  expect(decompressImage(new Uint8Array(3))).toBe(UpdateFailure.NotAnImage);
  expect(decompressImage(changed(4, 9))).toBe(UpdateFailure.HeaderVersion);
  expect(decompressImage(changed(PATCH_BASE_ID_OFFSET, 1))).toBe(UpdateFailure.WrongBase);
  expect(decompressImage(file.subarray(0, 200))).toBe(UpdateFailure.Truncated);
  expect(decompressImage(file.subarray(0, file.length - 1))).toBe(UpdateFailure.Truncated);
  expect(decompressImage(Buffer.concat([file, Buffer.of(0)]))).toBe(UpdateFailure.NotAsOffered);
  expect(decompressImage(changed(COMPRESSED_STREAMS_TABLE_OFFSET + 2, 0))).toBe(UpdateFailure.BadPatch);
});

/** Fixed, and without a rhythm. */
function noise(index: number): number {
  return (Math.imul(index + 7919, 0x9e3779b1) ^ Math.imul(index, 0x85ebca6b) ^ (Math.imul(index, index) >>> 3)) >>> 24;
}
