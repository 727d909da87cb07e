/** Applications at the broker, the writer's side. */
import type Database from "better-sqlite3";
import type { MqttUserRequest } from "../access/mqtt-user-requests.ts";
import { MQTT_USERS_MAX } from "../limits.ts";
import type { Handlers } from "./handlers.ts";

export class MqttUserLedger {
  readonly #sql: ReturnType<typeof prepare>;
  readonly handlers: Handlers<MqttUserRequest> = {
    addMqttUser: ({ organisation, name, digest, grants, atMs }) => {
      if (this.#sql.exists.get(name) !== undefined) return { outcome: "existed" };
      if ((this.#sql.count.get(organisation)?.count ?? 0) >= MQTT_USERS_MAX) return { outcome: "tooManyMqttUsers" };
      this.#sql.add.run(organisation, name, digest, JSON.stringify(grants), atMs);
      return { outcome: "done" };
    },
    changeMqttUser: ({ name, digest, grants }) => {
      const topics = grants === undefined ? null : JSON.stringify(grants);
      const { changes } = this.#sql.change.run(digest ?? null, topics, name);
      return { outcome: changes === 0 ? "mqttUserUnknown" : "done" };
    },
    deleteMqttUser: ({ name }) => {
      const { changes } = this.#sql.delete.run(name);
      return { outcome: changes === 0 ? "mqttUserUnknown" : "done" };
    },
  };

  constructor(db: Database.Database) {
    this.#sql = prepare(db);
  }
}

function prepare(db: Database.Database) {
  return {
    exists: db.prepare<[string]>("SELECT 1 FROM mqtt_users WHERE name = ?"),
    count: db.prepare<[number], { count: number }>(
      "SELECT count(*) AS count FROM mqtt_users WHERE organisation_id = ?",
    ),
    add: db.prepare(
      "INSERT INTO mqtt_users (organisation_id, name, digest, topics, created_ms) VALUES (?, ?, ?, ?, ?)",
    ),
    change: db.prepare(
      "UPDATE mqtt_users SET digest = coalesce(?, digest), topics = coalesce(?, topics) WHERE name = ?",
    ),
    delete: db.prepare("DELETE FROM mqtt_users WHERE name = ?"),
  };
}
