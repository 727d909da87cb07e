/**
 * What the main thread asks of the writer about accounts: users, invitations, sessions, tokens. Digests are SHA-256; a password
 * comes as it is stored. The ledger refuses what would leave an organisation without an owner or the server without an operator.
 */
import type { Level } from "./level.ts";

export interface NewInvitation {
  digest: Uint8Array;
  /** Null: it only sets the password of `user`. */
  organisation: number | null;
  level: Level | null;
  /** Whose password it sets; null: it makes a member. */
  user: number | null;
  /** The only one who may take it; null: whoever has it. */
  email: string | null;
  atMs: number;
  expiresMs: number;
}

export interface NewToken {
  digest: Uint8Array;
  name: string;
  user: number | null;
  organisation: number | null;
  level: Level;
  isOperator: boolean;
  atMs: number;
  expiresMs: number | null;
}

export interface NewSession {
  digest: Uint8Array;
  user: number;
  csrf: string;
  agent: string | null;
  address: string;
  atMs: number;
  expiresMs: number;
}

export interface UserChange {
  name?: string;
  email?: string;
  isOperator?: boolean;
  isDisabled?: boolean;
}

/** Who takes an invitation. */
export type Guest =
  /** An account that is there, and has shown that it is itself. */
  | { user: number }
  | { email: string; name: string; password: string }
  /** Of an invitation that sets a password. */
  | { password: string };

export type AccountRequest =
  | { kind: "addInvitation"; invitation: NewInvitation }
  | { kind: "deleteInvitation"; id: number }
  /** The one that makes the first operator, in place of the one before; digest null: none. */
  | { kind: "setFirstInvitation"; digest: Uint8Array | null; atMs: number; expiresMs: number }
  /** `user` of the answer is who has come in. */
  | { kind: "acceptInvitation"; digest: Uint8Array; guest: Guest; atMs: number }
  | { kind: "addSession"; session: NewSession }
  | { kind: "touchSession"; id: number; atMs: number }
  | { kind: "deleteSession"; id: number }
  /** Ends every other session. `except` null: all of them. */
  | { kind: "setPassword"; user: number; password: string; except: number | null }
  /** The same password, stored at today's cost. */
  | { kind: "restorePassword"; user: number; before: string; password: string }
  /** `version` null: whichever it is. */
  | { kind: "changeUser"; user: number; change: UserChange; version: number | null }
  | { kind: "deleteUser"; user: number }
  | { kind: "addToken"; token: NewToken }
  | { kind: "touchToken"; id: number; atMs: number }
  | { kind: "deleteToken"; id: number };
