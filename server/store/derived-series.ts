/**
 * Streams that are computed from others whenever they are asked for; nothing of them is stored.
 *
 * - linear: a x + b of each reading, for units;
 * - difference: how far the counter has gone on since the reading before. Where it has gone back it began again at zero, so what
 *   it shows is the difference. The first reading of all has none;
 * - alias: sections of streams joined in time, as when a board was replaced.
 *
 * Readings keep the epoch and the sequence number that they have where they are from.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import { EXPORT_STEP_ROWS } from "../limits.ts";
import { addReading, type Bucket, emptyBucket, mergeBucket } from "./bucket.ts";
import type { Buckets } from "./bucket-source.ts";
import type { ReadingKey, ReadingRange, ReadingRow } from "./reading-source.ts";
import { clip, type Instant, keyAt, type Series } from "./series.ts";

type PageRange = Omit<ReadingRange, "streamId">;

export class LinearSeries implements Series {
  readonly #source: Series;
  readonly #factor: number;
  readonly #offset: number;

  constructor(source: Series, factor: number, offset: number) {
    this.#source = source;
    this.#factor = factor;
    this.#offset = offset;
  }

  span() {
    return this.#source.span();
  }

  rawFromMs(): number {
    return this.#source.rawFromMs();
  }

  rollupsFromMs(): number {
    return this.#source.rollupsFromMs();
  }

  page(range: PageRange): ReadingRow[] {
    return this.#source.page(range).map((row) => this.#convert(row));
  }

  before(key: ReadingKey): ReadingRow | undefined {
    const row = this.#source.before(key);
    return row && this.#convert(row);
  }

  last(): Instant | null {
    const last = this.#source.last();
    return last && { ...last, value: this.#of(last.value) };
  }

  async sumUp(edgesMs: readonly number[], isWanted: () => boolean): Promise<Buckets> {
    const { buckets, isApproximate } = await this.#source.sumUp(edgesMs, isWanted);
    return { buckets: buckets.map((bucket) => this.#convertBucket(bucket)), isApproximate };
  }

  #of(value: number): number {
    return this.#factor * value + this.#offset;
  }

  #convert(row: ReadingRow): ReadingRow {
    return { ...row, value: this.#of(row.value) };
  }

  #convertBucket(bucket: Bucket): Bucket {
    if (bucket.count === 0) return bucket;
    const [min, max] = [this.#of(bucket.min), this.#of(bucket.max)];
    return {
      ...bucket,
      sum: this.#factor * bucket.sum + this.#offset * bucket.count,
      min: Math.min(min, max),
      max: Math.max(min, max),
      first: this.#of(bucket.first),
      last: this.#of(bucket.last),
    };
  }
}

export class DifferenceSeries implements Series {
  readonly #source: Series;

  constructor(source: Series) {
    this.#source = source;
  }

  span() {
    return this.#source.span();
  }

  rawFromMs(): number {
    return this.#source.rawFromMs();
  }

  rollupsFromMs(): number {
    return this.#source.rollupsFromMs();
  }

  page(range: PageRange): ReadingRow[] {
    // One more than asked for, where the first of all falls out.
    const rows = this.#source.page({ ...range, limit: range.limit + 1 });
    const first = rows[0];
    let before = first && this.#source.before(first)?.value;
    const found: ReadingRow[] = [];
    for (const row of rows) {
      if (before !== undefined) found.push({ ...row, value: difference(before, row.value) });
      before = row.value;
    }
    return found.slice(0, range.limit);
  }

  before(key: ReadingKey): ReadingRow | undefined {
    const row = this.#source.before(key);
    const earlier = row && this.#source.before(row);
    return row && earlier && { ...row, value: difference(earlier.value, row.value) };
  }

  last(): Instant | null {
    const last = this.#source.last();
    const row = last === null ? undefined : this.before(keyAt(last.timeMs + 1));
    return row === undefined ? null : { timeMs: row.timeMs, value: row.value };
  }

  /** From readings. Where they are gone: from the first and last values of the source's buckets, which pass over resets inside. */
  async sumUp(edgesMs: readonly number[], isWanted: () => boolean): Promise<Buckets> {
    const buckets = Array.from({ length: edgesMs.length - 1 }, emptyBucket);
    const fromMs = edgesMs[0] as number;
    const rawFromMs = Math.max(fromMs, Math.min(this.rawFromMs(), edgesMs.at(-1) as number));
    const old = rawFromMs > fromMs ? await this.#oldOnes(edgesMs, rawFromMs, buckets, isWanted) : null;
    let after: ReadingKey | null = null;
    let at = 0;
    let before = old ?? undefined;
    while (isWanted()) {
      const range: PageRange = { fromMs: rawFromMs, toMs: edgesMs.at(-1) as number, after, limit: EXPORT_STEP_ROWS };
      const rows = this.#source.page(range);
      const first = rows[0];
      if (first !== undefined) before ??= this.#source.before(first)?.value;
      for (const { timeMs, value } of rows) {
        while (timeMs >= (edgesMs[at + 1] as number)) at++;
        if (before !== undefined) addReading(buckets[at] as Bucket, timeMs, difference(before, value));
        before = value;
      }
      const last = rows.at(-1);
      if (last === undefined || rows.length < EXPORT_STEP_ROWS) break;
      after = last;
      await nextTurn();
    }
    return { buckets, isApproximate: old !== null };
  }

  /** What is before the readings that are still there; returns the last value. */
  async #oldOnes(
    edgesMs: readonly number[],
    toMs: number,
    into: Bucket[],
    isWanted: () => boolean,
  ): Promise<number | null> {
    const edges = [...edgesMs.filter((edge) => edge < toMs), toMs];
    const { buckets } = await this.#source.sumUp(edges, isWanted);
    let before = this.#source.before(keyAt(edges[0] as number))?.value;
    buckets.forEach(({ count, firstMs, first, lastMs, last }, i) => {
      if (count === 0) return;
      if (before !== undefined) addReading(into[i] as Bucket, firstMs, difference(before, first));
      if (count > 1) addReading(into[i] as Bucket, lastMs, difference(first, last));
      before = last;
    });
    return before ?? null;
  }
}

export interface AliasSection {
  series: Series;
  fromMs: number;
  toMs: number;
}

export class AliasSeries implements Series {
  /** In time, without overlap. */
  readonly #sections: AliasSection[];

  constructor(sections: AliasSection[]) {
    this.#sections = sections;
  }

  /** How many there are is the sum over the streams, also where a section has only a part of one. */
  span() {
    const spans = this.#sections.flatMap(({ series, fromMs, toMs }) => {
      const span = series.span();
      if (span === null || span.lastMs < fromMs || span.firstMs >= toMs) return [];
      return [{ ...span, firstMs: Math.max(span.firstMs, fromMs), lastMs: Math.min(span.lastMs, toMs - 1) }];
    });
    const [first] = spans;
    const last = spans.at(-1);
    if (first === undefined || last === undefined) return null;
    const count = spans.reduce((sum, span) => sum + span.count, 0);
    return { firstMs: first.firstMs, lastMs: last.lastMs, count };
  }

  rawFromMs(): number {
    return this.#latest((series) => series.rawFromMs());
  }

  rollupsFromMs(): number {
    return this.#latest((series) => series.rollupsFromMs());
  }

  page(range: PageRange): ReadingRow[] {
    const rows: ReadingRow[] = [];
    for (const section of this.#sections) {
      const part = clip(range, section.fromMs, section.toMs);
      if (part.fromMs >= part.toMs || (range.after !== null && range.after.timeMs >= part.toMs)) continue;
      const isWithin = range.after !== null && range.after.timeMs >= section.fromMs;
      const left = range.limit - rows.length;
      rows.push(...section.series.page({ ...part, after: isWithin ? range.after : null, limit: left }));
      if (rows.length >= range.limit) break;
    }
    return rows;
  }

  before(key: ReadingKey): ReadingRow | undefined {
    for (const { series, fromMs, toMs } of this.#sections.toReversed()) {
      if (fromMs > key.timeMs) continue;
      const row = series.before(key.timeMs < toMs ? key : keyAt(toMs));
      if (row !== undefined && row.timeMs >= fromMs) return row;
    }
    return undefined;
  }

  last(): Instant | null {
    const row = this.before(keyAt(Number.MAX_SAFE_INTEGER));
    return row === undefined ? null : { timeMs: row.timeMs, value: row.value };
  }

  async sumUp(edgesMs: readonly number[], isWanted: () => boolean): Promise<Buckets> {
    const buckets = Array.from({ length: edgesMs.length - 1 }, emptyBucket);
    let isApproximate = false;
    for (const section of this.#sections) {
      const part = clip({ fromMs: edgesMs[0] as number, toMs: edgesMs.at(-1) as number }, section.fromMs, section.toMs);
      if (part.fromMs >= part.toMs) continue;
      const start = edgesMs.findLastIndex((edge) => edge <= part.fromMs);
      const inner = edgesMs.filter((edge) => edge > part.fromMs && edge < part.toMs);
      const found = await section.series.sumUp([part.fromMs, ...inner, part.toMs], isWanted);
      found.buckets.forEach((bucket, i) => mergeBucket(buckets[start + i] as Bucket, bucket));
      isApproximate ||= found.isApproximate;
    }
    return { buckets, isApproximate };
  }

  #latest(of: (series: Series) => number): number {
    const limits = this.#sections.map(({ series, fromMs, toMs }) => {
      const limit = Math.min(of(series), toMs);
      return limit > fromMs ? limit : 0;
    });
    return Math.max(0, ...limits);
  }
}

function difference(before: number, value: number): number {
  return value >= before ? value - before : value;
}
