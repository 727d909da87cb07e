/**
 * Events, their files and notes, read. Those of a device are those of its place, as its readings are: of boards that were replaced, and
 * of those in their place (board-line.ts).
 */
import type Database from "better-sqlite3";
import { BOARD_LINE } from "./board-line.ts";

export interface EventRow {
  id: number;
  /** Of the board that it happened to. */
  mac: string;
  timeMs: number;
  kind: string;
  stream: number | null;
  /** JSON. */
  data: string;
  madeBy: string;
  createdMs: number;
}

export interface EventFileRow {
  name: string;
  mediaType: string;
  sizeBytes: number;
  digest: Buffer;
  createdMs: number;
}

export interface NoteRow {
  id: number;
  mac: string | null;
  stream: number | null;
  projectId: number | null;
  organisationId: number | null;
  text: string;
  maker: string;
  madeBy: string;
  createdMs: number;
  changedMs: number | null;
}

export interface EventRange {
  deviceId: number;
  fromMs: number;
  /** Not included. */
  toMs: number;
  /** Null: of every kind; of every stream and of none. */
  kind: string | null;
  stream: number | null;
  afterMs: number;
  afterId: number;
  limit: number;
}

/** Of a device, of one of its streams where that is not null, or of a project. */
export interface NoteRange {
  deviceId: number | null;
  stream: number | null;
  projectId: number | null;
  afterId: number;
  limit: number;
}

export class EventReader {
  readonly #sql: ReturnType<typeof prepare>;

  constructor(db: Database.Database) {
    this.#sql = prepare(db);
  }

  events(range: EventRange): EventRow[] {
    return this.#sql.events.all(range);
  }

  /** Undefined: it is none of this device, nor of a board in its line. */
  event(deviceId: number, id: number): EventRow | undefined {
    return this.#sql.event.get({ deviceId, id });
  }

  files(event: number): EventFileRow[] {
    return this.#sql.files.all(event);
  }

  file(event: number, name: string): (EventFileRow & { bytes: Buffer }) | undefined {
    return this.#sql.file.get(event, name);
  }

  notes(range: NoteRange): NoteRow[] {
    return range.projectId === null ? this.#sql.notesOfDevice.all(range) : this.#sql.notesOfProject.all(range);
  }

  note(id: number): NoteRow | undefined {
    return this.#sql.note.get(id);
  }
}

function prepare(db: Database.Database) {
  const events = `WITH RECURSIVE ${BOARD_LINE}
    SELECT e.id, d.mac, e.time_ms AS timeMs, e.kind, e.stream, e.data, e.made_by AS madeBy, e.created_ms AS createdMs
    FROM line CROSS JOIN events e ON e.device_id = line.id JOIN devices d ON d.id = line.id`;
  const files = "name, media_type AS mediaType, size_bytes AS sizeBytes, digest, created_ms AS createdMs";
  const notes = `SELECT n.id, d.mac, n.stream, n.project_id AS projectId, p.organisation_id AS organisationId, n.text,
      n.maker, n.made_by AS madeBy, n.created_ms AS createdMs, n.changed_ms AS changedMs
    FROM notes n LEFT JOIN devices d ON d.id = n.device_id
      LEFT JOIN projects p ON p.id = coalesce(n.project_id, d.project_id)`;
  return {
    events: db.prepare<[EventRange], EventRow>(
      `${events} WHERE e.time_ms >= @fromMs AND e.time_ms < @toMs AND (e.time_ms, e.id) > (@afterMs, @afterId)
         AND (@kind IS NULL OR e.kind = @kind) AND (@stream IS NULL OR e.stream = @stream)
       ORDER BY e.time_ms, e.id LIMIT @limit`,
    ),
    event: db.prepare<[{ deviceId: number; id: number }], EventRow>(`${events} WHERE e.id = @id`),
    files: db.prepare<[number], EventFileRow>(`SELECT ${files} FROM event_files WHERE event_id = ? ORDER BY name`),
    file: db.prepare<[number, string], EventFileRow & { bytes: Buffer }>(
      `SELECT ${files}, bytes FROM event_files WHERE event_id = ? AND name = ?`,
    ),
    notesOfDevice: db.prepare<[NoteRange], NoteRow>(
      `WITH RECURSIVE ${BOARD_LINE} ${notes} WHERE n.device_id IN (SELECT id FROM line)
         AND (@stream IS NULL OR n.stream = @stream) AND n.id > @afterId
       ORDER BY n.id LIMIT @limit`,
    ),
    notesOfProject: db.prepare<[NoteRange], NoteRow>(
      `${notes} WHERE n.project_id = @projectId AND n.id > @afterId ORDER BY n.id LIMIT @limit`,
    ),
    note: db.prepare<[number], NoteRow>(`${notes} WHERE n.id = ?`),
  };
}
