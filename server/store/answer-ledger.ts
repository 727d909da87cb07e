/** Answers to requests that may come again, the writer's side: kept for a day, and the oldest go when there are many. */
import type Database from "better-sqlite3";
import type { AnswerRequest, KeptAnswer } from "../access/answer-requests.ts";
import { ANSWERS_KEPT_MAX, ANSWERS_KEPT_MS } from "../limits.ts";
import type { Handlers } from "./handlers.ts";

export class AnswerLedger {
  readonly #sql: ReturnType<typeof prepare>;
  readonly handlers: Handlers<AnswerRequest> = {
    beginAnswer: (request) => {
      const { principal, keyDigest, atMs } = request;
      this.#sql.deleteOld.run(atMs - ANSWERS_KEPT_MS);
      const kept = this.#sql.answer.get(principal, keyDigest);
      if (kept !== undefined) return { outcome: "existed", kept };
      this.#sql.add.run(request);
      this.#sql.trim.run(ANSWERS_KEPT_MAX);
      return { outcome: "done" };
    },
    keepAnswer: (request) => {
      this.#sql.keep.run(request);
      return { outcome: "done" };
    },
    dropAnswer: ({ principal, keyDigest }) => {
      this.#sql.drop.run(principal, keyDigest);
      return { outcome: "done" };
    },
  };

  constructor(db: Database.Database) {
    this.#sql = prepare(db);
  }
}

function prepare(db: Database.Database) {
  return {
    answer: db.prepare<[string, Uint8Array], KeptAnswer>(
      `SELECT request_digest AS requestDigest, status, sealed FROM answers
       WHERE principal = ? AND key_digest = ?`,
    ),
    add: db.prepare(
      `INSERT INTO answers (principal, key_digest, request_digest, created_ms)
       VALUES (@principal, @keyDigest, @requestDigest, @atMs)`,
    ),
    keep: db.prepare(
      "UPDATE answers SET status = @status, sealed = @sealed WHERE principal = @principal AND key_digest = @keyDigest",
    ),
    drop: db.prepare<[string, Uint8Array]>("DELETE FROM answers WHERE principal = ? AND key_digest = ?"),
    deleteOld: db.prepare<[number]>("DELETE FROM answers WHERE created_ms <= ?"),
    // Ids only rise, so this is a search by the key alone.
    trim: db.prepare<[number]>("DELETE FROM answers WHERE id <= (SELECT max(id) FROM answers) - ?"),
  };
}
