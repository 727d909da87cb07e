/**
 * The readings of a stream in their order, out of the table and out of segments. Every call is one short transaction, so it sees
 * each reading in one of the two places; between two calls readings may move, which changes no key, so that a cursor stays right.
 */
import type Database from "better-sqlite3";
import { dayOf } from "./day.ts";
import type { ReadingColumns } from "./segment-format.ts";
import { type SegmentMeta, UnpackedSegments } from "./unpacked-segments.ts";

export interface ReadingRow {
  timeMs: number;
  value: number;
  epochId: number;
  epoch: number;
  sequence: number;
  clock: number;
  errorS: number | null;
}

export interface ReadingKey {
  timeMs: number;
  epochId: number;
  sequence: number;
}

export interface ReadingRange {
  streamId: number;
  fromMs: number;
  /** Not included. */
  toMs: number;
  after: ReadingKey | null;
  limit: number;
}

/** Segments looked up at once. A day of a stream seldom has more. */
const META_STEP = 64;

export class ReadingSource {
  readonly segments: UnpackedSegments;
  readonly #sql: ReturnType<typeof prepare>;
  readonly #epochs = new Map<number, number>();
  readonly #page: (range: ReadingRange) => ReadingRow[];
  readonly #before: (streamId: number, key: ReadingKey) => ReadingRow | undefined;

  constructor(db: Database.Database) {
    this.segments = new UnpackedSegments(db);
    this.#sql = prepare(db);
    this.#page = db.transaction((range: ReadingRange) => this.#readPage(range));
    this.#before = db.transaction((streamId: number, key: ReadingKey) => this.#readBefore(streamId, key));
  }

  page(range: ReadingRange): ReadingRow[] {
    return this.#page(range);
  }

  /** The last one before this key. */
  before(streamId: number, key: ReadingKey): ReadingRow | undefined {
    return this.#before(streamId, key);
  }

  #readPage(range: ReadingRange): ReadingRow[] {
    const { streamId, toMs, limit } = range;
    const after = range.after ?? { timeMs: range.fromMs, epochId: -1, sequence: -1 };
    // SQLite searches by this bound alone; the comparison of rows only sorts out what shares its millisecond.
    const fromMs = Math.max(range.fromMs, after.timeMs);
    const rows = this.#sql.rows.all({ streamId, fromMs, toMs, limit, ...after });
    const packed = this.#packed(streamId, { ...after, timeMs: fromMs }, after, toMs, limit);
    if (packed.length === 0) return rows;
    if (rows.length === 0) return packed;
    return merge(rows, packed).slice(0, limit);
  }

  /** The first `limit` packed readings after a key. */
  #packed(streamId: number, from: ReadingKey, after: ReadingKey, toMs: number, limit: number): ReadingRow[] {
    let found: ReadingRow[] = [];
    let day = dayOf(from.timeMs);
    const dayEnd = dayOf(toMs - 1) + 1;
    while (day < dayEnd && found.length < limit) {
      let metas = this.segments.from(streamId, day, dayEnd, META_STEP);
      const lastDay = metas.at(-1)?.day;
      if (lastDay === undefined) break;
      if (metas.length === META_STEP) {
        const whole = metas.filter((meta) => meta.day < lastDay);
        // A day is taken whole, for its segments may overlap.
        metas = whole.length > 0 ? whole : this.segments.from(streamId, lastDay, lastDay + 1, Number.MAX_SAFE_INTEGER);
      }
      found = found.concat(this.#takeDays(streamId, metas, after, from.timeMs, toMs, limit - found.length));
      day = (metas.at(-1)?.day ?? lastDay) + 1;
    }
    return found;
  }

  /** Segments are unpacked one by one, as long as one that is still packed may begin before what would be the last reading. */
  #takeDays(
    streamId: number,
    metas: SegmentMeta[],
    after: ReadingKey,
    fromMs: number,
    toMs: number,
    limit: number,
  ): ReadingRow[] {
    let found: ReadingRow[] = [];
    for (const meta of metas) {
      if (meta.firstMs >= toMs) continue;
      if (meta.lastMs < fromMs) continue;
      const bound = found[limit - 1];
      if (bound !== undefined && bound.timeMs < meta.firstMs) break;
      const columns = this.segments.unpack(streamId, meta);
      const part = this.#rowsOf(columns, after, fromMs, toMs, limit);
      const lastFound = found.at(-1);
      const first = part[0];
      if (first === undefined) continue;
      if (lastFound === undefined || compareKeys(lastFound, first) < 0) found = found.concat(part);
      else found = merge(found, part);
    }
    return found.slice(0, limit);
  }

  #rowsOf(columns: ReadingColumns, after: ReadingKey, fromMs: number, toMs: number, limit: number): ReadingRow[] {
    const rows: ReadingRow[] = [];
    const { timesMs } = columns;
    for (let i = firstAtOrAfter(timesMs, fromMs); i < timesMs.length && rows.length < limit; i++) {
      const row = this.#rowAt(columns, i);
      if (row.timeMs >= toMs) break;
      if (compareKeys(row, after) > 0) rows.push(row);
    }
    return rows;
  }

  #rowAt(columns: ReadingColumns, i: number): ReadingRow {
    const epochId = columns.epochIds[i] as number;
    const errorS = columns.errorsS[i] as number;
    return {
      timeMs: columns.timesMs[i] as number,
      value: columns.values[i] as number,
      epochId,
      epoch: this.#epoch(epochId),
      sequence: columns.sequences[i] as number,
      clock: columns.clocks[i] as number,
      errorS: errorS < 0 ? null : errorS,
    };
  }

  #epoch(id: number): number {
    let epoch = this.#epochs.get(id);
    if (epoch === undefined) {
      if (this.#epochs.size >= EPOCHS_MAX) this.#epochs.clear();
      epoch = this.#sql.epoch.get(id) ?? 0;
      this.#epochs.set(id, epoch);
    }
    return epoch;
  }

  #readBefore(streamId: number, key: ReadingKey): ReadingRow | undefined {
    let best = this.#sql.rowBefore.get({ streamId, ...key });
    let day = dayOf(key.timeMs);
    for (;;) {
      const newest = this.segments.newestDay(streamId, day, key.timeMs);
      if (newest === undefined || (best !== undefined && newest < dayOf(best.timeMs))) return best;
      // Readings of a day can be in any of its segments, those of another day in none.
      for (const meta of this.segments.from(streamId, newest, newest + 1, Number.MAX_SAFE_INTEGER).reverse()) {
        if (meta.firstMs > key.timeMs || (best !== undefined && meta.lastMs < best.timeMs)) continue;
        const row = this.#lastBefore(this.segments.unpack(streamId, meta), key);
        if (row !== undefined && (best === undefined || compareKeys(row, best) > 0)) best = row;
      }
      day = newest - 1;
    }
  }

  #lastBefore(columns: ReadingColumns, key: ReadingKey): ReadingRow | undefined {
    for (let i = firstAtOrAfter(columns.timesMs, key.timeMs + 1) - 1; i >= 0; i--) {
      const row = this.#rowAt(columns, i);
      if (compareKeys(row, key) < 0) return row;
    }
    return undefined;
  }
}

/** Epochs of which the number is remembered. */
const EPOCHS_MAX = 10_000;

export function compareKeys(a: ReadingKey, b: ReadingKey): number {
  return a.timeMs - b.timeMs || a.epochId - b.epochId || a.sequence - b.sequence;
}

/** Each key once. */
function merge(a: ReadingRow[], b: ReadingRow[]): ReadingRow[] {
  const rows: ReadingRow[] = [];
  let [i, j] = [0, 0];
  for (;;) {
    const left = a[i];
    const right = b[j];
    if (left === undefined && right === undefined) return rows;
    const order = left === undefined ? 1 : right === undefined ? -1 : compareKeys(left, right);
    rows.push((order <= 0 ? left : right) as ReadingRow);
    if (order <= 0) i++;
    if (order >= 0) j++;
  }
}

export function firstAtOrAfter(timesMs: Float64Array, timeMs: number): number {
  let [low, high] = [0, timesMs.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((timesMs[middle] as number) < timeMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** A row whose value is no number is moved away by the sealer, and counted. */
const IS_SOUND = "typeof(r.value) IN ('integer', 'real')";
const COLUMNS = `r.time_ms AS timeMs, r.value, r.epoch_id AS epochId, e.epoch, r.sequence, r.clock, r.error_s AS errorS
       FROM readings r JOIN epochs e ON e.id = r.epoch_id`;

function prepare(db: Database.Database) {
  return {
    rows: db.prepare<[ReadingKey & Omit<ReadingRange, "after">], ReadingRow>(
      `SELECT ${COLUMNS}
       WHERE ${IS_SOUND} AND r.stream_id = @streamId AND r.time_ms >= @fromMs AND r.time_ms < @toMs
         AND (r.time_ms, r.epoch_id, r.sequence) > (@timeMs, @epochId, @sequence)
       ORDER BY r.time_ms, r.epoch_id, r.sequence LIMIT @limit`,
    ),
    rowBefore: db.prepare<[ReadingKey & { streamId: number }], ReadingRow>(
      `SELECT ${COLUMNS}
       WHERE ${IS_SOUND} AND r.stream_id = @streamId AND r.time_ms <= @timeMs
         AND (r.time_ms, r.epoch_id, r.sequence) < (@timeMs, @epochId, @sequence)
       ORDER BY r.time_ms DESC, r.epoch_id DESC, r.sequence DESC LIMIT 1`,
    ),
    epoch: db.prepare<[number], number>("SELECT epoch FROM epochs WHERE id = ?").pluck(),
  };
}
