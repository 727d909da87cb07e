/** Questions about flash kits, on the reader's connection. */
import type Database from "better-sqlite3";

export interface KitRow {
  board: string;
  title: string;
  product: string;
  version: string;
  flashMiB: number;
  storedMs: number;
}

export interface KitPartRow {
  name: string;
  offset: number;
  /** SHA-256. */
  digest: Buffer;
  sizeBytes: number;
}

export class KitReader {
  readonly #sql: ReturnType<typeof prepare>;

  constructor(db: Database.Database) {
    this.#sql = prepare(db);
  }

  /** By the names of their boards. */
  kits(): KitRow[] {
    return this.#sql.kits.all();
  }

  kit(board: string): KitRow | undefined {
    return this.#sql.kit.get(board);
  }

  /** From the lowest offset up. */
  parts(board: string): KitPartRow[] {
    return this.#sql.parts.all(board);
  }

  part(board: string, name: string): { digest: Buffer; bytes: Buffer } | undefined {
    return this.#sql.part.get(board, name);
  }
}

const COLUMNS = "board, title, product, version, flash_mib AS flashMiB, stored_ms AS storedMs";

function prepare(db: Database.Database) {
  return {
    kits: db.prepare<[], KitRow>(`SELECT ${COLUMNS} FROM flash_kits ORDER BY board`),
    kit: db.prepare<[string], KitRow>(`SELECT ${COLUMNS} FROM flash_kits WHERE board = ?`),
    parts: db.prepare<[string], KitPartRow>(
      "SELECT name, offset, digest, length(bytes) AS sizeBytes FROM flash_kit_parts WHERE board = ? ORDER BY offset",
    ),
    part: db.prepare<[string, string], { digest: Buffer; bytes: Buffer }>(
      "SELECT digest, bytes FROM flash_kit_parts WHERE board = ? AND name = ?",
    ),
  };
}
