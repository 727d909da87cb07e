/** The part of the server's HTTP API that is about what people and programs write down: notes, events with files, changes, the audit log. */
import { askJson, queryOf, type Ways } from "./ways.ts";

export interface Note {
  id: number;
  device: string | null;
  stream: string | null;
  project: string | null;
  text: string;
  by: string;
  created: string;
  changed: string | null;
}

export interface EventFile {
  name: string;
  mediaType: string;
  sizeBytes: number;
  sha256: string;
}

export interface DeviceEvent {
  id: number;
  time: string;
  kind: string;
  stream: string | null;
  data: unknown;
  by: string;
  files: EventFile[];
}

export interface NewEvent {
  kind: string;
  time?: string | undefined;
  stream?: string | undefined;
  data?: unknown;
}

export interface Change {
  id: number;
  time: string;
  kind: string;
  device: string | null;
  detail: Record<string, unknown>;
}

export interface AuditEntry {
  id: number;
  time: string;
  organisation: string | null;
  actor: { kind: string; id: number | null; name: string };
  address: string | null;
  action: string;
  subject: string;
  status: number;
}

type Filter = Record<string, string | number | undefined>;

export class RecordClient {
  readonly #ways: Ways;

  constructor(ways: Ways) {
    this.#ways = ways;
  }

  /** `thing`: as `devices/024c4e540001`, or `projects/1`. */
  notes(thing: string, filter: Filter = {}): Promise<Note[]> {
    return this.#ways.all(`/api/v1/${thing}/notes${queryOf(filter)}`);
  }

  addNote(thing: string, note: { text: string; stream?: string | undefined }): Promise<Note> {
    return askJson(this.#ways.send, "POST", `/api/v1/${thing}/notes`, note);
  }

  changeNote(id: number, text: string): Promise<Note> {
    return askJson(this.#ways.send, "PATCH", `/api/v1/notes/${id}`, { text });
  }

  async deleteNote(id: number): Promise<void> {
    await this.#ways.send("DELETE", `/api/v1/notes/${id}`);
  }

  /** Page by page, the oldest first. */
  events(mac: string, filter: Filter): AsyncGenerator<DeviceEvent[]> {
    return this.#ways.pages(`${eventsOf(mac)}${queryOf(filter)}`);
  }

  event(mac: string, id: number): Promise<DeviceEvent> {
    return askJson(this.#ways.send, "GET", `${eventsOf(mac)}/${id}`);
  }

  addEvent(mac: string, event: NewEvent): Promise<DeviceEvent> {
    return askJson(this.#ways.send, "POST", eventsOf(mac), event);
  }

  async deleteEvent(mac: string, id: number): Promise<void> {
    await this.#ways.send("DELETE", `${eventsOf(mac)}/${id}`);
  }

  async attach(mac: string, id: number, file: { name: string; type: string; bytes: Uint8Array }): Promise<EventFile> {
    const body = { type: file.type, bytes: Buffer.from(file.bytes) };
    return JSON.parse(await this.#ways.send("PUT", fileOf(mac, id, file.name), body)) as EventFile;
  }

  file(mac: string, id: number, name: string): Promise<AsyncIterable<Uint8Array>> {
    return this.#ways.open(fileOf(mac, id, name));
  }

  async detach(mac: string, id: number, name: string): Promise<void> {
    await this.#ways.send("DELETE", fileOf(mac, id, name));
  }

  /** What has happened since `cursor`, of all that is kept if there is none; and the cursor to go on with. */
  async changes(filter: Filter, cursor: string | undefined): Promise<{ items: Change[]; next: string }> {
    return askJson(this.#ways.send, "GET", `/api/v1/changes${queryOf({ ...filter, cursor })}`);
  }

  /** Page by page, the newest first; of the whole server without an organisation. */
  audit(organisation: string | undefined, filter: Filter): AsyncGenerator<AuditEntry[]> {
    const place = organisation === undefined ? "" : `organisations/${encodeURIComponent(organisation)}/`;
    return this.#ways.pages(`/api/v1/${place}audit${queryOf(filter)}`);
  }
}

function eventsOf(mac: string): string {
  return `/api/v1/devices/${mac}/events`;
}

function fileOf(mac: string, id: number, name: string): string {
  return `${eventsOf(mac)}/${id}/files/${encodeURIComponent(name)}`;
}
