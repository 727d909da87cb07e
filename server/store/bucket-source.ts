/**
 * Buckets over a stretch of time: from days, hours and minutes that are summed up, as far as the edges of the buckets allow, and
 * from readings where they do not, or where readings are not packed yet. So an answer is exact at every moment. Only where
 * readings are gone and an edge runs through what is left of them, it counts as the bucket in which its first reading is.
 *
 * A step looks at one day, or a few hundred readings, and gives the event loop back. A day that was packed in between two
 * of its steps is begun again.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import type Database from "better-sqlite3";
import { EXPORT_STEP_ROWS, ROLLUP_STEP_DAYS } from "../limits.ts";
import { addReading, type Bucket, emptyBucket, mergeBucket } from "./bucket.ts";
import { ColumnDamage } from "./column-codec.ts";
import { DAY_MS, dayOf, HOUR_MS, MINUTE_MS } from "./day.ts";
import { firstAtOrAfter } from "./reading-source.ts";
import { unpackBuckets } from "./rollup-format.ts";
import type { UnpackedSegments } from "./unpacked-segments.ts";

export interface Buckets {
  /** One fewer than edges. */
  buckets: Bucket[];
  /** An edge ran through rollups whose readings are gone. */
  isApproximate: boolean;
}

type DayRow = Bucket & { day: number };
/** A day is begun again this often, then read at one go. */
const ATTEMPTS = 3;
const SEGMENTS_A_STEP = 8;

export class BucketSource {
  readonly #sql: ReturnType<typeof prepare>;
  readonly #segments: UnpackedSegments;
  readonly #atOnce: <T>(act: () => T) => T;

  constructor(db: Database.Database, segments: UnpackedSegments) {
    this.#sql = prepare(db);
    this.#segments = segments;
    const once = db.transaction((act: () => unknown) => act());
    this.#atOnce = <T>(act: () => T) => once(act) as T;
  }

  /** Edges rise: bucket i is from edge i up to, not including, edge i + 1. */
  async sumUp(streamId: number, edgesMs: readonly number[], isWanted: () => boolean = () => true): Promise<Buckets> {
    const target = new Target(edgesMs);
    const endDay = dayOf(target.toMs - 1) + 1;
    let from = dayOf(target.fromMs);
    while (isWanted()) {
      // A range may be of all times; between two days with readings there may be centuries.
      const day = this.#sql.nextDay.get({ streamId, from });
      if (day === undefined || day === null || day >= endDay) break;
      const end = Math.min(day + ROLLUP_STEP_DAYS, endDay);
      from = end;
      for (const left of this.#takeWholeDays(streamId, day, end, target)) await this.#takeDay(streamId, left, target);
      await nextTurn();
    }
    return { buckets: target.buckets, isApproximate: target.isApproximate };
  }

  /** Days that lie within one bucket and are packed; the rest is returned. */
  #takeWholeDays(streamId: number, from: number, end: number, target: Target): number[] {
    const unsealed = new Set<number>();
    const days = this.#atOnce(() => {
      for (const day of this.#sql.unsealed.all(streamId, from, end)) unsealed.add(day);
      return this.#sql.days.all(streamId, from, end);
    });
    const left: number[] = [];
    for (const row of days) {
      if (unsealed.has(row.day)) continue;
      const startMs = row.day * DAY_MS;
      if (target.stepOf(startMs) === DAY_MS) target.merge(row);
      else left.push(row.day);
    }
    return [...left, ...unsealed].sort((a, b) => a - b);
  }

  async #takeDay(streamId: number, day: number, target: Target): Promise<void> {
    for (let attempt = 1; attempt < ATTEMPTS; attempt++) {
      const part = target.ofDay(day);
      const before = this.#versionOf(streamId, day);
      for (const piece of this.#pieces(streamId, day, part)) {
        piece();
        await nextTurn();
      }
      if (this.#versionOf(streamId, day) === before) {
        part.addTo(target);
        return;
      }
    }
    const part = target.ofDay(day);
    this.#atOnce(() => {
      for (const piece of this.#pieces(streamId, day, part)) piece();
    });
    part.addTo(target);
  }

  /** Another one whenever readings of the day were packed or deleted. */
  #versionOf(streamId: number, day: number): string {
    return `${this.#sql.packedOf.get(streamId, day)} ${this.#sql.rawFrom.get(streamId)}`;
  }

  /** What is to be done for a day, piece by piece. */
  *#pieces(streamId: number, day: number, target: Target): Generator<() => void> {
    yield* this.#packed(streamId, day, target);
    let after = { timeMs: Math.max(day * DAY_MS, target.fromMs), epochId: -1, sequence: -1 };
    const toMs = Math.min((day + 1) * DAY_MS, target.toMs);
    for (;;) {
      const rows = this.#sql.rows.all({ streamId, toMs, limit: EXPORT_STEP_ROWS, ...after });
      yield () => {
        for (const { timeMs, value } of rows) target.take(timeMs, value);
      };
      const last = rows.at(-1);
      if (last === undefined || rows.length < EXPORT_STEP_ROWS) return;
      after = last;
    }
  }

  *#packed(streamId: number, day: number, target: Target): Generator<() => void> {
    const row = this.#sql.day.get(streamId, day);
    if (row === undefined) return;
    const stepMs = target.stepOf(day * DAY_MS);
    const isRawThere = day >= (this.#sql.rawFrom.get(streamId) ?? 0);
    if (stepMs === DAY_MS) yield () => target.merge(row);
    else if (stepMs === HOUR_MS && this.#takeRollups("hour", streamId, day, target)) return;
    else if (stepMs >= MINUTE_MS && this.#takeRollups("minute", streamId, day, target)) return;
    else if (isRawThere) yield* this.#unpacked(streamId, day, target);
    else if (this.#takeRollups("minute", streamId, day, target)) return;
    else if (!this.#takeRollups("hour", streamId, day, target)) yield () => target.merge(row);
  }

  *#unpacked(streamId: number, day: number, target: Target): Generator<() => void> {
    const metas = this.#segments.from(streamId, day, day + 1, Number.MAX_SAFE_INTEGER);
    for (let at = 0; at < metas.length; at += SEGMENTS_A_STEP) {
      yield () => {
        for (const meta of metas.slice(at, at + SEGMENTS_A_STEP)) {
          if (meta.lastMs < target.fromMs || meta.firstMs >= target.toMs) continue;
          const { timesMs, values } = this.#segments.unpack(streamId, meta);
          const end = firstAtOrAfter(timesMs, target.toMs);
          for (let i = firstAtOrAfter(timesMs, target.fromMs); i < end; i++) {
            target.take(timesMs[i] as number, values[i] as number);
          }
        }
      };
    }
  }

  #takeRollups(kind: "hour" | "minute", streamId: number, day: number, target: Target): boolean {
    const body = this.#sql[kind].get(streamId, day);
    if (body === undefined) return false;
    try {
      const parts = unpackBuckets(body, day * DAY_MS, kind === "hour" ? HOUR_MS : MINUTE_MS);
      for (const bucket of parts.values()) target.merge(bucket);
      return true;
    } catch (error) {
      if (error instanceof ColumnDamage) return false;
      throw error;
    }
  }
}

/** The buckets that are filled; of a day: those that it is in. */
class Target {
  readonly buckets: Bucket[];
  isApproximate = false;
  readonly #edgesMs: readonly number[];
  /** Where the first bucket is among those of the whole. */
  readonly #offset: number;
  /** Of the bucket that took the last reading: the next one is near. */
  #at = 0;

  constructor(edgesMs: readonly number[], offset = 0) {
    this.#edgesMs = edgesMs;
    this.#offset = offset;
    this.buckets = Array.from({ length: edgesMs.length - 1 }, emptyBucket);
  }

  get fromMs(): number {
    return this.#edgesMs[0] as number;
  }

  get toMs(): number {
    return this.#edgesMs.at(-1) as number;
  }

  ofDay(day: number): Target {
    const start = Math.max(0, this.#firstEdgeAfter(day * DAY_MS) - 1);
    const end = Math.min(this.#edgesMs.length - 1, this.#firstEdgeAfter((day + 1) * DAY_MS - 1));
    return new Target(this.#edgesMs.slice(start, end + 1), start);
  }

  take(timeMs: number, value: number): void {
    const at = this.#find(timeMs);
    if (at >= 0) addReading(this.buckets[at] as Bucket, timeMs, value);
  }

  /** Something summed up, that lies in one bucket or is to count as such. */
  merge(bucket: Bucket): void {
    if (bucket.lastMs < this.fromMs || bucket.firstMs >= this.toMs) return;
    const at = this.#find(bucket.firstMs);
    if (at < 0 || at !== this.#find(bucket.lastMs)) this.isApproximate = true;
    if (at >= 0) mergeBucket(this.buckets[at] as Bucket, bucket);
  }

  addTo(whole: Target): void {
    this.buckets.forEach((bucket, i) => mergeBucket(whole.buckets[this.#offset + i] as Bucket, bucket));
    whole.isApproximate ||= this.isApproximate;
  }

  /** The longest of day, hour and minute that every edge within the day is a multiple of; less: 1. */
  stepOf(dayStartMs: number): number {
    let step = DAY_MS;
    for (let i = this.#firstEdgeAfter(dayStartMs); i < this.#edgesMs.length; i++) {
      const edge = this.#edgesMs[i] as number;
      if (edge >= dayStartMs + DAY_MS) break;
      while (edge % step !== 0) step = step === DAY_MS ? HOUR_MS : step === HOUR_MS ? MINUTE_MS : 1;
    }
    return step;
  }

  /** -1: outside. */
  #find(timeMs: number): number {
    const edges = this.#edgesMs;
    if (timeMs < this.fromMs || timeMs >= this.toMs) return -1;
    if (timeMs >= (edges[this.#at] as number) && timeMs < (edges[this.#at + 1] as number)) return this.#at;
    this.#at = this.#firstEdgeAfter(timeMs) - 1;
    return this.#at;
  }

  #firstEdgeAfter(timeMs: number): number {
    let [low, high] = [0, this.#edgesMs.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#edgesMs[middle] as number) <= timeMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

type RowKey = { timeMs: number; epochId: number; sequence: number };

function prepare(db: Database.Database) {
  const bucket = "count, sum, min, max, first_ms AS firstMs, first, last_ms AS lastMs, last";
  return {
    days: db.prepare<[number, number, number], DayRow>(
      `SELECT day, ${bucket} FROM day_rollups WHERE stream_id = ? AND day >= ? AND day < ?`,
    ),
    day: db.prepare<[number, number], DayRow>(`SELECT day, ${bucket} FROM day_rollups WHERE stream_id = ? AND day = ?`),
    /** Rises whenever readings of the day were packed. */
    packedOf: db
      .prepare<[number, number], number>("SELECT count FROM day_rollups WHERE stream_id = ? AND day = ?")
      .pluck(),
    unsealed: db
      .prepare<[number, number, number], number>(
        "SELECT day FROM unsealed WHERE stream_id = ? AND day >= ? AND day < ?",
      )
      .pluck(),
    nextDay: db
      .prepare<{ streamId: number; from: number }, number | null>(
        `SELECT min(day) FROM (
           SELECT min(day) AS day FROM day_rollups WHERE stream_id = @streamId AND day >= @from
           UNION ALL SELECT min(day) FROM unsealed WHERE stream_id = @streamId AND day >= @from)`,
      )
      .pluck(),
    rawFrom: db.prepare<[number], number>("SELECT raw_from_day FROM retained WHERE stream_id = ?").pluck(),
    hour: db.prepare<[number, number], Buffer>("SELECT body FROM hour_rollups WHERE stream_id = ? AND day = ?").pluck(),
    minute: db
      .prepare<[number, number], Buffer>("SELECT body FROM minute_rollups WHERE stream_id = ? AND day = ?")
      .pluck(),
    rows: db.prepare<[RowKey & { streamId: number; toMs: number; limit: number }], RowKey & { value: number }>(
      `SELECT time_ms AS timeMs, epoch_id AS epochId, sequence, value FROM readings
       WHERE stream_id = @streamId AND time_ms >= @timeMs AND time_ms < @toMs
         AND (time_ms, epoch_id, sequence) > (@timeMs, @epochId, @sequence)
         AND typeof(value) IN ('integer', 'real')
       ORDER BY time_ms, epoch_id, sequence LIMIT @limit`,
    ),
  };
}
