/** What can be asked of a stream, stored or derived. */
import type { BucketSource, Buckets } from "./bucket-source.ts";
import { DAY_MS } from "./day.ts";
import type { ReadingKey, ReadingRange, ReadingRow, ReadingSource } from "./reading-source.ts";

export interface Instant {
  timeMs: number;
  value: number;
}

export interface SeriesRange {
  fromMs: number;
  /** Not included. */
  toMs: number;
}

export interface Series {
  /** Of the oldest and of the newest reading that there ever was, and how many; null: none yet. */
  span(): { firstMs: number; lastMs: number; count: number } | null;
  /** Readings before this time have been deleted; 0: none. */
  rawFromMs(): number;
  rollupsFromMs(): number;
  page(range: Omit<ReadingRange, "streamId">): ReadingRow[];
  /** The last one before a key. */
  before(key: ReadingKey): ReadingRow | undefined;
  last(): Instant | null;
  /** Edges rise. `isWanted` is asked now and then; what comes when nobody wants it any more is of no use. */
  sumUp(edgesMs: readonly number[], isWanted: () => boolean): Promise<Buckets>;
}

export interface StoredFigures {
  id: number;
  count: number;
  firstTimeMs: number;
  lastTimeMs: number;
  lastValue: number;
  rawFromDay: number;
  rollupsFromDay: number;
}

/** A stream of a device. What is left of a day that is being deleted, or came too late for it, is not shown as readings. */
export class StoredSeries implements Series {
  readonly #figures: StoredFigures;
  readonly #readings: ReadingSource;
  readonly #buckets: BucketSource;

  constructor(figures: StoredFigures, readings: ReadingSource, buckets: BucketSource) {
    this.#figures = figures;
    this.#readings = readings;
    this.#buckets = buckets;
  }

  span() {
    const { count, firstTimeMs, lastTimeMs } = this.#figures;
    return count === 0 ? null : { firstMs: firstTimeMs, lastMs: lastTimeMs, count };
  }

  rawFromMs(): number {
    return this.#figures.rawFromDay * DAY_MS;
  }

  rollupsFromMs(): number {
    return this.#figures.rollupsFromDay * DAY_MS;
  }

  page(range: Omit<ReadingRange, "streamId">): ReadingRow[] {
    const fromMs = Math.max(range.fromMs, this.rawFromMs());
    return this.#readings.page({ ...range, fromMs, streamId: this.#figures.id });
  }

  before(key: ReadingKey): ReadingRow | undefined {
    const row = this.#readings.before(this.#figures.id, key);
    return row !== undefined && row.timeMs >= this.rawFromMs() ? row : undefined;
  }

  last(): Instant | null {
    const { count, lastTimeMs, lastValue } = this.#figures;
    return count === 0 ? null : { timeMs: lastTimeMs, value: lastValue };
  }

  sumUp(edgesMs: readonly number[], isWanted: () => boolean): Promise<Buckets> {
    return this.#buckets.sumUp(this.#figures.id, edgesMs, isWanted);
  }
}

/** A key before all of this time. */
export function keyAt(timeMs: number): ReadingKey {
  return { timeMs, epochId: -1, sequence: -1 };
}

export function clip(range: SeriesRange, fromMs: number, toMs: number): SeriesRange {
  return { fromMs: Math.max(range.fromMs, fromMs), toMs: Math.min(range.toMs, toMs) };
}
