/**
 * The device's decompressor against the reference in TypeScript: the same payload, or both refuse. Flash answers only for
 * what was written so far, so that a read outside of it is seen; input comes in pieces of every size.
 */
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { FLASH_SECTOR_BYTES } from "../../runtime/contract/flash-map.ts";
import { IMAGE_HEADER_BYTES } from "../../runtime/contract/image-header.ts";
import { compressPayload } from "../../runtime/image/compress.ts";
import { decompressStreams } from "../../runtime/image/decompress.ts";
import { edits, withEdits } from "../../runtime/image/testing/edited-bytes.ts";
import { TestProgram } from "./test-program.ts";

const SLOT_OFFSET = 0x1c000;
const OUTPUT_BYTES = 256;
const OUT_OF_RANGE = -2;

let program: TestProgram;
/** What the slot holds, header included. */
let written: number[] = [];
let strayReads = 0;

beforeAll(async () => {
  program = await TestProgram.compile("decompressor", (memory) => ({
    flash_read: (offset = 0, pointer = 0, length = 0) => {
      const at = offset - SLOT_OFFSET;
      if (at < IMAGE_HEADER_BYTES || length < 0 || at + length > written.length || pointer + length > memory().length) {
        strayReads++;
        return OUT_OF_RANGE;
      }
      memory().set(written.slice(at, at + length), pointer);
      return 0;
    },
  }));
});

/** What the device makes behind `before`; undefined: it failed, or wants more, or has not taken everything. */
function decompressOnDevice(
  streams: Uint8Array,
  before: Uint8Array,
  payloadBytes: number,
  pieceBytes: number,
): Uint8Array | undefined {
  written = [...new Uint8Array(IMAGE_HEADER_BYTES), ...before];
  program.call("begin", SLOT_OFFSET, written.length, IMAGE_HEADER_BYTES + payloadBytes);
  let done = 0;
  for (;;) {
    const took = program.callWith("feed", streams.subarray(done, done + pieceBytes));
    done += took;
    const made = program.call("outputBytes");
    expect(made).toBeLessThanOrEqual(OUTPUT_BYTES);
    const isDone = program.call("failed") === 1 || program.call("finished") === 1 || done === streams.length;
    if (made === OUTPUT_BYTES || isDone) {
      written.push(...program.read(program.call("output"), made));
      program.call("taken");
    }
    if (program.call("failed") === 1) return undefined;
    if (isDone && made < OUTPUT_BYTES) break;
  }
  expect(written.length).toBeLessThanOrEqual(IMAGE_HEADER_BYTES + payloadBytes);
  const isWhole = program.call("finished") === 1 && done === streams.length;
  return isWhole ? Uint8Array.from(written.slice(IMAGE_HEADER_BYTES)) : undefined;
}

function agree(streams: Uint8Array, payloadBytes: number, pieceBytes: number): Uint8Array | undefined {
  strayReads = 0;
  const payload = decompressOnDevice(streams, new Uint8Array(0), payloadBytes, pieceBytes);
  expect(strayReads).toBe(0);
  expect(payload).toEqual(decompressStreams(streams, payloadBytes)?.payload);
  return payload;
}

/** With much in it that repeats. */
const payloads = fc
  .tuple(fc.uint8Array({ minLength: 1, maxLength: 3000 }), edits, edits)
  .map(([start, first, second]) =>
    Uint8Array.from([start, withEdits(start, first), withEdits(start, second)].flatMap((part) => [...part])),
  );

test("good streams, in pieces of any size", () => {
  fc.assert(
    fc.property(payloads, fc.integer({ min: 1, max: 1000 }), (payload, pieceBytes) => {
      expect(agree(Buffer.concat(compressPayload(payload)), payload.length, pieceBytes)).toEqual(payload);
    }),
    { numRuns: 200 },
  );
});

test("from the start of any sector, when those before it are in flash", () => {
  fc.assert(
    fc.property(payloads, fc.integer({ min: 1, max: 1000 }), (payload, pieceBytes) => {
      const streams = compressPayload(payload);
      for (let sector = 1; sector < streams.length; sector++) {
        const before = payload.subarray(0, sector * FLASH_SECTOR_BYTES - IMAGE_HEADER_BYTES);
        strayReads = 0;
        const rest = Buffer.concat(streams.slice(sector));
        expect(decompressOnDevice(rest, before, payload.length, pieceBytes)).toEqual(payload);
        expect(strayReads).toBe(0);
      }
    }),
    { numRuns: 100 },
  );
});

test("damaged streams: cut off anywhere, bytes changed, another size announced", () => {
  fc.assert(
    fc.property(
      payloads,
      fc.record({
        cut: fc.nat({ max: 100 }),
        at: fc.nat(),
        mask: fc.nat({ max: 255 }),
        grow: fc.integer({ min: -9, max: 9 }),
      }),
      fc.integer({ min: 1, max: 300 }),
      (payload, { cut, at, mask, grow }, pieceBytes) => {
        const good = Buffer.concat(compressPayload(payload.subarray(0, 1500)));
        const damaged = Uint8Array.from(good.subarray(0, Math.max(0, good.length - (cut > 50 ? 0 : cut))));
        if (damaged.length > 0) damaged[at % damaged.length] = (damaged[at % damaged.length] as number) ^ mask;
        agree(damaged, Math.max(1, Math.min(1500, payload.length) + grow), pieceBytes);
      },
    ),
    { numRuns: 1000 },
  );
});

test("bytes that never were a stream", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 100 }),
      fc.integer({ min: 1, max: 6000 }),
      fc.integer({ min: 1, max: 20 }),
      (streams, payloadBytes, pieceBytes) => {
        agree(streams, payloadBytes, pieceBytes);
      },
    ),
    { numRuns: 5000 },
  );
});
