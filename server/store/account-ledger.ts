/**
 * Accounts, the writer's side. There is one writer, so what is looked at here before it is changed is still so when it is. Two
 * things never come about: an organisation that has had an owner without one, and a server with users but no operator among them.
 */
import type Database from "better-sqlite3";
import type { AccountRequest, Guest, NewInvitation } from "../access/account-requests.ts";
import { Level } from "../access/level.ts";
import { INVITATIONS_MAX, SESSION_IDLE_MS, SESSIONS_MAX, TOKENS_MAX, USERS_MAX } from "../limits.ts";
import type { StoreAnswer, StoreOutcome } from "../updates/store-requests.ts";
import type { Handlers } from "./handlers.ts";

/** Made by the first migration that knows organisations. */
const FIRST_ORGANISATION = 1;

interface InvitationRow {
  id: number;
  organisation: number | null;
  level: Level | null;
  isOperator: number;
  user: number | null;
}

export class AccountLedger {
  readonly #sql: ReturnType<typeof prepare>;
  readonly handlers: Handlers<AccountRequest> = {
    addInvitation: ({ invitation }) => this.#addInvitation(invitation),
    deleteInvitation: ({ id }) => found(this.#sql.deleteInvitation.run(id).changes, "invitationUnknown"),
    setFirstInvitation: ({ digest, atMs, expiresMs }) => {
      this.#sql.deleteFirstInvitations.run();
      if (digest !== null) this.#sql.addFirstInvitation.run(digest, FIRST_ORGANISATION, atMs, expiresMs);
      return { outcome: "done" };
    },
    acceptInvitation: ({ digest, guest, atMs }) => this.#accept(digest, guest, atMs),
    addSession: ({ session }) => {
      this.#sql.deleteEndedSessions.run(session.atMs, session.atMs - SESSION_IDLE_MS);
      this.#sql.addSession.run(session);
      this.#sql.trimSessions.run(session.user, session.user, SESSIONS_MAX);
      this.#sql.setLogin.run(session.atMs, session.user);
      return { outcome: "done" };
    },
    touchSession: ({ id, atMs }) => found(this.#sql.touchSession.run(atMs, id).changes, "sessionUnknown"),
    deleteSession: ({ id }) => found(this.#sql.deleteSession.run(id).changes, "sessionUnknown"),
    setPassword: ({ user, password, except }) => {
      if (this.#sql.setPassword.run(password, user).changes === 0) return { outcome: "userUnknown" };
      this.#sql.deleteSessionsOf.run(user, except ?? 0);
      return { outcome: "done" };
    },
    restorePassword: ({ user, before, password }) =>
      found(this.#sql.restorePassword.run(password, user, before).changes, "changedMeanwhile"),
    changeUser: ({ user, change, version }) => {
      const before = this.#sql.user.get(user);
      if (before === undefined) return { outcome: "userUnknown" };
      if (version !== null && version !== before.version) return { outcome: "changedMeanwhile" };
      const { name = before.name, email = before.email } = change;
      const { isOperator = before.isOperator === 1, isDisabled = before.isDisabled === 1 } = change;
      const other = this.#sql.userByEmail.get(email);
      if (other !== undefined && other.id !== user) return { outcome: "existed" };
      if ((!isOperator || isDisabled) && this.#isLastOperator(user)) return { outcome: "lastOperator" };
      if (isDisabled && this.#isLastOwner(user)) return { outcome: "lastOwner" };
      this.#sql.changeUser.run({ user, name, email, isOperator: isOperator ? 1 : 0, isDisabled: isDisabled ? 1 : 0 });
      if (isDisabled) this.#endAll(user);
      return { outcome: "done" };
    },
    deleteUser: ({ user }) => {
      if (this.#sql.user.get(user) === undefined) return { outcome: "userUnknown" };
      if (this.#isLastOperator(user)) return { outcome: "lastOperator" };
      if (this.#isLastOwner(user)) return { outcome: "lastOwner" };
      this.#sql.deleteUser.run(user);
      return { outcome: "done" };
    },
    addToken: ({ token }) => {
      const { user, organisation } = token;
      if ((this.#sql.countTokens.get({ user, organisation })?.count ?? 0) >= TOKENS_MAX) return { outcome: "tooMany" };
      const { lastInsertRowid } = this.#sql.addToken.run({ ...token, isOperator: token.isOperator ? 1 : 0 });
      return { outcome: "done", id: Number(lastInsertRowid) };
    },
    touchToken: ({ id, atMs }) => found(this.#sql.touchToken.run(atMs, id).changes, "tokenUnknown"),
    deleteToken: ({ id }) => found(this.#sql.deleteToken.run(id).changes, "tokenUnknown"),
  };

  constructor(db: Database.Database) {
    this.#sql = prepare(db);
  }

  #addInvitation(invitation: NewInvitation): StoreAnswer {
    this.#sql.deleteEndedInvitations.run(invitation.atMs);
    // Of a user only the last one sets his password.
    if (invitation.user !== null) this.#sql.deleteInvitationsFor.run(invitation.user);
    if ((this.#sql.countInvitations.get(invitation.organisation)?.count ?? 0) >= INVITATIONS_MAX)
      return { outcome: "tooMany" };
    const { lastInsertRowid } = this.#sql.addInvitation.run(invitation);
    return { outcome: "done", id: Number(lastInsertRowid) };
  }

  #accept(digest: Uint8Array, guest: Guest, atMs: number): StoreAnswer {
    const invitation = this.#sql.invitation.get(digest, atMs);
    if (invitation === undefined) return { outcome: "invitationUnknown" };
    // One that makes the first operator is worth nothing once there is one.
    if (invitation.isOperator === 1 && this.#sql.anyUser.get() !== undefined) return { outcome: "invitationUnknown" };
    const user = this.#comeIn(invitation, guest, atMs);
    if (typeof user === "string") return { outcome: user };
    this.#sql.deleteInvitation.run(invitation.id);
    this.#sql.deleteFirstInvitations.run();
    return { outcome: "done", id: user };
  }

  /** The user, or why not. */
  #comeIn({ organisation, level, isOperator, user }: InvitationRow, guest: Guest, atMs: number): number | StoreOutcome {
    if (user !== null) {
      if (!("password" in guest)) return "invitationUnknown";
      this.#sql.setPassword.run(guest.password, user);
      // Whoever knew the old one is out, whatever he came in with.
      this.#endAll(user);
      return user;
    }
    let member: number;
    if ("user" in guest) member = guest.user;
    else {
      if (!("email" in guest)) return "invitationUnknown";
      if (this.#sql.userByEmail.get(guest.email) !== undefined) return "existed";
      if ((this.#sql.countUsers.get()?.count ?? 0) >= USERS_MAX) return "tooMany";
      member = Number(this.#sql.addUser.run({ ...guest, isOperator, atMs }).lastInsertRowid);
    }
    if (organisation !== null && level !== null) {
      this.#sql.join.run({ organisation, user: member, level, atMs });
      this.#sql.raiseVersion.run(member);
    }
    return member;
  }

  #endAll(user: number): void {
    this.#sql.deleteSessionsOf.run(user, 0);
    this.#sql.deleteTokensOf.run(user);
  }

  #isLastOperator(user: number): boolean {
    return this.#sql.isOperator.get(user) !== undefined && this.#sql.otherOperator.get(user) === undefined;
  }

  #isLastOwner(user: number): boolean {
    return this.#sql.ownedAlone.get({ user, own: Level.Own }) !== undefined;
  }
}

function found(changes: number, otherwise: StoreOutcome): StoreAnswer {
  return { outcome: changes === 0 ? otherwise : "done" };
}

interface UserEntry {
  name: string;
  email: string;
  isOperator: number;
  isDisabled: number;
  version: number;
}

function prepare(db: Database.Database) {
  return {
    anyUser: db.prepare("SELECT 1 FROM users LIMIT 1"),
    user: db.prepare<[number], UserEntry>(
      "SELECT name, email, is_operator AS isOperator, is_disabled AS isDisabled, version FROM users WHERE id = ?",
    ),
    userByEmail: db.prepare<[string], { id: number }>("SELECT id FROM users WHERE email = ?"),
    countUsers: db.prepare<[], { count: number }>("SELECT count(*) AS count FROM users"),
    addUser: db.prepare(
      `INSERT INTO users (email, name, password, is_operator, created_ms)
       VALUES (@email, @name, @password, @isOperator, @atMs)`,
    ),
    changeUser: db.prepare(
      `UPDATE users SET name = @name, email = @email, is_operator = @isOperator, is_disabled = @isDisabled,
         version = version + 1 WHERE id = @user`,
    ),
    raiseVersion: db.prepare<[number]>("UPDATE users SET version = version + 1 WHERE id = ?"),
    deleteUser: db.prepare<[number]>("DELETE FROM users WHERE id = ?"),
    setLogin: db.prepare<[number, number]>("UPDATE users SET login_ms = ? WHERE id = ?"),
    setPassword: db.prepare<[string, number]>("UPDATE users SET password = ? WHERE id = ?"),
    restorePassword: db.prepare<[string, number, string]>(
      "UPDATE users SET password = ? WHERE id = ? AND password = ?",
    ),
    isOperator: db.prepare<[number]>("SELECT 1 FROM users WHERE id = ? AND is_operator = 1 AND is_disabled = 0"),
    otherOperator: db.prepare<[number]>("SELECT 1 FROM users WHERE id <> ? AND is_operator = 1 AND is_disabled = 0"),
    ownedAlone: db.prepare<[{ user: number; own: Level }]>(
      `SELECT 1 FROM memberships m JOIN users me ON me.id = m.user_id AND me.is_disabled = 0
       WHERE m.user_id = @user AND m.level = @own AND NOT EXISTS (
         SELECT 1 FROM memberships o JOIN users u ON u.id = o.user_id AND u.is_disabled = 0
         WHERE o.organisation_id = m.organisation_id AND o.level = @own AND o.user_id <> m.user_id) LIMIT 1`,
    ),
    // An invitation never takes away what its guest has already.
    join: db.prepare(
      `INSERT INTO memberships (organisation_id, user_id, level, since_ms) VALUES (@organisation, @user, @level, @atMs)
       ON CONFLICT (user_id, organisation_id) DO UPDATE SET level = max(level, excluded.level)`,
    ),
    invitation: db.prepare<[Uint8Array, number], InvitationRow>(
      `SELECT id, organisation_id AS organisation, level, is_operator AS isOperator, user_id AS user
       FROM invitations WHERE digest = ? AND expires_ms > ?`,
    ),
    countInvitations: db.prepare<[number | null], { count: number }>(
      "SELECT count(*) AS count FROM invitations WHERE organisation_id IS ?",
    ),
    addInvitation: db.prepare(
      `INSERT INTO invitations (digest, organisation_id, level, is_operator, user_id, email, created_ms, expires_ms)
       VALUES (@digest, @organisation, @level, 0, @user, @email, @atMs, @expiresMs)`,
    ),
    addFirstInvitation: db.prepare(
      `INSERT INTO invitations (digest, organisation_id, level, is_operator, created_ms, expires_ms)
       VALUES (?, ?, ${Level.Own}, 1, ?, ?)`,
    ),
    deleteInvitation: db.prepare<[number]>("DELETE FROM invitations WHERE id = ?"),
    deleteInvitationsFor: db.prepare<[number]>("DELETE FROM invitations WHERE user_id = ?"),
    deleteFirstInvitations: db.prepare("DELETE FROM invitations WHERE is_operator = 1"),
    deleteEndedInvitations: db.prepare<[number]>("DELETE FROM invitations WHERE expires_ms <= ?"),
    addSession: db.prepare(
      `INSERT INTO sessions (digest, user_id, csrf, agent, address, created_ms, used_ms, expires_ms)
       VALUES (@digest, @user, @csrf, @agent, @address, @atMs, @atMs, @expiresMs)`,
    ),
    trimSessions: db.prepare<[number, number, number]>(
      `DELETE FROM sessions WHERE user_id = ? AND id NOT IN (
         SELECT id FROM sessions WHERE user_id = ? ORDER BY id DESC LIMIT ?)`,
    ),
    touchSession: db.prepare<[number, number]>("UPDATE sessions SET used_ms = ? WHERE id = ?"),
    deleteSession: db.prepare<[number]>("DELETE FROM sessions WHERE id = ?"),
    deleteSessionsOf: db.prepare<[number, number]>("DELETE FROM sessions WHERE user_id = ? AND id <> ?"),
    deleteEndedSessions: db.prepare<[number, number]>("DELETE FROM sessions WHERE expires_ms <= ? OR used_ms <= ?"),
    countTokens: db.prepare<[{ user: number | null; organisation: number | null }], { count: number }>(
      `SELECT count(*) AS count FROM tokens
       WHERE user_id IS @user AND (@user IS NOT NULL OR organisation_id IS @organisation)`,
    ),
    addToken: db.prepare(
      `INSERT INTO tokens (digest, name, user_id, organisation_id, level, is_operator, created_ms, expires_ms)
       VALUES (@digest, @name, @user, @organisation, @level, @isOperator, @atMs, @expiresMs)`,
    ),
    touchToken: db.prepare<[number, number]>("UPDATE tokens SET used_ms = ? WHERE id = ?"),
    deleteToken: db.prepare<[number]>("DELETE FROM tokens WHERE id = ?"),
    deleteTokensOf: db.prepare<[number]>("DELETE FROM tokens WHERE user_id = ?"),
  };
}
