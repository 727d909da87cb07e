/**
 * What is known of the readings of a span of time. Merging is commutative and associative, so it does not matter in which order
 * readings came or were summed up (sums of fractions: but for rounding). For that, of several readings in the first millisecond
 * the smallest counts as the first, of several in the last one the largest as the last.
 */
export interface Bucket {
  count: number;
  sum: number;
  min: number;
  max: number;
  firstMs: number;
  first: number;
  lastMs: number;
  last: number;
}

export function emptyBucket(): Bucket {
  return {
    count: 0,
    sum: 0,
    min: Number.POSITIVE_INFINITY,
    max: Number.NEGATIVE_INFINITY,
    firstMs: Number.POSITIVE_INFINITY,
    first: 0,
    lastMs: Number.NEGATIVE_INFINITY,
    last: 0,
  };
}

export function addReading(bucket: Bucket, timeMs: number, value: number): void {
  bucket.count++;
  bucket.sum += value;
  if (value < bucket.min) bucket.min = value;
  if (value > bucket.max) bucket.max = value;
  takeFirst(bucket, timeMs, value);
  takeLast(bucket, timeMs, value);
}

export function mergeBucket(into: Bucket, from: Bucket): void {
  if (from.count === 0) return;
  into.count += from.count;
  into.sum += from.sum;
  if (from.min < into.min) into.min = from.min;
  if (from.max > into.max) into.max = from.max;
  takeFirst(into, from.firstMs, from.first);
  takeLast(into, from.lastMs, from.last);
}

/** Buckets of a day by their place in it: hours 0 to 23, or minutes 0 to 1439. */
export type DayBuckets = Map<number, Bucket>;

export function addToDay(buckets: DayBuckets, place: number, timeMs: number, value: number): void {
  addReading(bucketAt(buckets, place), timeMs, value);
}

export function mergeDays(into: DayBuckets, from: DayBuckets): void {
  for (const [place, bucket] of from) mergeBucket(bucketAt(into, place), bucket);
}

function bucketAt(buckets: DayBuckets, place: number): Bucket {
  let bucket = buckets.get(place);
  if (bucket === undefined) {
    bucket = emptyBucket();
    buckets.set(place, bucket);
  }
  return bucket;
}

function takeFirst(bucket: Bucket, timeMs: number, value: number): void {
  if (timeMs > bucket.firstMs || (timeMs === bucket.firstMs && value >= bucket.first)) return;
  bucket.firstMs = timeMs;
  bucket.first = value;
}

function takeLast(bucket: Bucket, timeMs: number, value: number): void {
  if (timeMs < bucket.lastMs || (timeMs === bucket.lastMs && value <= bucket.last)) return;
  bucket.lastMs = timeMs;
  bucket.last = value;
}
