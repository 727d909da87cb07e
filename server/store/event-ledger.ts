/** Events and their files, written. */
import type Database from "better-sqlite3";
import {
  EVENT_FILES_MAX,
  EVENT_FILES_OF_ORGANISATION_MAX,
  EVENT_FILES_OF_ORGANISATION_MAX_BYTES,
  EVENTS_OF_DEVICE_MAX,
} from "../limits.ts";
import type { StoreAnswer } from "../updates/store-requests.ts";
import type { EventRequest, NewFile } from "./event-requests.ts";
import type { Handlers } from "./handlers.ts";

export class EventLedger {
  readonly #sql: ReturnType<typeof prepare>;
  readonly handlers: Handlers<EventRequest> = {
    addEvent: ({ deviceId, event, by, atMs }) => {
      if (this.#sql.device.get(deviceId) === undefined) return { outcome: "deviceUnknown" };
      if ((this.#sql.count.get(deviceId) ?? 0) >= EVENTS_OF_DEVICE_MAX) return { outcome: "tooMany" };
      const { timeMs, kind, stream, data } = event;
      const { lastInsertRowid } = this.#sql.add.run(deviceId, timeMs, kind, stream, data, by.key, by.name, atMs);
      return { outcome: "done", id: Number(lastInsertRowid) };
    },
    deleteEvent: ({ event }) => ({ outcome: this.#sql.delete.run(event).changes > 0 ? "done" : "eventUnknown" }),
    putEventFile: ({ event, file, atMs }) => this.#putFile(event, file, atMs),
    deleteEventFile: ({ event, name }) => ({
      outcome: this.#sql.deleteFile.run(event, name).changes > 0 ? "done" : "fileUnknown",
    }),
  };

  constructor(db: Database.Database) {
    this.#sql = prepare(db);
  }

  #putFile(event: number, { name, mediaType, digest, bytes }: NewFile, atMs: number): StoreAnswer {
    const deviceId = this.#sql.deviceOf.get(event);
    if (deviceId === undefined) return { outcome: "eventUnknown" };
    const formerBytes = this.#sql.sizeOf.get(event, name);
    const added = formerBytes === undefined ? 1 : 0;
    const all = this.#sql.filesOfOrganisation.get(deviceId) ?? { count: 0, bytes: 0 };
    const isFull =
      (this.#sql.files.get(event) ?? 0) + added > EVENT_FILES_MAX ||
      all.count + added > EVENT_FILES_OF_ORGANISATION_MAX ||
      all.bytes - (formerBytes ?? 0) + bytes.length > EVENT_FILES_OF_ORGANISATION_MAX_BYTES;
    if (isFull) return { outcome: "tooMany" };
    this.#sql.deleteFile.run(event, name);
    this.#sql.addFile.run(event, deviceId, name, mediaType, bytes.length, digest, atMs, bytes);
    return { outcome: added === 0 ? "existed" : "done" };
  }
}

function prepare(db: Database.Database) {
  return {
    device: db.prepare<[number]>("SELECT 1 FROM devices WHERE id = ?"),
    count: db.prepare<[number], number>("SELECT count(*) FROM events WHERE device_id = ?").pluck(),
    add: db.prepare(
      `INSERT INTO events (device_id, time_ms, kind, stream, data, maker, made_by, created_ms)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    delete: db.prepare("DELETE FROM events WHERE id = ?"),
    deviceOf: db.prepare<[number], number>("SELECT device_id FROM events WHERE id = ?").pluck(),
    files: db.prepare<[number], number>("SELECT count(*) FROM event_files WHERE event_id = ?").pluck(),
    filesOfOrganisation: db.prepare<[number], { count: number; bytes: number }>(
      `SELECT count(f.size_bytes) AS count, coalesce(sum(f.size_bytes), 0) AS bytes
       FROM devices d JOIN projects p ON p.id = d.project_id JOIN projects q ON q.organisation_id = p.organisation_id
         JOIN devices e ON e.project_id = q.id JOIN event_files f ON f.device_id = e.id WHERE d.id = ?`,
    ),
    sizeOf: db
      .prepare<[number, string], number>("SELECT size_bytes FROM event_files WHERE event_id = ? AND name = ?")
      .pluck(),
    addFile: db.prepare(
      `INSERT INTO event_files (event_id, device_id, name, media_type, size_bytes, digest, created_ms, bytes)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    deleteFile: db.prepare("DELETE FROM event_files WHERE event_id = ? AND name = ?"),
  };
}
