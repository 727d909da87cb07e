/**
 * One stream of several boards that stood in one place one after the other: all that each has ever sent, in the order of time.
 * Nothing is cut at the time of the change: the new board has measured before somebody said so, and what the old one still held
 * may come late.
 */
import { type Bucket, emptyBucket, mergeBucket } from "./bucket.ts";
import type { Buckets } from "./bucket-source.ts";
import type { ReadingKey, ReadingRange, ReadingRow } from "./reading-source.ts";
import type { Instant, Series } from "./series.ts";

export class JoinedSeries implements Series {
  readonly #parts: readonly Series[];

  constructor(parts: readonly Series[]) {
    this.#parts = parts;
  }

  span() {
    const spans = this.#parts.map((part) => part.span()).filter((span) => span !== null);
    if (spans.length === 0) return null;
    return {
      firstMs: Math.min(...spans.map(({ firstMs }) => firstMs)),
      lastMs: Math.max(...spans.map(({ lastMs }) => lastMs)),
      count: spans.reduce((sum, { count }) => sum + count, 0),
    };
  }

  rawFromMs(): number {
    return Math.max(...this.#parts.map((part) => part.rawFromMs()));
  }

  rollupsFromMs(): number {
    return Math.max(...this.#parts.map((part) => part.rollupsFromMs()));
  }

  page(range: Omit<ReadingRange, "streamId">): ReadingRow[] {
    const rows = this.#parts.filter((part) => this.#meets(part, range)).flatMap((part) => part.page(range));
    return rows.sort(byKey).slice(0, range.limit);
  }

  before(key: ReadingKey): ReadingRow | undefined {
    return this.#parts
      .map((part) => part.before(key))
      .filter((row) => row !== undefined)
      .sort(byKey)
      .at(-1);
  }

  last(): Instant | null {
    const lasts = this.#parts.map((part) => part.last()).filter((last) => last !== null);
    return lasts.reduce<Instant | null>(
      (best, last) => (best !== null && best.timeMs > last.timeMs ? best : last),
      null,
    );
  }

  async sumUp(edgesMs: readonly number[], isWanted: () => boolean): Promise<Buckets> {
    const buckets = Array.from({ length: edgesMs.length - 1 }, emptyBucket);
    let isApproximate = false;
    for (const part of this.#parts) {
      const found = await part.sumUp(edgesMs, isWanted);
      found.buckets.forEach((bucket, i) => mergeBucket(buckets[i] as Bucket, bucket));
      isApproximate ||= found.isApproximate;
    }
    return { buckets, isApproximate };
  }

  #meets(part: Series, { fromMs, toMs }: { fromMs: number; toMs: number }): boolean {
    const span = part.span();
    return span !== null && span.firstMs < toMs && span.lastMs >= fromMs;
  }
}

/** As readings lie in the table; ids of epochs are of the whole database. */
function byKey(a: ReadingKey, b: ReadingKey): number {
  return a.timeMs - b.timeMs || a.epochId - b.epochId || a.sequence - b.sequence;
}
