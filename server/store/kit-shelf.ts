/** Flash kits in the database, the writer's side. */
import type Database from "better-sqlite3";
import { FLASH_KITS_MAX } from "../limits.ts";
import type { StoreAnswer, StoredKit } from "../updates/store-requests.ts";

export class KitShelf {
  readonly #sql: ReturnType<typeof prepare>;

  constructor(db: Database.Database) {
    this.#sql = prepare(db);
  }

  set({ parts, ...kit }: StoredKit, atMs: number): StoreAnswer {
    const isNew = this.#sql.delete.run(kit.board).changes === 0;
    if (isNew && (this.#sql.count.get()?.count ?? 0) >= FLASH_KITS_MAX) return { outcome: "tooManyKits" };
    this.#sql.add.run({ ...kit, atMs });
    for (const part of parts) this.#sql.addPart.run({ ...part, board: kit.board });
    return { outcome: isNew ? "done" : "existed" };
  }

  delete(board: string): StoreAnswer {
    return { outcome: this.#sql.delete.run(board).changes === 0 ? "kitUnknown" : "done" };
  }
}

function prepare(db: Database.Database) {
  return {
    count: db.prepare<[], { count: number }>("SELECT count(*) AS count FROM flash_kits"),
    add: db.prepare(
      `INSERT INTO flash_kits (board, title, product, version, flash_mib, stored_ms)
       VALUES (@board, @title, @product, @version, @flashMiB, @atMs)`,
    ),
    addPart: db.prepare(
      "INSERT INTO flash_kit_parts (board, name, offset, digest, bytes) VALUES (@board, @name, @offset, @digest, @bytes)",
    ),
    delete: db.prepare<[string]>("DELETE FROM flash_kits WHERE board = ?"),
  };
}
