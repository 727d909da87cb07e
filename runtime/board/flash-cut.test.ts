import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FLASH_REGION_BYTES, FLASH_SECTOR_BYTES } from "../contract/flash-map.ts";
import { type Cut, Flash, type FlashOperation } from "./flash.ts";
import { PowerCut } from "./power.ts";
import { SeededRandom } from "./random.ts";

const RANGE_BYTES = 2 * FLASH_SECTOR_BYTES;
const ONES = 0xffffffff;

function read(flash: Flash, offset = 0, sizeBytes = RANGE_BYTES): Buffer {
  const bytes = Buffer.alloc(sizeBytes);
  flash.read(offset, bytes);
  return bytes;
}

/** What many reads have shown as one, and as zero. */
function seen(flash: Flash, offset = 0, sizeBytes = RANGE_BYTES): { one: Buffer; zero: Buffer } {
  const one = Buffer.alloc(sizeBytes);
  const zero = Buffer.alloc(sizeBytes);
  for (let round = 0; round < 40; round++) {
    read(flash, offset, sizeBytes).forEach((byte, index) => {
      one[index] = (one[index] as number) | byte;
      zero[index] = (zero[index] as number) | (~byte & 0xff);
    });
  }
  return { one, zero };
}

function weakBytes(flash: Flash): number[] {
  const { one, zero } = seen(flash);
  return [...one].map((byte, index) => byte & (zero[index] as number));
}

function isFirm(flash: Flash): boolean {
  return weakBytes(flash).every((byte) => byte === 0);
}

/** The operation loses its power. */
function cutIn(flash: Flash, cut: Cut, operate: () => void): void {
  flash.onOperation = () => cut;
  expect(operate).toThrow(PowerCut);
  flash.onOperation = undefined;
}

interface Write {
  offset: number;
  bytes: Uint8Array;
}

const aligned = (max: number) => fc.integer({ min: 0, max: max / 4 - 1 }).map((word) => 4 * word);
const anyWrite: fc.Arbitrary<Write> = fc.record({
  // Around the border of two sectors as well.
  offset: fc.oneof(aligned(RANGE_BYTES - 256), fc.constant(FLASH_SECTOR_BYTES - 8)),
  bytes: fc.integer({ min: 1, max: 8 }).chain((words) => fc.uint8Array({ minLength: 4 * words, maxLength: 4 * words })),
});
const anyMask = fc.oneof(fc.constant(0), fc.constant(ONES), fc.integer({ min: 0, max: ONES }));
const anyWriteCut: fc.Arbitrary<Cut> = fc.record({
  at: fc.constant("inside" as const),
  words: fc.integer({ min: 0, max: 9 }),
  clears: anyMask,
  weak: anyMask,
});

function written(writes: readonly Write[], seed: number): Flash {
  const flash = new Flash({ random: new SeededRandom(seed) });
  for (const { offset, bytes } of writes) flash.write(offset, bytes);
  return flash;
}

describe("a power cut in a write", () => {
  test("changes nothing outside of it, sets no bit, and leaves each bit as it was, cleared or weak", () => {
    fc.assert(
      fc.property(
        fc.array(anyWrite, { maxLength: 4 }),
        anyWrite,
        anyWriteCut,
        fc.integer(),
        (before, write, cut, seed) => {
          const flash = written(before, seed);
          const old = read(flash);
          cutIn(flash, cut, () => flash.write(write.offset, write.bytes));
          const { one, zero } = seen(flash);
          // A bit that was zero is never seen as one; one that was not to be cleared never as zero.
          const wrong = [...old.keys()].filter((at) => {
            const was = old[at] as number;
            const wanted = write.bytes[at - write.offset] ?? 0xff;
            return ((one[at] as number) & ~was) !== 0 || ((zero[at] as number) & was & wanted) !== 0;
          });
          expect(wrong).toEqual([]);
        },
      ),
      { numRuns: 100 },
    );
  });

  test("has written the words before it, and of the next word the bits that are told", () => {
    const flash = new Flash();
    const cut: Cut = { at: "inside", words: 2, clears: 0x0000_00f0, weak: 0x0000_ff0f };
    cutIn(flash, cut, () => flash.write(0, new Uint8Array(16)));
    const { one, zero } = seen(flash, 0, 16);
    expect(one.toString("hex")).toBe("00000000000000000fffffffffffffff");
    expect(zero.toString("hex")).toBe("ffffffffffffffffffff000000000000");
  });

  test("weak bits become firm when they are programmed to zero, or erased", () => {
    fc.assert(
      fc.property(anyWrite, anyWriteCut, fc.integer(), (write, cut, seed) => {
        const flash = written([], seed);
        cutIn(flash, cut, () => flash.write(write.offset, write.bytes));
        const erased = Flash.from(flash.snapshot());
        flash.write(write.offset, write.bytes);
        expect(isFirm(flash)).toBe(true);
        expect(read(flash, write.offset, write.bytes.length)).toEqual(Buffer.from(write.bytes));
        for (const sector of [0, FLASH_SECTOR_BYTES]) erased.erase(sector);
        expect(isFirm(erased)).toBe(true);
        expect(read(erased).every((byte) => byte === 0xff)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  test("a weak bit stays weak when a one is written over it", () => {
    const flash = new Flash();
    cutIn(flash, { at: "inside", words: 0, clears: 0, weak: 0xff }, () => flash.write(0, new Uint8Array(4)));
    flash.write(0, Uint8Array.of(0xf0, 0xff, 0xff, 0xff));
    expect(weakBytes(flash).slice(0, 4)).toEqual([0xf0, 0, 0, 0]);
  });

  test("words that the write does not have: it is whole", () => {
    const flash = new Flash();
    cutIn(flash, { at: "inside", words: 1, clears: 0, weak: ONES }, () => flash.write(0, new Uint8Array(4)));
    expect([isFirm(flash), read(flash, 0, 5).toString("hex")]).toEqual([true, "00000000ff"]);
  });
});

describe("a power cut in an erase", () => {
  test("leaves each bit of the sector as it was, one, or weak; never a new zero, and nothing elsewhere", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 64, maxLength: 64 }), fc.integer(), (bytes, seed) => {
        const flash = new Flash();
        const whole = Buffer.concat(new Array<Uint8Array>(RANGE_BYTES / 64).fill(bytes));
        flash.write(0, whole);
        cutIn(flash, { at: "inside", seed }, () => flash.erase(0));
        const { zero } = seen(flash);
        const cleared = [...zero.keys()].filter((at) => ((zero[at] as number) & (whole[at] as number)) !== 0);
        expect(cleared).toEqual([]);
        expect(read(flash, FLASH_SECTOR_BYTES, FLASH_SECTOR_BYTES)).toEqual(whole.subarray(FLASH_SECTOR_BYTES));
        flash.erase(0);
        expect(isFirm(flash)).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  test("the seeds give the states that a program has to live with", () => {
    const found = new Set<string>();
    for (let seed = 0; seed < 40; seed++) {
      const flash = new Flash();
      flash.write(0, new Uint8Array(FLASH_SECTOR_BYTES));
      cutIn(flash, { at: "inside", seed }, () => flash.erase(0));
      const { one, zero } = seen(flash, 0, FLASH_SECTOR_BYTES);
      const ones = one.filter((byte, at) => byte === 0xff && zero[at] === 0).length;
      const weak = one.filter((byte, at) => (byte & (zero[at] as number)) !== 0).length;
      if (weak === 1) found.add("looks blank");
      else if (weak === 0) found.add("partly erased");
      else if (ones > 0 && ones + weak === FLASH_SECTOR_BYTES) found.add("partly weak");
      else found.add("mixed");
    }
    expect([...found].sort()).toEqual(["looks blank", "mixed", "partly erased", "partly weak"]);
  });

  test("a sector that was never written stays blank", () => {
    const flash = new Flash();
    cutIn(flash, { at: "inside", seed: 1 }, () => flash.erase(0));
    expect(read(flash).every((byte) => byte === 0xff)).toBe(true);
    expect(flash.sectorErases[0]).toBe(1);
  });
});

describe("cuts beside an operation", () => {
  test("before it nothing has changed, after it everything; the next operation works again", () => {
    const flash = new Flash();
    cutIn(flash, { at: "before" }, () => flash.write(0, new Uint8Array(4)));
    expect(read(flash, 0, 4).toString("hex")).toBe("ffffffff");
    cutIn(flash, { at: "after" }, () => flash.write(0, new Uint8Array(4)));
    expect(read(flash, 0, 4).toString("hex")).toBe("00000000");
    cutIn(flash, { at: "before" }, () => flash.erase(0));
    expect(read(flash, 0, 4).toString("hex")).toBe("00000000");
    cutIn(flash, { at: "after" }, () => flash.erase(0));
    expect(read(flash, 0, 4).toString("hex")).toBe("ffffffff");
    expect(flash.write(0, new Uint8Array(4))).toBe(0);
  });

  test("each operation is asked about with its place; what is refused or empty is none", () => {
    const flash = new Flash();
    const asked: FlashOperation[] = [];
    flash.onOperation = (operation) => {
      asked.push(operation);
      return undefined;
    };
    flash.write(8, new Uint8Array(12));
    flash.write(2, new Uint8Array(4));
    flash.write(8, new Uint8Array(0));
    flash.erase(FLASH_REGION_BYTES);
    flash.erase(4096);
    expect(asked).toEqual([
      { index: 0, kind: "write", offset: 8, bytes: 12, data: new Uint8Array(12) },
      { index: 1, kind: "erase", offset: 4096, bytes: 4096, data: new Uint8Array(0) },
    ]);
    expect(flash.operations).toBe(2);
  });

  test.each([
    ["an erase cut as a write", (flash: Flash) => flash.erase(0), { at: "inside", words: 0, clears: 0, weak: 0 }],
    ["a write cut as an erase", (flash: Flash) => flash.write(0, new Uint8Array(4)), { at: "inside", seed: 1 }],
  ] as const)("%s is a mistake of the test", (_, operate, cut) => {
    const flash = new Flash();
    flash.onOperation = () => cut;
    expect(() => operate(flash)).toThrow("A cut inside");
  });
});

describe("snapshots", () => {
  test("do not change with the flash, nor with a flash made of them", () => {
    fc.assert(
      fc.property(
        fc.array(anyWrite, { minLength: 1, maxLength: 6 }),
        anyWriteCut,
        fc.integer(),
        (writes, cut, seed) => {
          const flash = written(writes.slice(0, 2), seed);
          const old = read(flash);
          const snapshot = flash.snapshot();
          const other = Flash.from(snapshot);
          const last = writes.at(-1) as Write;
          for (const { offset, bytes } of writes) flash.write(offset, bytes);
          cutIn(other, cut, () => other.write(last.offset, last.bytes));
          flash.erase(0);
          expect(read(Flash.from(snapshot)).equals(old)).toBe(true);
          const cold = Flash.from(snapshot);
          cold.erase(FLASH_SECTOR_BYTES);
          expect(read(cold, 0, FLASH_SECTOR_BYTES).equals(old.subarray(0, FLASH_SECTOR_BYTES))).toBe(true);
          expect(read(Flash.from(snapshot)).equals(old)).toBe(true);
        },
      ),
      { numRuns: 50 },
    );
  });

  test("keep weak bits, wear and the size", () => {
    const flash = new Flash({ regionBytes: 0x33c000 });
    flash.erase(0);
    cutIn(flash, { at: "inside", words: 0, clears: 0, weak: 1 }, () => flash.write(0, new Uint8Array(4)));
    const copy = Flash.from(flash.snapshot());
    expect(weakBytes(copy)[0]).toBe(1);
    expect([copy.regionBytes, copy.sectorErases[0], copy.operations, copy.busyMs]).toEqual([0x33c000, 1, 0, 0]);
    flash.erase(0);
    expect(weakBytes(copy)[0]).toBe(1);
  });

  test("the same seed shows the same weak bits", () => {
    const flash = new Flash();
    cutIn(flash, { at: "inside", words: 0, clears: 0, weak: ONES }, () => flash.write(0, new Uint8Array(4)));
    const snapshot = flash.snapshot();
    const [first, second] = [1, 1].map((seed) => {
      const copy = Flash.from(snapshot, new SeededRandom(seed));
      return Array.from({ length: 10 }, () => read(copy, 0, 4).toString("hex"));
    });
    expect(first).toEqual(second);
    expect(new Set(first).size).toBeGreaterThan(5);
  });
});
