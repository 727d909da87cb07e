/**
 * Writes changes down as events, in the transaction of the change: one without the other is never seen. Of each organisation the last
 * CHANGES_KEPT_MAX stay; whoever reads less often than that has missed some, and can tell by the ids.
 */
import type Database from "better-sqlite3";
import type { Change, NewChange } from "../events/change-kinds.ts";
import { CHANGES_KEPT_MAX, CHANGES_TRIM_STEP } from "../limits.ts";

export interface ToldChange extends Change {
  /** Row id. */
  device: number | null;
}

export class Outbox {
  readonly #sql: ReturnType<typeof prepare>;
  /** Told of each change, in its transaction. */
  onChange: (change: ToldChange) => void = () => {};

  constructor(db: Database.Database) {
    this.#sql = prepare(db);
  }

  /** What belongs to no organisation is nobody's event. */
  readonly tell = ({ kind, atMs, device, detail = {}, ...rest }: NewChange): void => {
    const found = device === undefined ? undefined : this.#sql.device.get(device);
    const organisation = rest.organisation ?? found?.organisation ?? null;
    if (organisation === null) return;
    const mac = found?.mac ?? null;
    const text = JSON.stringify(detail);
    const { lastInsertRowid } = this.#sql.add.run(organisation, atMs, kind, device ?? null, mac, text);
    const id = Number(lastInsertRowid);
    if (id % CHANGES_TRIM_STEP === 0) {
      for (const one of this.#sql.organisations.all()) this.#sql.trim.run(one.id, one.id, CHANGES_KEPT_MAX);
    }
    this.onChange({ id, kind, atMs, organisation, device: device ?? null, mac, detail });
  };
}

function prepare(db: Database.Database) {
  return {
    device: db.prepare<[number], { mac: string; organisation: number | null }>(
      `SELECT d.mac, p.organisation_id AS organisation
       FROM devices d LEFT JOIN projects p ON p.id = d.project_id WHERE d.id = ?`,
    ),
    add: db.prepare(
      "INSERT INTO changes (organisation_id, at_ms, kind, device_id, mac, detail) VALUES (?, ?, ?, ?, ?, ?)",
    ),
    organisations: db.prepare<[], { id: number }>("SELECT id FROM organisations"),
    trim: db.prepare(
      `DELETE FROM changes WHERE organisation_id = ? AND id <=
         (SELECT id FROM changes WHERE organisation_id = ? ORDER BY id DESC LIMIT 1 OFFSET ?)`,
    ),
  };
}
