/** What the broker asks when somebody connects, and the API about it, on the reader's connection. */
import type Database from "better-sqlite3";
import type { MqttUser, TopicGrant } from "../access/mqtt-user-requests.ts";
import { Registration, type Standing } from "../access/registration.ts";

/** What is known of a board that knocks. */
export interface CredentialRow {
  standing: Standing;
  organisation: number | null;
  secret: string | null;
  nextSecret: string | null;
  claimDigest: Buffer | null;
  claimUntilMs: number | null;
  /** Of its project; null: it belongs to none. */
  registration: Registration | null;
  claimToken: string | null;
}

export interface ClaimedProject {
  id: number;
  organisation: number;
  registration: Registration;
}

export interface MqttUserRow extends MqttUser {
  digest: Buffer;
  createdMs: number;
}

type StoredUser = Omit<MqttUserRow, "grants"> & { topics: string };

export class RegistrationReader {
  readonly #sql: ReturnType<typeof prepare>;

  constructor(db: Database.Database) {
    this.#sql = prepare(db);
  }

  credentials(mac: string): CredentialRow | undefined {
    return this.#sql.credentials.get(mac);
  }

  projectOfClaim(token: string): ClaimedProject | undefined {
    return this.#sql.claimed.get(token);
  }

  /** The project that takes in whoever comes. */
  openProject(): ClaimedProject | undefined {
    return this.#sql.open.get();
  }

  /** The first project of an organisation, for what nobody said where to put. */
  firstProject(organisation: number): { id: number } | undefined {
    return this.#sql.firstProject.get(organisation);
  }

  projectByName(organisation: number, name: string): { id: number } | undefined {
    return this.#sql.projectByName.get(organisation, name);
  }

  mqttUser(name: string): MqttUserRow | undefined {
    const row = this.#sql.user.get(name);
    return row && withGrants(row);
  }

  mqttUsers(afterName: string, limit: number, organisations: readonly number[] | null): MqttUserRow[] {
    const only = organisations === null ? null : JSON.stringify(organisations);
    return this.#sql.users.all({ afterName, limit, only }).map(withGrants);
  }
}

function withGrants({ topics, ...row }: StoredUser): MqttUserRow {
  return { ...row, grants: JSON.parse(topics) as TopicGrant[] };
}

const USER_COLUMNS = `u.id, u.organisation_id AS organisation, o.slug, u.name, u.digest, u.topics, u.created_ms AS createdMs
  FROM mqtt_users u JOIN organisations o ON o.id = u.organisation_id`;
const PROJECT_COLUMNS = "id, organisation_id AS organisation, registration";

function prepare(db: Database.Database) {
  return {
    credentials: db.prepare<[string], CredentialRow>(
      `SELECT d.standing, p.organisation_id AS organisation, d.secret, d.next_secret AS nextSecret,
         d.claim_digest AS claimDigest, d.claim_until_ms AS claimUntilMs, p.registration, p.claim_token AS claimToken
       FROM devices d LEFT JOIN projects p ON p.id = d.project_id WHERE d.mac = ?`,
    ),
    claimed: db.prepare<[string], ClaimedProject>(`SELECT ${PROJECT_COLUMNS} FROM projects WHERE claim_token = ?`),
    open: db.prepare<[], ClaimedProject>(
      `SELECT ${PROJECT_COLUMNS} FROM projects WHERE registration = ${Registration.Anyone} ORDER BY id LIMIT 1`,
    ),
    firstProject: db.prepare<[number], { id: number }>(
      "SELECT id FROM projects WHERE organisation_id = ? ORDER BY id LIMIT 1",
    ),
    projectByName: db.prepare<[number, string], { id: number }>(
      "SELECT id FROM projects WHERE organisation_id = ? AND name = ?",
    ),
    user: db.prepare<[string], StoredUser>(`SELECT ${USER_COLUMNS} WHERE u.name = ?`),
    users: db.prepare<[{ afterName: string; limit: number; only: string | null }], StoredUser>(
      `SELECT ${USER_COLUMNS} WHERE u.name > @afterName
         AND (@only IS NULL OR u.organisation_id IN (SELECT value FROM json_each(@only)))
       ORDER BY u.name LIMIT @limit`,
    ),
  };
}
