/**
 * What has happened in an organisation, on the reader's connection. Statements come in an order in which whatever the writer does in
 * between is seen too late rather than missed: the newest id, the rows up to it, and only then what has been taken away.
 */
import type Database from "better-sqlite3";
import type { Change, ChangeFilter, ChangePage } from "../events/change-kinds.ts";
import { wholeDetail } from "./alert-damage.ts";

export class ChangeReader {
  readonly #sql: ReturnType<typeof prepare>;

  constructor(db: Database.Database) {
    this.#sql = prepare(db);
  }

  /** The oldest first, so that whoever reads on misses none. `afterId` null: from the oldest that there is. */
  page(organisation: number, afterId: number | null, limit: number, filter: ChangeFilter = {}): ChangePage {
    const { kind = null, mac = null } = filter;
    const from = afterId ?? 0;
    const newest = this.#sql.newest.get(organisation) ?? 0;
    const rows = this.#sql.page.all({ organisation, afterId: from, newest, limit, kind, mac });
    if (afterId !== null) {
      if (afterId < (this.#sql.trimmed.get(organisation) ?? 0)) return "trimmed";
      // Of a database that was put back since: ids up to it will be given once more.
      if (afterId > (this.#sql.given.get() ?? 0)) return "ahead";
    }
    const last = rows.length < limit ? Math.max(from, newest) : (rows.at(-1)?.id ?? from);
    const items = rows.map(({ detail, ...row }) => ({ ...row, detail: JSON.parse(detail) as Change["detail"] }));
    return { items, last };
  }
}

interface Question {
  organisation: number;
  afterId: number;
  newest: number;
  limit: number;
  kind: string | null;
  mac: string | null;
}

function prepare(db: Database.Database) {
  return {
    newest: db.prepare<[number], number | null>("SELECT max(id) FROM changes WHERE organisation_id = ?").pluck(),
    page: db.prepare<[Question], Omit<Change, "detail"> & { detail: string }>(
      `SELECT id, organisation_id AS organisation, at_ms AS atMs, kind, mac, ${wholeDetail("detail")} AS detail FROM changes
       WHERE organisation_id = @organisation AND id > @afterId AND id <= @newest
         AND (@kind IS NULL OR kind = @kind) AND (@mac IS NULL OR mac = @mac)
       ORDER BY id LIMIT @limit`,
    ),
    trimmed: db.prepare<[number], number>("SELECT up_to FROM changes_trimmed WHERE organisation_id = ?").pluck(),
    given: db.prepare<[], number>("SELECT seq FROM sqlite_sequence WHERE name = 'changes'").pluck(),
  };
}
