/**
 * The hours or the minutes of a day, packed: the content of `hour_rollups.body` and `minute_rollups.body`. Deflate in the zlib
 * format, of a version byte, the number of buckets that are not empty, and nine columns (store/column-codec.ts): places in
 * the day, counts, times of the first and of the last reading in ms since the bucket began; then sums, minima, maxima, first and
 * last values.
 */
import { deflateSync } from "node:zlib";
import type { Bucket, DayBuckets } from "./bucket.ts";
import { ColumnDamage, ColumnReader, ColumnWriter } from "./column-codec.ts";
import { MINUTE_MS, MINUTES_A_DAY } from "./day.ts";
import { inflate } from "./segment-format.ts";

const VERSION = 1;
const BODY_MAX_BYTES = MINUTES_A_DAY * 9 * 8 + 64;
const VALUES = ["sum", "min", "max", "first", "last"] as const;

/** `stepMs` is the length of a bucket. */
export function packBuckets(buckets: DayBuckets, stepMs: number): Buffer {
  const rows = [...buckets].sort(([a], [b]) => a - b);
  const writer = new ColumnWriter();
  writer.byte(VERSION);
  writer.varint(rows.length);
  writer.integers(rows.map(([place]) => place));
  writer.integers(rows.map(([, { count }]) => count));
  writer.integers(rows.map(([, { firstMs }]) => firstMs % stepMs));
  writer.integers(rows.map(([, { lastMs }]) => lastMs % stepMs));
  for (const value of VALUES) writer.numbers(rows.map(([, bucket]) => bucket[value]));
  // A minute at a time is packed again and again while a busy day is sealed: fast rather than small.
  return deflateSync(writer.written(), stepMs === MINUTE_MS ? { level: 1 } : {});
}

/** Throws ColumnDamage. */
export function unpackBuckets(body: Uint8Array, dayStartMs: number, stepMs: number): DayBuckets {
  const reader = new ColumnReader(inflate(body, BODY_MAX_BYTES));
  if (reader.byte() !== VERSION) throw new ColumnDamage("rollups of another version");
  const length = reader.varint();
  if (length > MINUTES_A_DAY) throw new ColumnDamage(`${length} buckets in a day`);
  const places = reader.integers(length);
  const counts = reader.integers(length);
  const firsts = reader.integers(length);
  const lasts = reader.integers(length);
  const [sums, mins, maxs, firstValues, lastValues] = VALUES.map(() => reader.numbers(length)) as FiveColumns;
  if (!reader.isAtEnd) throw new ColumnDamage("bytes after the last column");
  const buckets: DayBuckets = new Map();
  for (let i = 0; i < length; i++) {
    const place = places[i] as number;
    const startMs = dayStartMs + place * stepMs;
    buckets.set(place, {
      count: counts[i] as number,
      sum: sums[i] as number,
      min: mins[i] as number,
      max: maxs[i] as number,
      firstMs: startMs + (firsts[i] as number),
      first: firstValues[i] as number,
      lastMs: startMs + (lasts[i] as number),
      last: lastValues[i] as number,
    } satisfies Bucket);
  }
  return buckets;
}

type FiveColumns = [Float64Array, Float64Array, Float64Array, Float64Array, Float64Array];
