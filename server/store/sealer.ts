/**
 * Packs the readings of days that are over: a step takes some rows of one day of one stream, and in one transaction they become
 * (part of) a segment, are added to the rollups, and go from the table. What dies in between leaves all as it was.
 *
 * A reading that comes late goes into the table like any other and is packed the next time, together with the segment of its day
 * that has room for it. One that comes when the readings of its day have been deleted is added to the rollups alone.
 */
import type Database from "better-sqlite3";
import { SEAL_AFTER_MS, SEAL_WAIT_MAX_MS, SEGMENT_MAX_READINGS } from "../limits.ts";
import { DAY_MS } from "./day.ts";
import { RollupLedger } from "./rollup-ledger.ts";
import { emptyColumns, type ReadingColumns } from "./segment-format.ts";
import { SegmentShelf } from "./segment-shelf.ts";

/** When the readings of a day that the table has got now are due to be packed, Unix ms. */
export function sealDueMs(day: number, nowMs: number): number {
  const endMs = (day + 1) * DAY_MS;
  return Math.max(nowMs, Math.min(endMs, nowMs + SEAL_WAIT_MAX_MS)) + SEAL_AFTER_MS;
}

type Row = [timeMs: number, epochId: number, sequence: number, value: unknown, clock: number, errorS: number | null];

export class Sealer {
  /** Readings that were packed, and rows that no writer has written: they were moved to `rejected`. */
  packed = 0;
  damagedRows = 0;
  readonly #sql: ReturnType<typeof prepare>;
  readonly #segments: SegmentShelf;
  readonly #rollups: RollupLedger;
  readonly #onSealed: (streamId: number) => void;

  /** `onSealed`: the table has no readings any more of some day of this stream. */
  constructor(
    db: Database.Database,
    segments: SegmentShelf,
    rollups: RollupLedger,
    onSealed: (streamId: number) => void,
  ) {
    this.#sql = prepare(db);
    this.#segments = segments;
    this.#rollups = rollups;
    this.#onSealed = onSealed;
  }

  /** Within a transaction of the caller. False: nothing is due. */
  step(nowMs: number): boolean {
    // A day that is due later than any can be was noted by a clock that was ahead.
    const due = this.#sql.due.get(nowMs) ?? this.#sql.dueWrongly.get(nowMs + SEAL_WAIT_MAX_MS + SEAL_AFTER_MS);
    if (due === undefined) return false;
    const { streamId, day } = due;
    const startMs = day * DAY_MS;
    const rows = this.#sql.rows.all(streamId, startMs, startMs + DAY_MS, SEGMENT_MAX_READINGS) as unknown as Row[];
    const last = rows.at(-1);
    if (last !== undefined) {
      this.#pack(streamId, day, this.#columnsOf(streamId, rows, nowMs));
      const [timeMs, epochId, sequence] = last;
      this.#sql.deleteRows.run({ streamId, startMs, timeMs, epochId, sequence });
    }
    if (rows.length < SEGMENT_MAX_READINGS) {
      this.#sql.sealed.run(streamId, day);
      this.#onSealed(streamId);
    }
    return true;
  }

  #pack(streamId: number, day: number, rows: ReadingColumns): void {
    const retained = this.#sql.retained.get(streamId) ?? { rawFromDay: 0, rollupsFromDay: 0 };
    if (day < retained.rollupsFromDay) return;
    const isKept = day >= retained.rawFromDay;
    const count = rows.timesMs.length;
    const mate = isKept ? this.#segments.withRoom(streamId, day, SEGMENT_MAX_READINGS - count) : undefined;
    const { merged, fresh } = mate === undefined ? { merged: rows, fresh: rows } : mergeColumns(mate.columns, rows);
    this.#rollups.add(streamId, day, fresh, () => this.#segments.ofDay(streamId, day), isKept);
    this.packed += fresh.timesMs.length;
    if (!isKept || fresh.timesMs.length === 0) return;
    if (mate !== undefined) this.#segments.delete(mate.id);
    this.#segments.add(streamId, day, merged);
  }

  #columnsOf(streamId: number, rows: Row[], nowMs: number): ReadingColumns {
    const good = rows.filter((row) => isSound(row));
    if (good.length < rows.length) {
      for (const row of rows) if (!isSound(row)) this.#reject(streamId, row, nowMs);
    }
    const columns = emptyColumns(good.length);
    good.forEach(([timeMs, epochId, sequence, value, clock, errorS], i) => {
      columns.timesMs[i] = timeMs;
      columns.epochIds[i] = epochId;
      columns.sequences[i] = sequence;
      columns.values[i] = value as number;
      columns.clocks[i] = clock;
      columns.errorsS[i] = errorS ?? -1;
    });
    return columns;
  }

  /** Where it can be seen (`/rejected`), if the device can be told. */
  #reject(streamId: number, row: Row, nowMs: number): void {
    this.damagedRows++;
    const [, epochId, sequence] = row;
    if (!Number.isSafeInteger(epochId) || !Number.isSafeInteger(sequence)) return;
    this.#sql.reject.run({ streamId, epochId, sequence, record: Buffer.from(JSON.stringify(row)), nowMs });
  }
}

/** As ingest stores it. A file that lies for years can come to hold something else. */
function isSound([timeMs, epochId, sequence, value, clock, errorS]: Row): boolean {
  return (
    [timeMs, epochId, sequence, clock, errorS ?? 0].every((field) => Number.isSafeInteger(field) && field >= 0) &&
    typeof value === "number" &&
    Number.isFinite(value)
  );
}

/** Both in order; `fresh` is what of `added` is not in `there`. */
export function mergeColumns(there: ReadingColumns, added: ReadingColumns) {
  const merged = emptyColumns(there.timesMs.length + added.timesMs.length);
  const fresh = emptyColumns(added.timesMs.length);
  let [at, freshAt, i, j] = [0, 0, 0, 0];
  while (i < there.timesMs.length || j < added.timesMs.length) {
    const order = compareKeys(there, i, added, j);
    if (order <= 0) {
      copyReading(there, i++, merged, at++);
      if (order === 0) j++;
    } else {
      copyReading(added, j, fresh, freshAt++);
      copyReading(added, j++, merged, at++);
    }
  }
  return { merged: cut(merged, at), fresh: cut(fresh, freshAt) };
}

/** The end of either is after everything. */
function compareKeys(a: ReadingColumns, i: number, b: ReadingColumns, j: number): number {
  if (i >= a.timesMs.length) return 1;
  if (j >= b.timesMs.length) return -1;
  return (
    (a.timesMs[i] as number) - (b.timesMs[j] as number) ||
    (a.epochIds[i] as number) - (b.epochIds[j] as number) ||
    (a.sequences[i] as number) - (b.sequences[j] as number)
  );
}

const COLUMNS = ["timesMs", "epochIds", "sequences", "values", "clocks", "errorsS"] as const;

function copyReading(from: ReadingColumns, i: number, to: ReadingColumns, j: number): void {
  for (const column of COLUMNS) to[column][j] = from[column][i] as number;
}

function cut(columns: ReadingColumns, count: number): ReadingColumns {
  const shorter = { ...columns };
  for (const column of COLUMNS) shorter[column] = columns[column].subarray(0, count);
  return shorter;
}

function prepare(db: Database.Database) {
  return {
    due: db.prepare<[number], { streamId: number; day: number }>(
      "SELECT stream_id AS streamId, day FROM unsealed WHERE due_ms <= ? ORDER BY due_ms LIMIT 1",
    ),
    dueWrongly: db.prepare<[number], { streamId: number; day: number }>(
      "SELECT stream_id AS streamId, day FROM unsealed WHERE due_ms > ? ORDER BY due_ms LIMIT 1",
    ),
    rows: db
      .prepare<[number, number, number, number], unknown[]>(
        `SELECT time_ms, epoch_id, sequence, value, clock, error_s FROM readings
         WHERE stream_id = ? AND time_ms >= ? AND time_ms < ? ORDER BY time_ms, epoch_id, sequence LIMIT ?`,
      )
      .raw(),
    deleteRows: db.prepare<{ streamId: number; startMs: number; timeMs: number; epochId: number; sequence: number }>(
      `DELETE FROM readings WHERE stream_id = @streamId AND time_ms >= @startMs AND time_ms <= @timeMs
         AND (time_ms, epoch_id, sequence) <= (@timeMs, @epochId, @sequence)`,
    ),
    sealed: db.prepare<[number, number]>("DELETE FROM unsealed WHERE stream_id = ? AND day = ?"),
    retained: db.prepare<[number], { rawFromDay: number; rollupsFromDay: number }>(
      `SELECT raw_from_day AS rawFromDay, rollups_from_day AS rollupsFromDay FROM retained WHERE stream_id = ?`,
    ),
    reject: db.prepare(
      `INSERT INTO rejected (device_id, epoch_id, sequence, reason, record, received_ms)
       SELECT s.device_id, e.id, @sequence, 'damaged', @record, @nowMs
       FROM streams s, epochs e WHERE s.id = @streamId AND e.id = @epochId`,
    ),
  };
}
