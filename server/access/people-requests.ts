/** What the main thread asks of the writer about people and what they may do. Digests are SHA-256. */
import type { Registration } from "./registration.ts";

/** Numbers are in the database. */
export enum ActorKind {
  User = 0,
  Token = 1,
  Everybody = 2,
  Server = 3,
}

export interface AuditEntry {
  atMs: number;
  /** Null: it is about the server itself, or about nothing that could be found. */
  organisation: number | null;
  actorKind: ActorKind;
  actorId: number | null;
  actorName: string;
  address: string | null;
  /** Method and route, as `PUT /api/v1/devices/:mac/config`. */
  action: string;
  /** What the route was about, as `mac=5ccf7f123456`. */
  subject: string;
  /** Of the answer, RFC 9110 section 15. */
  status: number;
}

export type PeopleRequest =
  /** A data folder is new: its first organisation and project, which migrations made, began now. Undefined: it takes boards in as it does. */
  | { kind: "beginProject"; project: number; registration: Registration | undefined; atMs: number }
  /** The token that lies in the data folder for whoever may read that; in place of the one before. */
  | { kind: "setOperatorToken"; digest: Uint8Array; atMs: number }
  | { kind: "audit"; entry: AuditEntry };
