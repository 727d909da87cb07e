/** Notes about devices, streams and projects, written. Who may change one was looked at before (server/api/note-routes.ts). */
import type Database from "better-sqlite3";
import { NOTES_OF_THING_MAX } from "../limits.ts";
import type { NoteRequest } from "./event-requests.ts";
import type { Handlers } from "./handlers.ts";

export class NoteLedger {
  readonly #sql: ReturnType<typeof prepare>;
  readonly handlers: Handlers<NoteRequest> = {
    addNote: ({ about, text, by, atMs }) => {
      const [device, stream, project] =
        "deviceId" in about ? [about.deviceId, about.stream, null] : [null, null, about.projectId];
      if (this.#sql.thing.get(device, project) === undefined) return { outcome: "deviceUnknown" };
      if ((this.#sql.count.get(device, project) ?? 0) >= NOTES_OF_THING_MAX) return { outcome: "tooMany" };
      const { lastInsertRowid } = this.#sql.add.run(device, stream, project, text, by.key, by.name, atMs);
      return { outcome: "done", id: Number(lastInsertRowid) };
    },
    changeNote: ({ note, text, atMs }) => ({
      outcome: this.#sql.change.run(text, atMs, note).changes > 0 ? "done" : "noteUnknown",
    }),
    deleteNote: ({ note }) => ({ outcome: this.#sql.delete.run(note).changes > 0 ? "done" : "noteUnknown" }),
  };

  constructor(db: Database.Database) {
    this.#sql = prepare(db);
  }
}

type Thing = [number | null, number | null];

function prepare(db: Database.Database) {
  return {
    thing: db.prepare<Thing>("SELECT 1 FROM devices WHERE id = ? UNION ALL SELECT 1 FROM projects WHERE id = ?"),
    count: db
      .prepare<Thing, number>(
        `SELECT (SELECT count(*) FROM notes WHERE device_id = ?) + (SELECT count(*) FROM notes WHERE project_id = ?)`,
      )
      .pluck(),
    add: db.prepare(
      `INSERT INTO notes (device_id, stream, project_id, text, maker, made_by, created_ms) VALUES (?, ?, ?, ?, ?, ?, ?)`,
    ),
    change: db.prepare("UPDATE notes SET text = ?, changed_ms = ? WHERE id = ?"),
    delete: db.prepare("DELETE FROM notes WHERE id = ?"),
  };
}
