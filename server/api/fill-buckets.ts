/** What stands in buckets without readings. */
import type { Bucket } from "../store/bucket.ts";

export type Fill = "none" | "null" | "zero" | "previous" | "linear";

export interface ShownBucket {
  time: string;
  count: number;
  sum: number | null;
  mean: number | null;
  min: number | null;
  max: number | null;
  first: number | null;
  last: number | null;
}

/** `before` is the last value before the first edge, and `after` the first one from the last edge on, where they are known. */
export interface Neighbours {
  before: { timeMs: number; value: number } | null;
  after: { timeMs: number; value: number } | null;
}

export function showBuckets(
  buckets: readonly Bucket[],
  edgesMs: readonly number[],
  fill: Fill,
  { before, after }: Neighbours,
): ShownBucket[] {
  const shown: ShownBucket[] = [];
  let left = before;
  for (const [i, bucket] of buckets.entries()) {
    const startMs = edgesMs[i] as number;
    const time = new Date(startMs).toISOString();
    if (bucket.count > 0) {
      left = { timeMs: bucket.lastMs, value: bucket.last };
      const { count, sum, min, max, first, last } = bucket;
      shown.push({ time, count, sum, mean: sum / count, min, max, first, last });
    } else if (fill === "zero") {
      shown.push({ time, count: 0, sum: 0, mean: 0, min: 0, max: 0, first: 0, last: 0 });
    } else if (fill === "previous") {
      shown.push(empty(time, left?.value ?? null));
    } else if (fill === "linear") {
      const next = buckets.find((other, j) => j > i && other.count > 0);
      const right = next === undefined ? after : { timeMs: next.firstMs, value: next.first };
      const middleMs = (startMs + (edgesMs[i + 1] as number)) / 2;
      shown.push(empty(time, left === null || right === null ? null : between(left, right, middleMs)));
    } else if (fill === "null") {
      shown.push(empty(time, null));
    }
  }
  return shown;
}

function between(left: { timeMs: number; value: number }, right: { timeMs: number; value: number }, timeMs: number) {
  const share = (timeMs - left.timeMs) / (right.timeMs - left.timeMs);
  return left.value + (right.value - left.value) * share;
}

/** A value that is made up has no sum. */
function empty(time: string, value: number | null): ShownBucket {
  return { time, count: 0, sum: null, mean: value, min: value, max: value, first: value, last: value };
}
