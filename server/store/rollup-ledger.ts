/**
 * Rollups, written: of each day of a stream what was ever packed of it, summed up, and beside that its hours and minutes where
 * looking them up is worth while. What comes late is added; nothing is computed anew, so it can be added also where the
 * readings themselves are gone.
 */
import type Database from "better-sqlite3";
import { HOURS_FROM_READINGS, SEGMENT_MAX_READINGS } from "../limits.ts";
import { addReading, addToDay, type Bucket, type DayBuckets, emptyBucket, mergeBucket, mergeDays } from "./bucket.ts";
import { ColumnDamage } from "./column-codec.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "./day.ts";
import { packBuckets, unpackBuckets } from "./rollup-format.ts";
import type { ReadingColumns } from "./segment-format.ts";

type Body = { body: Buffer };

export class RollupLedger {
  readonly #sql: ReturnType<typeof prepare>;

  constructor(db: Database.Database) {
    this.#sql = prepare(db);
  }

  /**
   * Readings that have not been summed up yet. `packedBefore` gives those that have, as far as they are there; they are few
   * where it is asked. `isKept`: the readings of this day are kept, so what is not made now can still be made later.
   */
  add(
    streamId: number,
    day: number,
    fresh: ReadingColumns,
    packedBefore: () => ReadingColumns[],
    isKept: boolean,
  ): void {
    const whole = this.#sql.day.get(streamId, day) ?? emptyBucket();
    const countBefore = whole.count;
    mergeBucket(whole, sumUp(fresh));
    if (whole.count === 0) return;
    this.#sql.setDay.run({ ...whole, streamId, day });
    // A day that is new and not kept is whole in what comes now; one whose minutes were deleted has none any more.
    const isNew = !isKept && countBefore === 0;
    const parts = { packedBefore, fresh };
    this.#addTo("hour", streamId, day, parts, isNew || (isKept && whole.count >= HOURS_FROM_READINGS));
    this.#addTo("minute", streamId, day, parts, isNew || (isKept && whole.count > SEGMENT_MAX_READINGS));
  }

  /** Before the readings of a day go. */
  keep(kind: "hour" | "minute", streamId: number, day: number, packed: () => ReadingColumns[]): void {
    const { get, set, stepMs } = this.#of(kind);
    if (get.get(streamId, day) === undefined) set.run(streamId, day, packBuckets(split(packed(), day, stepMs), stepMs));
  }

  deleteMinutes(streamId: number, day: number): void {
    this.#sql.deleteMinute.run(streamId, day);
  }

  deleteDay(streamId: number, day: number): void {
    this.#sql.deleteMinute.run(streamId, day);
    this.#sql.deleteHour.run(streamId, day);
    this.#sql.deleteDay.run(streamId, day);
  }

  #addTo(
    kind: "hour" | "minute",
    streamId: number,
    day: number,
    { packedBefore, fresh }: { packedBefore: () => ReadingColumns[]; fresh: ReadingColumns },
    isWanted: boolean,
  ): void {
    const { get, set, stepMs } = this.#of(kind);
    const before = get.get(streamId, day);
    if (before === undefined && !isWanted) return;
    const buckets = split([fresh], day, stepMs);
    mergeDays(buckets, before === undefined ? split(packedBefore(), day, stepMs) : this.#unpack(before, day, stepMs));
    set.run(streamId, day, packBuckets(buckets, stepMs));
  }

  /** Damaged ones are lost; the day as a whole is a row of its own. */
  #unpack({ body }: Body, day: number, stepMs: number): DayBuckets {
    try {
      return unpackBuckets(body, day * DAY_MS, stepMs);
    } catch (error) {
      if (error instanceof ColumnDamage) return new Map();
      throw error;
    }
  }

  #of(kind: "hour" | "minute") {
    const sql = this.#sql;
    return kind === "hour"
      ? { get: sql.hour, set: sql.setHour, stepMs: HOUR_MS }
      : { get: sql.minute, set: sql.setMinute, stepMs: MINUTE_MS };
  }
}

function sumUp({ timesMs, values }: ReadingColumns): Bucket {
  const bucket = emptyBucket();
  for (let i = 0; i < timesMs.length; i++) addReading(bucket, timesMs[i] as number, values[i] as number);
  return bucket;
}

function split(parts: ReadingColumns[], day: number, stepMs: number): DayBuckets {
  const buckets: DayBuckets = new Map();
  for (const { timesMs, values } of parts) {
    for (let i = 0; i < timesMs.length; i++) {
      const timeMs = timesMs[i] as number;
      addToDay(buckets, Math.floor((timeMs - day * DAY_MS) / stepMs), timeMs, values[i] as number);
    }
  }
  return buckets;
}

function prepare(db: Database.Database) {
  const bodies = (table: string) => ({
    get: db.prepare<[number, number], Body>(`SELECT body FROM ${table} WHERE stream_id = ? AND day = ?`),
    set: db.prepare<[number, number, Buffer]>(
      `INSERT INTO ${table} (stream_id, day, body) VALUES (?, ?, ?)
       ON CONFLICT (stream_id, day) DO UPDATE SET body = excluded.body`,
    ),
    delete: db.prepare<[number, number]>(`DELETE FROM ${table} WHERE stream_id = ? AND day = ?`),
  });
  const hours = bodies("hour_rollups");
  const minutes = bodies("minute_rollups");
  return {
    day: db.prepare<[number, number], Bucket>(
      `SELECT count, sum, min, max, first_ms AS firstMs, first, last_ms AS lastMs, last
       FROM day_rollups WHERE stream_id = ? AND day = ?`,
    ),
    setDay: db.prepare<[Bucket & { streamId: number; day: number }]>(
      `INSERT INTO day_rollups (stream_id, day, count, sum, min, max, first_ms, first, last_ms, last)
       VALUES (@streamId, @day, @count, @sum, @min, @max, @firstMs, @first, @lastMs, @last)
       ON CONFLICT (stream_id, day) DO UPDATE SET count = @count, sum = @sum, min = @min, max = @max,
         first_ms = @firstMs, first = @first, last_ms = @lastMs, last = @last`,
    ),
    deleteDay: db.prepare<[number, number]>("DELETE FROM day_rollups WHERE stream_id = ? AND day = ?"),
    hour: hours.get,
    setHour: hours.set,
    deleteHour: hours.delete,
    minute: minutes.get,
    setMinute: minutes.set,
    deleteMinute: minutes.delete,
  };
}
