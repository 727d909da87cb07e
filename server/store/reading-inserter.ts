/**
 * Readings into the table, several rows a statement: crossing into SQLite costs about as much as inserting a row. Ten
 * rows a statement measured best; fewer cross more often, more bind slower.
 */
import type Database from "better-sqlite3";

const ROWS_PER_STATEMENT = 10;
const COLUMNS = 7;
const ROW = "(?, ?, ?, ?, ?, ?, ?)";
/**
 * The key repeats only if a watermark went back (a restored backup beside newer readings). First wins then, as it does
 * for a repeated pack.
 */
const ON_CONFLICT = "ON CONFLICT DO NOTHING";

export class ReadingInserter {
  readonly #insertMany: Database.Statement<[Array<number | null>]>;
  readonly #insertOne: Database.Statement<[Array<number | null>]>;
  readonly #values: Array<number | null> = new Array(ROWS_PER_STATEMENT * COLUMNS).fill(0);
  #used = 0;
  /** Rows that the table has taken since `begin`. */
  inserted = 0;

  constructor(db: Database.Database) {
    const rows = new Array(ROWS_PER_STATEMENT).fill(ROW).join(", ");
    this.#insertMany = db.prepare<[Array<number | null>]>(`INSERT INTO readings VALUES ${rows} ${ON_CONFLICT}`);
    this.#insertOne = db.prepare<[Array<number | null>]>(`INSERT INTO readings VALUES ${ROW} ${ON_CONFLICT}`);
  }

  begin(): void {
    this.#used = 0;
    this.inserted = 0;
  }

  add(
    streamId: number,
    timeMs: number,
    epochId: number,
    sequence: number,
    value: number,
    clock: number,
    errorS: number | null,
  ): void {
    const values = this.#values;
    let at = this.#used;
    values[at++] = streamId;
    values[at++] = timeMs;
    values[at++] = epochId;
    values[at++] = sequence;
    values[at++] = value;
    values[at++] = clock;
    values[at++] = errorS;
    if (at === values.length) {
      this.inserted += this.#insertMany.run(values).changes;
      at = 0;
    }
    this.#used = at;
  }

  /** What is left over. */
  flush(): void {
    for (let at = 0; at < this.#used; at += COLUMNS) {
      this.inserted += this.#insertOne.run(this.#values.slice(at, at + COLUMNS)).changes;
    }
    this.#used = 0;
  }
}
