/** Questions about people and what they may do, on the reader's connection. */
import type Database from "better-sqlite3";
import { Level } from "../access/level.ts";
import type { Principal } from "../access/principal.ts";
import type { Registration } from "../access/registration.ts";

export interface OrganisationRow {
  id: number;
  slug: string;
  name: string;
  createdMs: number;
  version: number;
}

export interface ProjectRow {
  id: number;
  organisationId: number;
  name: string;
  registration: Registration;
  claimToken: string | null;
  createdMs: number;
  version: number;
}

interface TokenRow {
  id: number;
  name: string;
  userId: number | null;
  organisationId: number | null;
  level: Level;
  isOperator: number;
  usedMs: number | null;
  expiresMs: number | null;
}

interface UserRow {
  id: number;
  name: string;
  isOperator: number;
}

export class PeopleReader {
  readonly #sql: ReturnType<typeof prepare>;

  constructor(db: Database.Database) {
    this.#sql = prepare(db);
  }

  /** Nobody has ever come in but by the token of the data folder. */
  /** Who came with an organisation of another server and has no password yet does not count: somebody has to let him in. */
  hasUsers(): boolean {
    return this.#sql.anyUser.get() !== undefined;
  }

  /** Of a folder that no server has run in. */
  isNew(): boolean {
    return this.#sql.anyToken.get() === undefined && !this.hasUsers();
  }

  hasOperatorToken(digest: Uint8Array): boolean {
    return this.#sql.token.get(digest, 0)?.isOperator === 1;
  }

  /** `digest` of a token; undefined: there is none, it has expired, or whose it is may not come in. */
  principalOfToken(digest: Uint8Array, nowMs: number): Principal | undefined {
    const token = this.#sql.token.get(digest, nowMs);
    if (token === undefined) return undefined;
    const { id, level, organisationId, usedMs, expiresMs } = token;
    const scope = { id, level, organisationId, usedMs, expiresMs };
    if (token.userId === null) {
      const levels = organisationId === null ? [] : [[organisationId, level] as const];
      return {
        kind: "token",
        id,
        userId: null,
        name: token.name,
        isOperator: token.isOperator === 1,
        levels: new Map(levels),
        token: scope,
      };
    }
    const user = this.#sql.user.get(token.userId);
    if (user === undefined) return undefined;
    // A token never opens more than its owner may, and of one organisation only where it says so.
    const levels = this.#levels(user.id, level, organisationId);
    const isOperator = user.isOperator === 1 && token.isOperator === 1;
    const name = `${user.name} (${token.name})`;
    return { kind: "token", id, userId: user.id, name, isOperator, levels, token: scope };
  }

  principalOfUser(userId: number): Principal | undefined {
    const user = this.#sql.user.get(userId);
    if (user === undefined) return undefined;
    const levels = this.#levels(user.id, Level.Own, null);
    const { id, name } = user;
    return { kind: "user", id, userId: id, name, isOperator: user.isOperator === 1, levels, token: null };
  }

  organisations(): OrganisationRow[] {
    return this.#sql.organisations.all();
  }

  organisation(slug: string): OrganisationRow | undefined {
    return this.#sql.organisation.get(slug);
  }

  /** By number; `organisations` null: all of them. */
  organisationPage(afterId: number, limit: number, organisations: readonly number[] | null): OrganisationRow[] {
    if (organisations === null) return this.#sql.organisationPage.all(afterId, limit);
    return this.#sql.organisationPageOf.all(afterId, JSON.stringify(organisations), limit);
  }

  projects(organisation: number, afterId: number, limit: number): ProjectRow[] {
    return this.#sql.projects.all(organisation, afterId, limit);
  }

  project(id: number): ProjectRow | undefined {
    return this.#sql.project.get(id);
  }

  #levels(userId: number, most: Level, only: number | null): Map<number, Level> {
    const levels = new Map<number, Level>();
    for (const { organisationId, level } of this.#sql.memberships.all(userId)) {
      if (only === null || only === organisationId) levels.set(organisationId, Math.min(level, most));
    }
    return levels;
  }
}

const ORGANISATION = "id, slug, name, created_ms AS createdMs, version FROM organisations";
const PROJECT = `id, organisation_id AS organisationId, name, registration, claim_token AS claimToken,
  created_ms AS createdMs, version FROM projects`;

function prepare(db: Database.Database) {
  return {
    anyToken: db.prepare("SELECT 1 FROM tokens LIMIT 1"),
    anyUser: db.prepare("SELECT 1 FROM users WHERE password IS NOT NULL LIMIT 1"),
    token: db.prepare<[Uint8Array, number], TokenRow>(
      `SELECT id, name, user_id AS userId, organisation_id AS organisationId, level, is_operator AS isOperator,
         used_ms AS usedMs, expires_ms AS expiresMs
       FROM tokens WHERE digest = ? AND (expires_ms IS NULL OR expires_ms > ?)`,
    ),
    user: db.prepare<[number], UserRow>(
      "SELECT id, name, is_operator AS isOperator FROM users WHERE id = ? AND is_disabled = 0",
    ),
    memberships: db.prepare<[number], { organisationId: number; level: Level }>(
      "SELECT organisation_id AS organisationId, level FROM memberships WHERE user_id = ?",
    ),
    organisations: db.prepare<[], OrganisationRow>(`SELECT ${ORGANISATION} ORDER BY id`),
    organisation: db.prepare<[string], OrganisationRow>(`SELECT ${ORGANISATION} WHERE slug = ?`),
    organisationPage: db.prepare<[number, number], OrganisationRow>(
      `SELECT ${ORGANISATION} WHERE id > ? ORDER BY id LIMIT ?`,
    ),
    organisationPageOf: db.prepare<[number, string, number], OrganisationRow>(
      `SELECT ${ORGANISATION} WHERE id > ? AND id IN (SELECT value FROM json_each(?)) ORDER BY id LIMIT ?`,
    ),
    project: db.prepare<[number], ProjectRow>(`SELECT ${PROJECT} WHERE id = ?`),
    projects: db.prepare<[number, number, number], ProjectRow>(
      `SELECT ${PROJECT} WHERE organisation_id = ? AND id > ? ORDER BY id LIMIT ?`,
    ),
  };
}
