/** What has happened in an organisation, on the reader's connection. */
import type Database from "better-sqlite3";
import type { Change, ChangeKind } from "../events/change-kinds.ts";

export interface ChangeFilter {
  kind?: ChangeKind | undefined;
  mac?: string | undefined;
}

export class ChangeReader {
  readonly #page: ReturnType<typeof prepare>;

  constructor(db: Database.Database) {
    this.#page = prepare(db);
  }

  /** The oldest first, so that whoever reads on misses none. */
  page(organisation: number, afterId: number, limit: number, { kind, mac }: ChangeFilter = {}): Change[] {
    return this.#page
      .all({ organisation, afterId, limit, kind: kind ?? null, mac: mac ?? null })
      .map(({ detail, ...row }) => ({ ...row, detail: JSON.parse(detail) as Change["detail"] }));
  }
}

interface Question {
  organisation: number;
  afterId: number;
  limit: number;
  kind: ChangeKind | null;
  mac: string | null;
}

function prepare(db: Database.Database) {
  return db.prepare<[Question], Omit<Change, "detail"> & { detail: string }>(
    `SELECT id, organisation_id AS organisation, at_ms AS atMs, kind, mac, detail FROM changes
     WHERE organisation_id = @organisation AND id > @afterId
       AND (@kind IS NULL OR kind = @kind) AND (@mac IS NULL OR mac = @mac)
     ORDER BY id LIMIT @limit`,
  );
}
