/** Questions about accounts, sessions, tokens, invitations and the audit log, on the reader's connection. */
import type Database from "better-sqlite3";
import type { Level } from "../access/level.ts";
import type { ActorKind } from "../access/people-requests.ts";
import { SESSION_IDLE_MS } from "../limits.ts";

export interface UserRow {
  id: number;
  email: string;
  name: string;
  isOperator: number;
  isDisabled: number;
  createdMs: number;
  loginMs: number | null;
  version: number;
}

export interface MembershipRow {
  organisationId: number;
  slug: string;
  name: string;
  level: Level;
}

export interface MemberRow {
  userId: number;
  email: string;
  name: string;
  isDisabled: number;
  level: Level;
  sinceMs: number;
}

export interface SessionRow {
  id: number;
  userId: number;
  csrf: string;
  agent: string | null;
  address: string | null;
  createdMs: number;
  usedMs: number;
  expiresMs: number;
}

export interface TokenRow {
  id: number;
  name: string;
  userId: number | null;
  organisationId: number | null;
  /** Slug of the organisation. */
  slug: string | null;
  level: Level;
  isOperator: number;
  createdMs: number;
  usedMs: number | null;
  expiresMs: number | null;
}

export interface InvitationRow {
  id: number;
  organisationId: number | null;
  /** Of the organisation. */
  name: string | null;
  level: Level | null;
  isOperator: number;
  userId: number | null;
  email: string | null;
  createdMs: number;
  expiresMs: number;
}

export interface AuditRow {
  id: number;
  atMs: number;
  slug: string | null;
  actorKind: ActorKind;
  actorId: number | null;
  actorName: string;
  address: string | null;
  action: string;
  subject: string;
  status: number;
}

export interface AuditRange {
  /** Null: of all, and what belongs to none. */
  organisation: number | null;
  /** Not included: the newest come first. */
  beforeId: number;
  fromMs: number;
  /** Not included. */
  toMs: number;
  actorKind: ActorKind | null;
  actorId: number | null;
  /** Something of the action, and of the subject. */
  action: string;
  subject: string;
  /** Of the answer, this or higher. */
  statusMin: number;
  limit: number;
}

export class AccountReader {
  readonly #sql: ReturnType<typeof prepare>;

  constructor(db: Database.Database) {
    this.#sql = prepare(db);
  }

  user(id: number): UserRow | undefined {
    return this.#sql.user.get(id);
  }

  users(afterId: number, limit: number): UserRow[] {
    return this.#sql.users.all(afterId, limit);
  }

  /** With the password as it is stored; null where none was ever set. */
  login(email: string): (UserRow & { password: string | null }) | undefined {
    return this.#sql.login.get(email);
  }

  password(userId: number): string | null {
    return this.#sql.password.get(userId)?.password ?? null;
  }

  memberships(userId: number): MembershipRow[] {
    return this.#sql.memberships.all(userId);
  }

  members(organisation: number, afterUser: number, limit: number): MemberRow[] {
    return this.#sql.members.all(organisation, afterUser, limit);
  }

  member(organisation: number, user: number): MemberRow | undefined {
    return this.#sql.member.get(organisation, user);
  }

  /** Undefined: there is none, or it has ended. */
  session(digest: Uint8Array, nowMs: number): SessionRow | undefined {
    return this.#sql.session.get(digest, nowMs, nowMs - SESSION_IDLE_MS);
  }

  sessionsOf(userId: number, nowMs: number): SessionRow[] {
    return this.#sql.sessionsOf.all(userId, nowMs, nowMs - SESSION_IDLE_MS);
  }

  sessionOf(userId: number, id: number): SessionRow | undefined {
    return this.#sql.sessionOf.get(userId, id);
  }

  token(id: number): TokenRow | undefined {
    return this.#sql.token.get(id);
  }

  tokensOfUser(userId: number, afterId: number, limit: number): TokenRow[] {
    return this.#sql.tokensOfUser.all(userId, afterId, limit);
  }

  tokensOfOrganisation(organisation: number, afterId: number, limit: number): TokenRow[] {
    return this.#sql.tokensOfOrganisation.all(organisation, afterId, limit);
  }

  invitation(digest: Uint8Array, nowMs: number): InvitationRow | undefined {
    return this.#sql.invitation.get(digest, nowMs);
  }

  invitationsOf(organisation: number, afterId: number, limit: number, nowMs: number): InvitationRow[] {
    return this.#sql.invitationsOf.all(organisation, afterId, nowMs, limit);
  }

  invitationOf(organisation: number, id: number): InvitationRow | undefined {
    return this.#sql.invitationOf.get(organisation, id);
  }

  audit(range: AuditRange): AuditRow[] {
    return range.organisation === null ? this.#sql.audit.all(range) : this.#sql.auditOf.all(range);
  }
}

const USER = `id, email, name, is_operator AS isOperator, is_disabled AS isDisabled, created_ms AS createdMs,
  login_ms AS loginMs, version`;
const MEMBER = `m.user_id AS userId, u.email, u.name, u.is_disabled AS isDisabled, m.level, m.since_ms AS sinceMs
  FROM memberships m JOIN users u ON u.id = m.user_id`;
const SESSION = `id, user_id AS userId, csrf, agent, address, created_ms AS createdMs, used_ms AS usedMs,
  expires_ms AS expiresMs FROM sessions`;
const TOKEN = `t.id, t.name, t.user_id AS userId, t.organisation_id AS organisationId, o.slug, t.level,
  t.is_operator AS isOperator, t.created_ms AS createdMs, t.used_ms AS usedMs, t.expires_ms AS expiresMs
  FROM tokens t LEFT JOIN organisations o ON o.id = t.organisation_id`;
const INVITATION = `i.id, i.organisation_id AS organisationId, o.name, i.level, i.is_operator AS isOperator,
  i.user_id AS userId, coalesce(i.email, u.email) AS email, i.created_ms AS createdMs, i.expires_ms AS expiresMs
  FROM invitations i LEFT JOIN organisations o ON o.id = i.organisation_id LEFT JOIN users u ON u.id = i.user_id`;
const AUDIT = `a.id, a.at_ms AS atMs, o.slug, a.actor_kind AS actorKind, a.actor_id AS actorId, a.actor_name AS actorName,
  a.address, a.action, a.subject, a.status FROM audit a LEFT JOIN organisations o ON o.id = a.organisation_id`;
const AUDIT_WHERE = `a.id < @beforeId AND a.at_ms >= @fromMs AND a.at_ms < @toMs AND a.status >= @statusMin
  AND (@actorKind IS NULL OR a.actor_kind = @actorKind) AND (@actorId IS NULL OR a.actor_id = @actorId)
  AND instr(a.action, @action) > 0 AND instr(a.subject, @subject) > 0`;

function prepare(db: Database.Database) {
  const inUse = "expires_ms > ? AND used_ms > ?";
  return {
    user: db.prepare<[number], UserRow>(`SELECT ${USER} FROM users WHERE id = ?`),
    users: db.prepare<[number, number], UserRow>(`SELECT ${USER} FROM users WHERE id > ? ORDER BY id LIMIT ?`),
    login: db.prepare<[string], UserRow & { password: string | null }>(
      `SELECT ${USER}, password FROM users WHERE email = ?`,
    ),
    password: db.prepare<[number], { password: string | null }>("SELECT password FROM users WHERE id = ?"),
    memberships: db.prepare<[number], MembershipRow>(
      `SELECT o.id AS organisationId, o.slug, o.name, m.level FROM memberships m
       JOIN organisations o ON o.id = m.organisation_id WHERE m.user_id = ? ORDER BY o.id`,
    ),
    members: db.prepare<[number, number, number], MemberRow>(
      `SELECT ${MEMBER} WHERE m.organisation_id = ? AND m.user_id > ? ORDER BY m.user_id LIMIT ?`,
    ),
    member: db.prepare<[number, number], MemberRow>(`SELECT ${MEMBER} WHERE m.organisation_id = ? AND m.user_id = ?`),
    session: db.prepare<[Uint8Array, number, number], SessionRow>(`SELECT ${SESSION} WHERE digest = ? AND ${inUse}`),
    sessionsOf: db.prepare<[number, number, number], SessionRow>(
      `SELECT ${SESSION} WHERE user_id = ? AND ${inUse} ORDER BY id`,
    ),
    sessionOf: db.prepare<[number, number], SessionRow>(`SELECT ${SESSION} WHERE user_id = ? AND id = ?`),
    token: db.prepare<[number], TokenRow>(`SELECT ${TOKEN} WHERE t.id = ?`),
    tokensOfUser: db.prepare<[number, number, number], TokenRow>(
      `SELECT ${TOKEN} WHERE t.user_id = ? AND t.id > ? ORDER BY t.id LIMIT ?`,
    ),
    tokensOfOrganisation: db.prepare<[number, number, number], TokenRow>(
      `SELECT ${TOKEN} WHERE t.organisation_id = ? AND t.user_id IS NULL AND t.id > ? ORDER BY t.id LIMIT ?`,
    ),
    invitation: db.prepare<[Uint8Array, number], InvitationRow>(
      `SELECT ${INVITATION} WHERE i.digest = ? AND i.expires_ms > ?`,
    ),
    invitationsOf: db.prepare<[number, number, number, number], InvitationRow>(
      `SELECT ${INVITATION} WHERE i.organisation_id = ? AND i.is_operator = 0 AND i.id > ? AND i.expires_ms > ?
       ORDER BY i.id LIMIT ?`,
    ),
    invitationOf: db.prepare<[number, number], InvitationRow>(
      `SELECT ${INVITATION} WHERE i.organisation_id = ? AND i.is_operator = 0 AND i.id = ?`,
    ),
    audit: db.prepare<[AuditRange], AuditRow>(`SELECT ${AUDIT} WHERE ${AUDIT_WHERE} ORDER BY a.id DESC LIMIT @limit`),
    auditOf: db.prepare<[AuditRange], AuditRow>(
      `SELECT ${AUDIT} WHERE a.organisation_id = @organisation AND ${AUDIT_WHERE} ORDER BY a.id DESC LIMIT @limit`,
    ),
  };
}
