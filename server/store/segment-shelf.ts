/** Segments, for the writer: what was packed of a day of a stream. A damaged one stays as it is, is passed over and counted. */
import type Database from "better-sqlite3";
import { ColumnDamage } from "./column-codec.ts";
import { packSegment, type ReadingColumns, unpackSegment } from "./segment-format.ts";

export interface SegmentRow {
  id: number;
  count: number;
  body: Buffer;
}

export class SegmentShelf {
  /** Segments that could not be unpacked, each as often as it was met. */
  damaged = 0;
  readonly #sql: ReturnType<typeof prepare>;

  constructor(db: Database.Database) {
    this.#sql = prepare(db);
  }

  add(streamId: number, day: number, columns: ReadingColumns): void {
    const { timesMs } = columns;
    const count = timesMs.length;
    this.#sql.add.run(streamId, day, timesMs[0], timesMs[count - 1], count, packSegment(columns));
  }

  delete(id: number): void {
    this.#sql.delete.run(id);
  }

  /** The fullest one that has room for as many more; undefined: none, or it is damaged. */
  withRoom(streamId: number, day: number, countMax: number): { id: number; columns: ReadingColumns } | undefined {
    const row = this.#sql.withRoom.get(streamId, day, countMax);
    const columns = row && this.#unpack(row);
    return columns && { id: row.id, columns };
  }

  ofDay(streamId: number, day: number): ReadingColumns[] {
    return this.#sql.ofDay
      .all(streamId, day)
      .map((row) => this.#unpack(row))
      .filter((columns) => columns !== undefined);
  }

  #unpack(row: SegmentRow): ReadingColumns | undefined {
    try {
      return unpackSegment(row.body, row.count);
    } catch (error) {
      if (!(error instanceof ColumnDamage)) throw error;
      this.damaged++;
      return undefined;
    }
  }
}

function prepare(db: Database.Database) {
  return {
    add: db.prepare("INSERT INTO segments (stream_id, day, first_ms, last_ms, count, body) VALUES (?, ?, ?, ?, ?, ?)"),
    delete: db.prepare<[number]>("DELETE FROM segments WHERE id = ?"),
    withRoom: db.prepare<[number, number, number], SegmentRow>(
      `SELECT id, count, body FROM segments WHERE stream_id = ? AND day = ? AND count <= ? ORDER BY count DESC LIMIT 1`,
    ),
    ofDay: db.prepare<[number, number], SegmentRow>(
      "SELECT id, count, body FROM segments WHERE stream_id = ? AND day = ? ORDER BY first_ms",
    ),
  };
}
