/**
 * Takes old changes out of the outbox: by number, of each organisation alone, so that one that changes much keeps no less of another;
 * and by age. Up to where it was is written down in the same transaction: a reader that comes from before there is told.
 */
import type Database from "better-sqlite3";
import { CHANGES_AGE_STEP, CHANGES_KEPT_MAX, CHANGES_KEPT_MS } from "../limits.ts";

export class ChangeTrim {
  readonly #sql: ReturnType<typeof prepare>;

  constructor(db: Database.Database) {
    this.#sql = prepare(db);
  }

  byNumber(organisation: number): void {
    const upTo = this.#sql.surplus.get(organisation, CHANGES_KEPT_MAX);
    if (upTo === undefined) return;
    this.#sql.drop.run(organisation, upTo);
    this.#sql.note.run(organisation, upTo);
  }

  /**
   * Some of the oldest of all; false: none is so old. Ids rise with time, so no more than these are looked at. A clock that was wrong may
   * have said otherwise: of an organisation only what comes before its first young one goes, and a time that is still to come says nothing.
   */
  byAge(nowMs: number): boolean {
    const old = this.#sql.old.all({ nowMs, oldMs: nowMs - CHANGES_KEPT_MS, step: CHANGES_AGE_STEP });
    for (const { organisation, upTo } of old) {
      this.#sql.drop.run(organisation, upTo);
      this.#sql.note.run(organisation, upTo);
    }
    return old.length > 0;
  }
}

function prepare(db: Database.Database) {
  return {
    surplus: db
      .prepare<[number, number], number>(
        "SELECT id FROM changes WHERE organisation_id = ? ORDER BY id DESC LIMIT 1 OFFSET ?",
      )
      .pluck(),
    old: db.prepare<[{ nowMs: number; oldMs: number; step: number }], { organisation: number; upTo: number }>(
      `WITH first AS MATERIALIZED (
         SELECT id, organisation_id, at_ms FROM changes WHERE at_ms <= @nowMs ORDER BY id LIMIT @step
       ),
       young AS (SELECT organisation_id, min(id) AS id FROM first WHERE at_ms >= @oldMs GROUP BY organisation_id)
       SELECT first.organisation_id AS organisation, max(first.id) AS upTo
       FROM first LEFT JOIN young ON young.organisation_id = first.organisation_id
       WHERE first.at_ms < @oldMs AND (young.id IS NULL OR first.id < young.id) GROUP BY first.organisation_id`,
    ),
    drop: db.prepare("DELETE FROM changes WHERE organisation_id = ? AND id <= ?"),
    note: db.prepare(
      `INSERT INTO changes_trimmed (organisation_id, up_to) VALUES (?, ?)
       ON CONFLICT (organisation_id) DO UPDATE SET up_to = max(up_to, excluded.up_to)`,
    ),
  };
}
