import { inflateSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SEGMENT_MAX_READINGS } from "../limits.ts";
import { emptyBucket } from "./bucket.ts";
import { ColumnDamage } from "./column-codec.ts";
import { HOUR_MS } from "./day.ts";
import { packBuckets, unpackBuckets } from "./rollup-format.ts";
import { packSegment, type ReadingColumns, unpackSegment } from "./segment-format.ts";

function columnsOf(rows: number[][]): ReadingColumns {
  const column = (at: number) => Float64Array.from(rows, (row) => row[at] as number);
  return {
    timesMs: column(0),
    epochIds: column(1),
    sequences: column(2),
    values: column(3),
    clocks: column(4),
    errorsS: column(5),
  };
}

describe("the form of a segment, written by hand", () => {
  test.each([
    [
      "whole numbers that go on, as differences",
      [
        [1000, 7, 1, 300, 0, -1],
        [61_000, 7, 2, 301, 0, -1],
        [62_000, 7, 4, 302, 2, 30],
      ],
      // 1, 3; 1000, +60000, +1000; 7, 0, 0; 1, +1, +2; form 0: 300, +1, +1; clocks 0, 0, +2; errors 0, 0, +31
      "01 03 d00f c0a907 d00f 0e 00 00 02 02 04 00 d804 02 02 00 00 04 00 00 3e",
    ],
    [
      "whole numbers that jump, as they are",
      [
        [0, 1, 1, 60, 0, -1],
        [0, 1, 2, -60, 0, -1],
        [0, 1, 3, 60, 0, -1],
      ],
      // 60 and -60 take a byte each, their differences two.
      "01 03 00 00 00 02 00 00 02 02 02 01 78 77 78 00 00 00 00 00 00",
    ],
    [
      "two places, made whole",
      [
        [0, 1, 1, 21.25, 0, -1],
        [0, 1, 2, 21.24, 0, -1],
      ],
      // 2 places and form 0: 2125, -1
      "01 02 00 00 02 00 02 02 20 9a21 01 00 00 00 00",
    ],
    [
      "float64 by planes",
      [
        [0, 1, 1, Math.PI, 0, -1],
        [0, 1, 2, 1, 0, -1],
      ],
      // IEEE 754: 400921fb54442d18 and 3ff0000000000000, last bytes first
      "01 02 00 00 02 00 02 02 02 1800 2d00 4400 5400 fb00 2100 09f0 403f 00 00 00 00",
    ],
  ])("%s", (_name, rows, hex) => {
    const columns = columnsOf(rows);
    const body = packSegment(columns);
    expect(inflateSync(body).toString("hex")).toBe(hex.replaceAll(" ", ""));
    expect(unpackSegment(body, rows.length)).toEqual(columns);
  });
});

const reading = fc.tuple(
  fc.integer({ min: 0, max: 253_402_300_799_000 }),
  fc.integer({ min: 1, max: 100_000 }),
  fc.integer({ min: 1, max: 0xffffffff }),
  fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.integer(),
    fc.integer().map((value) => value / 1000),
    fc.constantFrom(-0, Number.MAX_VALUE, Number.MIN_VALUE, 2 ** 53, -(2 ** 51), 0.1 + 0.2),
  ),
  fc.integer({ min: 0, max: 2 }),
  fc.integer({ min: -1, max: 0xffffffff }),
);

test("whatever goes in comes out, bit for bit", () => {
  fc.assert(
    fc.property(fc.array(reading, { minLength: 1, maxLength: 200 }), (rows) => {
      expect(unpackSegment(packSegment(columnsOf(rows)), rows.length)).toEqual(columnsOf(rows));
    }),
  );
});

describe("damage", () => {
  const rows = Array.from({ length: 300 }, (_, i) => [i * 60_000, 3, i + 1, Math.sin(i), 0, -1]);
  const body = packSegment(columnsOf(rows));

  test("every bit that matters is noticed when it changes", () => {
    let harmless = 0;
    for (let bit = 0; bit < body.length * 8; bit += 3) {
      const bad = Buffer.from(body);
      bad[bit >> 3] = (bad[bit >> 3] as number) ^ (1 << (bit & 7));
      try {
        expect(unpackSegment(bad, rows.length)).toEqual(columnsOf(rows));
        harmless++;
      } catch (error) {
        expect(error).toBeInstanceOf(ColumnDamage);
      }
    }
    // Deflate leaves some bits before the checksum unused.
    expect(harmless).toBeLessThan(8);
  });

  test.each([0, 1, 2, 40, body.length - 1])("cut to %i bytes", (length) => {
    expect(() => unpackSegment(body.subarray(0, length), rows.length)).toThrow(ColumnDamage);
  });

  test("another number of readings than the row says", () => {
    expect(() => unpackSegment(body, rows.length - 1)).toThrow("300 readings in place of 299");
  });

  test("more than a segment has", () => {
    const many = Array.from({ length: SEGMENT_MAX_READINGS + 1 }, (_, i) => [i, 1, i + 1, i, 0, -1]);
    expect(() => unpackSegment(packSegment(columnsOf(many)), many.length)).toThrow(ColumnDamage);
  });

  test("rollups of a day", () => {
    const bucket = { ...emptyBucket(), count: 2, sum: 3, min: 1, max: 2, firstMs: 10, first: 1, lastMs: 20, last: 2 };
    const packed = packBuckets(
      new Map([[5, { ...bucket, firstMs: 5 * HOUR_MS + 10, lastMs: 5 * HOUR_MS + 20 }]]),
      HOUR_MS,
    );
    expect([...unpackBuckets(packed, 0, HOUR_MS)]).toEqual([
      [5, { ...bucket, firstMs: 5 * HOUR_MS + 10, lastMs: 5 * HOUR_MS + 20 }],
    ]);
    expect(() => unpackBuckets(packed.subarray(0, -1), 0, HOUR_MS)).toThrow(ColumnDamage);
  });
});
