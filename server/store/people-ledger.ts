/** People and what they may do, the writer's side. */
import type Database from "better-sqlite3";
import type { PeopleRequest } from "../access/people-requests.ts";
import { AUDIT_KEPT_MAX, AUDIT_TRIM_STEP } from "../limits.ts";
import type { Handlers } from "./handlers.ts";

/** Name of the token in the data folder. */
const OPERATOR_TOKEN = "data folder";

export class PeopleLedger {
  readonly #sql: ReturnType<typeof prepare>;
  readonly handlers: Handlers<PeopleRequest> = {
    beginProject: ({ project, registration = null, atMs }) => {
      const { changes } = this.#sql.beginProject.run({ project, registration, atMs });
      this.#sql.beginOrganisation.run({ project, atMs });
      return { outcome: changes === 0 ? "projectUnknown" : "done" };
    },
    setOperatorToken: ({ digest, atMs }) => {
      this.#sql.dropOperatorToken.run(OPERATOR_TOKEN);
      this.#sql.addOperatorToken.run(digest, OPERATOR_TOKEN, atMs);
      return { outcome: "done" };
    },
    audit: ({ entry }) => {
      const { lastInsertRowid } = this.#sql.audit.run(entry);
      if (Number(lastInsertRowid) % AUDIT_TRIM_STEP === 0)
        this.#sql.trimAudit.run(Number(lastInsertRowid) - AUDIT_KEPT_MAX);
      return { outcome: "done" };
    },
  };

  constructor(db: Database.Database) {
    this.#sql = prepare(db);
  }
}

function prepare(db: Database.Database) {
  return {
    beginProject: db.prepare<[{ project: number; registration: number | null; atMs: number }]>(
      `UPDATE projects SET registration = coalesce(@registration, registration),
         created_ms = CASE created_ms WHEN 0 THEN @atMs ELSE created_ms END WHERE id = @project`,
    ),
    beginOrganisation: db.prepare<[{ project: number; atMs: number }]>(
      `UPDATE organisations SET created_ms = @atMs
       WHERE created_ms = 0 AND id = (SELECT organisation_id FROM projects WHERE id = @project)`,
    ),
    dropOperatorToken: db.prepare<[string]>(
      "DELETE FROM tokens WHERE name = ? AND user_id IS NULL AND organisation_id IS NULL",
    ),
    addOperatorToken: db.prepare(
      "INSERT INTO tokens (digest, name, level, is_operator, created_ms) VALUES (?, ?, 4, 1, ?)",
    ),
    trimAudit: db.prepare<[number]>("DELETE FROM audit WHERE id <= ?"),
    audit: db.prepare(
      `INSERT INTO audit (at_ms, organisation_id, actor_kind, actor_id, actor_name, address, action, subject, status)
       VALUES (@atMs, @organisation, @actorKind, @actorId, @actorName, @address, @action, @subject, @status)`,
    ),
  };
}
