/**
 * The device's reader of patches against the reference in TypeScript: the same payload, or both refuse. Flash answers only
 * for the base, so that a read outside of it is seen; input comes in pieces of every size.
 */
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { FLASH_SLOT_A_OFFSET } from "../../runtime/contract/flash-map.ts";
import { applyOperations } from "../../runtime/image/apply-patch.ts";
import { makeOperations } from "../../runtime/image/make-patch.ts";
import { edits, imageOf, withEdits } from "../../runtime/image/testing/edited-bytes.ts";
import { TestProgram } from "./test-program.ts";

const BASE_OFFSET = 0xc000;
const OUTPUT_BYTES = 256;
const OUT_OF_RANGE = -2;

let program: TestProgram;
let base: Uint8Array = new Uint8Array(0);
let strayReads = 0;

beforeAll(async () => {
  program = await TestProgram.compile("patch-reader", (memory) => ({
    flash_read: (offset = 0, pointer = 0, length = 0) => {
      const at = offset - BASE_OFFSET;
      if (at < 0 || length < 0 || at + length > base.length || pointer + length > memory().length) {
        strayReads++;
        return OUT_OF_RANGE;
      }
      memory().set(base.subarray(at, at + length), pointer);
      return 0;
    },
  }));
});

/** What the device makes; undefined: it failed, or wants more, or has not taken everything. */
function applyOnDevice(operations: Uint8Array, payloadBytes: number, pieceBytes: number): Uint8Array | undefined {
  const payload: number[] = [];
  program.call("begin", BASE_OFFSET, base.length, payloadBytes);
  let done = 0;
  for (;;) {
    const piece = operations.subarray(done, done + pieceBytes);
    const took = program.callWith("feed", piece);
    expect(took).toBeLessThanOrEqual(piece.length);
    done += took;
    const made = program.call("outputBytes");
    expect(made).toBeLessThanOrEqual(OUTPUT_BYTES);
    const isDone = program.call("failed") === 1 || program.call("finished") === 1 || done === operations.length;
    if (made === OUTPUT_BYTES || isDone) {
      payload.push(...program.read(program.call("output"), made));
      program.call("taken");
    }
    if (program.call("failed") === 1) return undefined;
    if (isDone && made < OUTPUT_BYTES) break;
  }
  expect(payload.length).toBeLessThanOrEqual(payloadBytes);
  return program.call("finished") === 1 && done === operations.length ? Uint8Array.from(payload) : undefined;
}

function agree(operations: Uint8Array, payloadBytes: number, pieceBytes: number): Uint8Array | undefined {
  strayReads = 0;
  const payload = applyOnDevice(operations, payloadBytes, pieceBytes);
  expect(strayReads).toBe(0);
  expect(payload).toEqual(applyOperations(base, operations, payloadBytes));
  return payload;
}

test("good patches, in pieces of any size", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 3000 }),
      edits,
      fc.integer({ min: 1, max: 1000 }),
      (payload, changes, pieceBytes) => {
        base = imageOf(payload);
        const target = withEdits(payload, changes);
        expect(agree(makeOperations(base, target), target.length, pieceBytes)).toEqual(target);
      },
    ),
    { numRuns: 500 },
  );
});

test("damaged patches: cut off anywhere, bytes changed, another size announced", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 100, maxLength: 1000 }),
      edits,
      fc.record({
        cut: fc.nat({ max: 100 }),
        at: fc.nat(),
        mask: fc.nat({ max: 255 }),
        grow: fc.integer({ min: -9, max: 9 }),
      }),
      fc.integer({ min: 1, max: 300 }),
      (payload, changes, { cut, at, mask, grow }, pieceBytes) => {
        base = imageOf(payload);
        const target = withEdits(payload, changes);
        const good = makeOperations(base, target);
        const damaged = good.slice(0, Math.max(0, good.length - (cut > 50 ? 0 : cut)));
        if (damaged.length > 0) damaged[at % damaged.length] = (damaged[at % damaged.length] as number) ^ mask;
        agree(damaged, Math.max(0, target.length + grow), pieceBytes);
      },
    ),
    { numRuns: 2000 },
  );
});

test("bytes that never were a patch", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 300 }),
      fc.uint8Array({ maxLength: 100 }),
      fc.nat({ max: 2000 }),
      fc.integer({ min: 1, max: 20 }),
      (payload, operations, payloadBytes, pieceBytes) => {
        base = imageOf(payload);
        agree(operations, payloadBytes, pieceBytes);
      },
    ),
    { numRuns: 5000 },
  );
});
