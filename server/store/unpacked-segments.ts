/**
 * Segments, for the reader: looked up, unpacked, the last ones remembered. An id is never given to another segment, so what is
 * remembered stays right. A damaged one counts as empty, and is told once.
 */
import type Database from "better-sqlite3";
import { UNPACKED_SEGMENTS_MAX } from "../limits.ts";
import { ColumnDamage } from "./column-codec.ts";
import { emptyColumns, type ReadingColumns, unpackSegment } from "./segment-format.ts";

export interface SegmentMeta {
  id: number;
  day: number;
  firstMs: number;
  lastMs: number;
  count: number;
}

export interface Damage {
  streamId: number;
  day: number;
  readings: number;
}

/** Damaged segments of which it is remembered that they were told. */
const TOLD_MAX = 10_000;
const META = "id, day, first_ms AS firstMs, last_ms AS lastMs, count";

export class UnpackedSegments {
  onDamage: (damage: Damage) => void = () => {};
  readonly #sql: ReturnType<typeof prepare>;
  readonly #unpacked = new Map<number, ReadingColumns>();
  readonly #told = new Set<number>();

  constructor(db: Database.Database) {
    this.#sql = prepare(db);
  }

  /** Of days in order; within a day by their beginnings, and they may overlap there. */
  from(streamId: number, day: number, dayEnd: number, limit: number): SegmentMeta[] {
    return this.#sql.from.all(streamId, day, dayEnd, limit);
  }

  /** The newest day up to this one with a segment that begins at or before this time. */
  newestDay(streamId: number, day: number, timeMs: number): number | undefined {
    return this.#sql.newestDay.get(streamId, day, timeMs);
  }

  /** Empty where it was deleted since it was looked up. */
  unpack(streamId: number, { id, day, count }: SegmentMeta): ReadingColumns {
    const known = this.#unpacked.get(id);
    if (known !== undefined) {
      this.#unpacked.delete(id);
      this.#unpacked.set(id, known);
      return known;
    }
    const body = this.#sql.body.get(id);
    if (body === undefined) return emptyColumns(0);
    const columns = this.#unpackBody(body, streamId, id, day, count);
    const oldest = this.#unpacked.keys().next();
    if (this.#unpacked.size >= UNPACKED_SEGMENTS_MAX && !oldest.done) this.#unpacked.delete(oldest.value);
    this.#unpacked.set(id, columns);
    return columns;
  }

  #unpackBody(body: Buffer, streamId: number, id: number, day: number, count: number): ReadingColumns {
    try {
      return unpackSegment(body, count);
    } catch (error) {
      if (!(error instanceof ColumnDamage)) throw error;
      if (!this.#told.has(id) && this.#told.size < TOLD_MAX) {
        this.#told.add(id);
        this.onDamage({ streamId, day, readings: count });
      }
      return emptyColumns(0);
    }
  }
}

function prepare(db: Database.Database) {
  return {
    from: db.prepare<[number, number, number, number], SegmentMeta>(
      `SELECT ${META} FROM segments WHERE stream_id = ? AND day >= ? AND day < ? ORDER BY day, first_ms LIMIT ?`,
    ),
    newestDay: db
      .prepare<[number, number, number], number>(
        "SELECT day FROM segments WHERE stream_id = ? AND day <= ? AND first_ms <= ? ORDER BY day DESC LIMIT 1",
      )
      .pluck(),
    body: db.prepare<[number], Buffer>("SELECT body FROM segments WHERE id = ?").pluck(),
  };
}
