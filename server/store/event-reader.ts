/** Events, their files and notes, read. */
import type Database from "better-sqlite3";

export interface EventRow {
  id: number;
  deviceId: number;
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

  event(id: number): EventRow | undefined {
    return this.#sql.event.get(id);
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
  const events = `SELECT id, device_id AS deviceId, time_ms AS timeMs, kind, stream, data, made_by AS madeBy,
    created_ms AS createdMs FROM events`;
  const files = "name, media_type AS mediaType, size_bytes AS sizeBytes, digest, created_ms AS createdMs";
  const notes = `SELECT n.id, d.mac, n.stream, n.project_id AS projectId, p.organisation_id AS organisationId, n.text,
      n.maker, n.made_by AS madeBy, n.created_ms AS createdMs, n.changed_ms AS changedMs
    FROM notes n LEFT JOIN devices d ON d.id = n.device_id
      LEFT JOIN projects p ON p.id = coalesce(n.project_id, d.project_id)`;
  return {
    events: db.prepare<[EventRange], EventRow>(
      `${events} WHERE device_id = @deviceId AND time_ms >= @fromMs AND time_ms < @toMs
         AND (time_ms, id) > (@afterMs, @afterId)
         AND (@kind IS NULL OR kind = @kind) AND (@stream IS NULL OR stream = @stream)
       ORDER BY time_ms, id LIMIT @limit`,
    ),
    event: db.prepare<[number], EventRow>(`${events} WHERE id = ?`),
    files: db.prepare<[number], EventFileRow>(`SELECT ${files} FROM event_files WHERE event_id = ? ORDER BY name`),
    file: db.prepare<[number, string], EventFileRow & { bytes: Buffer }>(
      `SELECT ${files}, bytes FROM event_files WHERE event_id = ? AND name = ?`,
    ),
    notesOfDevice: db.prepare<[NoteRange], NoteRow>(
      `${notes} WHERE n.device_id = @deviceId AND (@stream IS NULL OR n.stream = @stream) AND n.id > @afterId
       ORDER BY n.id LIMIT @limit`,
    ),
    notesOfProject: db.prepare<[NoteRange], NoteRow>(
      `${notes} WHERE n.project_id = @projectId AND n.id > @afterId ORDER BY n.id LIMIT @limit`,
    ),
    note: db.prepare<[number], NoteRow>(`${notes} WHERE n.id = ?`),
  };
}
