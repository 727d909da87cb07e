/**
 * What the writer does for data at rest, between commits and in small steps: packs days that are over, deletes what is not
 * to be kept. Reads no clock.
 *
 * A step need not be durable on its own: with `synchronous = NORMAL` its commit waits for no disk, and what a power cut takes
 * along was done twice rather than half, for the log is one sequence (SQLite, "PRAGMA synchronous"). The next commit of readings
 * makes it durable as well.
 */
import type Database from "better-sqlite3";
import { KEEP_ALL, Retention, type RetentionOptions, type RetentionPolicy } from "./retention.ts";
import { RollupLedger } from "./rollup-ledger.ts";
import { Sealer } from "./sealer.ts";
import { SegmentShelf } from "./segment-shelf.ts";

/** Since the start. */
export interface Housekeeping {
  packed: number;
  damagedRows: number;
  damagedSegments: number;
  deletedSegments: number;
  deletedDays: number;
  clockBehindMs: number;
}

export class Housekeeper {
  readonly #db: Database.Database;
  readonly #segments: SegmentShelf;
  readonly #sealer: Sealer;
  readonly #retention: Retention;
  #nowMs: number | null = null;

  /** `policyOf` is for streams that are kept otherwise than the rest. */
  constructor(
    db: Database.Database,
    onSealed: (streamId: number) => void,
    options: RetentionOptions = KEEP_ALL,
    policyOf: (streamId: number) => RetentionPolicy = () => options,
  ) {
    this.#db = db;
    this.#segments = new SegmentShelf(db);
    const rollups = new RollupLedger(db);
    this.#sealer = new Sealer(db, this.#segments, rollups, onSealed);
    this.#retention = new Retention(db, this.#segments, rollups, options.maxBytes, policyOf, options.rawMs);
  }

  /** Unix time, and time on a clock that nobody sets. */
  tell(nowMs: number, elapsedMs: number): void {
    this.#nowMs = nowMs;
    this.#inOne(() => this.#retention.tell(nowMs, elapsedMs));
  }

  /** Some milliseconds of work; false: there is none. Throws what SQLite throws, and then nothing was done. */
  step(): boolean {
    const nowMs = this.#nowMs;
    if (nowMs === null) return false;
    return this.#inOne(() => this.#sealer.step(nowMs) || this.#retention.step());
  }

  figures(): Housekeeping {
    return {
      packed: this.#sealer.packed,
      damagedRows: this.#sealer.damagedRows,
      damagedSegments: this.#segments.damaged,
      deletedSegments: this.#retention.deletedSegments,
      deletedDays: this.#retention.deletedDays,
      clockBehindMs: this.#retention.behindMs,
    };
  }

  #inOne<T>(act: () => T): T {
    this.#db.pragma("synchronous = NORMAL");
    try {
      return this.#db.transaction(act).immediate();
    } finally {
      this.#db.pragma("synchronous = FULL");
    }
  }
}
