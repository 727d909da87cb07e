/**
 * What is deleted, and when: readings by age, rollups by age, changes by age, and the oldest days when the database is too large. Only days
 * that are packed; of these first the readings and minutes, and when nothing else is left the rollups. Readings that go by age
 * leave their hours and minutes.
 *
 * Its clock is its own. It follows the server's, but no faster than RETENTION_CLOCK_RATE times the time that has passed, and
 * goes back at once: a server whose clock jumps ahead by a year deletes no more in its first day than a day's worth of
 * days, and says so all the time.
 */
import type Database from "better-sqlite3";
import {
  RETENTION_CLOCK_RATE,
  RETENTION_CLOCK_STEP_MS,
  RETENTION_EVERY_MS,
  RETENTION_STEP_EVENTS,
  RETENTION_STEP_SEGMENTS,
} from "../limits.ts";
import { ChangeTrim } from "./change-trim.ts";
import { DAY_MS, dayOf } from "./day.ts";
import type { RollupLedger } from "./rollup-ledger.ts";
import type { SegmentShelf } from "./segment-shelf.ts";

/** Null: for ever. */
export interface RetentionPolicy {
  rawMs: number | null;
  rollupsMs: number | null;
}

export interface RetentionOptions extends RetentionPolicy {
  /** Of the database, free pages not counted; null: no limit. */
  maxBytes: number | null;
}

export const KEEP_ALL: RetentionOptions = { rawMs: null, rollupsMs: null, maxBytes: null };

/** What it sums up goes with a rollup: kept for less time than readings, it would take them along. Undefined: it makes sense. */
export function faultOfRetention({ rawMs, rollupsMs }: RetentionPolicy): string | undefined {
  if (rollupsMs === null || (rawMs !== null && rawMs <= rollupsMs)) return undefined;
  const raw = rawMs === null ? "for ever" : `for ${daysOf(rawMs)} days`;
  return (
    `rollups for ${daysOf(rollupsMs)} days and readings ${raw} would delete the readings with their rollups; ` +
    "keep rollups at least as long as readings, as with --keep-raw 400d --keep-rollups 10y"
  );
}

function daysOf(ms: number): number {
  return Math.round(ms / DAY_MS);
}

export class Retention {
  /** Segments, and days of rollups, that were deleted. */
  deletedSegments = 0;
  deletedDays = 0;
  readonly #sql: ReturnType<typeof prepare>;
  readonly #changes: ChangeTrim;
  readonly #db: Database.Database;
  readonly #segments: SegmentShelf;
  readonly #rollups: RollupLedger;
  readonly #maxBytes: number | null;
  readonly #policyOf: (streamId: number) => RetentionPolicy;
  /** Events go by age as readings do, with their files. */
  readonly #eventsMs: number | null;
  #nowMs = 0;
  #toldMs: number | null = null;
  /** Of the clock, in the database. */
  #writtenMs = 0;
  #elapsedMs = 0;
  #nextRoundMs = 0;
  /** The stream that is looked at, in a round; null between two rounds. */
  #stream: number | null = null;

  constructor(
    db: Database.Database,
    segments: SegmentShelf,
    rollups: RollupLedger,
    maxBytes: number | null,
    policyOf: (streamId: number) => RetentionPolicy,
    eventsMs: number | null,
  ) {
    this.#eventsMs = eventsMs;
    this.#db = db;
    this.#sql = prepare(db);
    this.#changes = new ChangeTrim(db);
    this.#segments = segments;
    this.#rollups = rollups;
    this.#maxBytes = maxBytes;
    this.#policyOf = policyOf;
  }

  /** How far behind the server's clock this one is, ms; negative never. */
  get behindMs(): number {
    return this.#toldMs === null ? 0 : Math.max(0, this.#toldMs - this.#nowMs);
  }

  /** Within a transaction of the caller. `elapsedMs` comes from a clock that nobody sets. */
  tell(nowMs: number, elapsedMs: number): void {
    const before = this.#toldMs === null ? (this.#sql.clock.get()?.nowMs ?? nowMs) : this.#nowMs;
    const passedMs = this.#toldMs === null ? 0 : Math.max(0, elapsedMs - this.#elapsedMs);
    // Not back either: a clock that was wrong for a moment would have to be caught up with for years.
    this.#nowMs = Math.max(before, Math.min(nowMs, Math.floor(before + passedMs * RETENTION_CLOCK_RATE)));
    this.#toldMs = nowMs;
    this.#elapsedMs = elapsedMs;
    if (Math.abs(this.#nowMs - this.#writtenMs) >= RETENTION_CLOCK_STEP_MS) {
      this.#sql.setClock.run(this.#nowMs);
      this.#writtenMs = this.#nowMs;
    }
    if (elapsedMs < this.#nextRoundMs || this.#stream !== null) return;
    this.#nextRoundMs = elapsedMs + RETENTION_EVERY_MS;
    this.#stream = -1;
  }

  /** Within a transaction of the caller, after `tell`. False: nothing is to be done. */
  step(): boolean {
    if (this.#toldMs === null) return false;
    return this.#shrink() || this.#age();
  }

  #shrink(): boolean {
    if (this.#maxBytes === null || this.#usedBytes() <= this.#maxBytes) return false;
    const oldest = this.#sql.oldestRaw.get();
    if (oldest !== undefined) {
      this.#deleteRaw(oldest.streamId, oldest.day, false);
      return true;
    }
    const rollup = this.#sql.oldestRollup.get();
    if (rollup === undefined) return false;
    this.#deleteRollups(rollup.streamId, rollup.day);
    return true;
  }

  /** One day of one stream, or on to the next stream. */
  #age(): boolean {
    if (this.#stream === null) return false;
    if (this.#stream < 0 && this.#eventsMs !== null) {
      const { changes } = this.#sql.deleteEvents.run(this.#nowMs - this.#eventsMs, RETENTION_STEP_EVENTS);
      if (changes > 0) return true;
    }
    if (this.#stream < 0 && this.#changes.byAge(this.#nowMs)) return true;
    const { rawMs, rollupsMs } = this.#stream < 0 ? { rawMs: null, rollupsMs: null } : this.#policyOf(this.#stream);
    if (rawMs !== null) {
      const before = dayOf(this.#nowMs - rawMs);
      const found = this.#sql.rawBefore.get(this.#stream, before);
      if (found !== undefined) {
        this.#deleteRaw(this.#stream, found.day, true);
        return true;
      }
    }
    if (rollupsMs !== null) {
      const found = this.#sql.rollupBefore.get(this.#stream, dayOf(this.#nowMs - rollupsMs));
      if (found !== undefined) {
        if (this.#deleteRaw(this.#stream, found.day, false)) this.#deleteRollups(this.#stream, found.day);
        return true;
      }
    }
    this.#stream = this.#sql.nextStream.get(this.#stream)?.id ?? null;
    return this.#stream !== null;
  }

  /** Some of them: a busy day takes several steps, and counts as gone from the first on. True: none is left. */
  #deleteRaw(streamId: number, day: number, withMinutes: boolean): boolean {
    const packed = () => this.#segments.ofDay(streamId, day);
    if (this.#sql.isRawKept.get(streamId, day) === undefined) {
      this.#rollups.keep("hour", streamId, day, packed);
      if (withMinutes) this.#rollups.keep("minute", streamId, day, packed);
      this.#sql.setRawFrom.run({ streamId, day: day + 1 });
    }
    if (!withMinutes) this.#rollups.deleteMinutes(streamId, day);
    const { changes } = this.#sql.deleteSegments.run(streamId, day, RETENTION_STEP_SEGMENTS);
    this.deletedSegments += changes;
    return changes < RETENTION_STEP_SEGMENTS;
  }

  #deleteRollups(streamId: number, day: number): void {
    this.#rollups.deleteDay(streamId, day);
    this.#sql.setRollupsFrom.run({ streamId, day: day + 1 });
    this.deletedDays++;
  }

  #usedBytes(): number {
    const pragma = (name: string) => Number(this.#db.pragma(name, { simple: true }));
    return (pragma("page_count") - pragma("freelist_count")) * pragma("page_size");
  }
}

type StreamDay = { streamId: number; day: number };

function prepare(db: Database.Database) {
  return {
    clock: db.prepare<[], { nowMs: number }>("SELECT now_ms AS nowMs FROM retention_clock"),
    setClock: db.prepare<[number]>(
      `INSERT INTO retention_clock VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET now_ms = excluded.now_ms`,
    ),
    oldestRaw: db.prepare<[], StreamDay>(
      `SELECT stream_id AS streamId, day FROM (
         SELECT * FROM (SELECT stream_id, day FROM segments ORDER BY day LIMIT 1)
         UNION ALL SELECT * FROM (SELECT stream_id, day FROM minute_rollups ORDER BY day LIMIT 1)
       ) ORDER BY day LIMIT 1`,
    ),
    oldestRollup: db.prepare<[], StreamDay>("SELECT stream_id AS streamId, day FROM day_rollups ORDER BY day LIMIT 1"),
    rawBefore: db.prepare<[number, number], { day: number }>(
      "SELECT day FROM segments WHERE stream_id = ? AND day < ? ORDER BY day LIMIT 1",
    ),
    rollupBefore: db.prepare<[number, number], { day: number }>(
      "SELECT day FROM day_rollups WHERE stream_id = ? AND day < ? ORDER BY day LIMIT 1",
    ),
    nextStream: db.prepare<[number], { id: number }>("SELECT id FROM streams WHERE id > ? ORDER BY id LIMIT 1"),
    isRawKept: db.prepare<[number, number], unknown>("SELECT 1 FROM retained WHERE stream_id = ? AND raw_from_day > ?"),
    setRawFrom: db.prepare<StreamDay>(
      `INSERT INTO retained (stream_id, raw_from_day) VALUES (@streamId, @day)
       ON CONFLICT (stream_id) DO UPDATE SET raw_from_day = max(raw_from_day, @day)`,
    ),
    setRollupsFrom: db.prepare<StreamDay>(
      `INSERT INTO retained (stream_id, rollups_from_day) VALUES (@streamId, @day)
       ON CONFLICT (stream_id) DO UPDATE SET rollups_from_day = max(rollups_from_day, @day)`,
    ),
    deleteEvents: db.prepare<[number, number]>(
      "DELETE FROM events WHERE id IN (SELECT id FROM events WHERE time_ms < ? ORDER BY time_ms LIMIT ?)",
    ),
    deleteSegments: db.prepare<[number, number, number]>(
      "DELETE FROM segments WHERE id IN (SELECT id FROM segments WHERE stream_id = ? AND day = ? LIMIT ?)",
    ),
  };
}
