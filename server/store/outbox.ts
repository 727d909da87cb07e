/**
 * Writes changes down as events, in the transaction of the change: one without the other is never seen. Of each organisation the last
 * CHANGES_KEPT_MAX stay, for CHANGES_KEPT_MS (store/retention.ts); whoever reads on from before there is told so.
 */
import type Database from "better-sqlite3";
import type { Change, NewChange } from "../events/change-kinds.ts";
import { CHANGES_TRIM_STEP } from "../limits.ts";
import { ChangeTrim } from "./change-trim.ts";

export interface ToldChange extends Change {
  /** Row id. */
  device: number | null;
}

export class Outbox {
  readonly #sql: ReturnType<typeof prepare>;
  readonly #trim: ChangeTrim;
  /** Changes by organisation, since the start. */
  readonly #told = new Map<number, number>();
  /** Told of each change, in its transaction. */
  onChange: (change: ToldChange) => void = () => {};

  constructor(db: Database.Database) {
    this.#sql = prepare(db);
    this.#trim = new ChangeTrim(db);
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
    const told = this.#told.get(organisation) ?? 0;
    this.#told.set(organisation, told + 1);
    if (told % CHANGES_TRIM_STEP === 0) this.#trim.byNumber(organisation);
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
  };
}
