/** Events, their files, and notes, between the main thread and the writer. `by` is who does it. */
import type { Person } from "../rollouts/rollout-requests.ts";

export interface NewEvent {
  timeMs: number;
  kind: string;
  stream: number | null;
  /** JSON. */
  data: string;
}

export interface NewFile {
  name: string;
  mediaType: string;
  digest: Uint8Array;
  bytes: Uint8Array;
}

/** A device, one of its streams, or a project. */
export type NotedThing = { deviceId: number; stream: number | null } | { projectId: number };

export type EventRequest =
  | { kind: "addEvent"; deviceId: number; event: NewEvent; by: Person; atMs: number }
  | { kind: "deleteEvent"; event: number }
  /** In place of one of that name. */
  | { kind: "putEventFile"; event: number; file: NewFile; atMs: number }
  | { kind: "deleteEventFile"; event: number; name: string };

export type NoteRequest =
  | { kind: "addNote"; about: NotedThing; text: string; by: Person; atMs: number }
  | { kind: "changeNote"; note: number; text: string; atMs: number }
  | { kind: "deleteNote"; note: number };
