/** Derived streams, written. What they refer to was looked at before (server/api/derived-routes.ts). */
import type Database from "better-sqlite3";
import { DERIVED_STREAMS_MAX } from "../limits.ts";
import type { StoreAnswer } from "../updates/store-requests.ts";
import type { DerivedRequest, StoredDefinition } from "./derived-definition.ts";
import type { Handlers } from "./handlers.ts";

/** A stream is derived from something else than before, or not any more. */
export type OnDerived = (deviceId: number, stream: number, atMs: number) => void;

export class DerivedLedger {
  readonly #sql: ReturnType<typeof prepare>;
  readonly #onChanged: OnDerived;
  readonly handlers: Handlers<DerivedRequest> = {
    setDerived: ({ derived, atMs }) => this.#set(derived, atMs),
    deleteDerived: ({ mac, stream, atMs }) => {
      const device = this.#sql.device.get(mac);
      if (device === undefined || this.#sql.delete.run(device, stream).changes === 0)
        return { outcome: "derivedUnknown" };
      this.#onChanged(device, stream, atMs);
      return { outcome: "done" };
    },
  };

  constructor(db: Database.Database, onChanged: OnDerived) {
    this.#sql = prepare(db);
    this.#onChanged = onChanged;
  }

  #set({ mac, stream, definition }: StoredDefinition, atMs: number): StoreAnswer {
    const device = this.#sql.device.get(mac);
    if (device === undefined) return { outcome: "deviceUnknown" };
    if (this.#sql.measured.get(device, stream) !== undefined) return { outcome: "streamMeasured" };
    const isNew = this.#sql.derived.get(device, stream) === undefined;
    if (isNew && (this.#sql.count.get(device) ?? 0) >= DERIVED_STREAMS_MAX) return { outcome: "tooManyDerived" };
    this.#sql.set.run(device, stream, JSON.stringify(definition), atMs);
    this.#onChanged(device, stream, atMs);
    return { outcome: isNew ? "done" : "existed" };
  }
}

function prepare(db: Database.Database) {
  return {
    device: db.prepare<[string], number>("SELECT id FROM devices WHERE mac = ?").pluck(),
    measured: db.prepare("SELECT 1 FROM streams WHERE device_id = ? AND stream = ?"),
    derived: db.prepare("SELECT 1 FROM derived_streams WHERE device_id = ? AND stream = ?"),
    count: db.prepare<[number], number>("SELECT count(*) FROM derived_streams WHERE device_id = ?").pluck(),
    set: db.prepare(
      `INSERT INTO derived_streams (device_id, stream, definition, created_ms) VALUES (?, ?, ?, ?)
       ON CONFLICT (device_id, stream) DO UPDATE SET definition = excluded.definition`,
    ),
    delete: db.prepare<[number, number]>("DELETE FROM derived_streams WHERE device_id = ? AND stream = ?"),
  };
}
