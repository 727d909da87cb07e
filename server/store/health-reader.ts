/** How devices fare, on the reader's connection. */
import type Database from "better-sqlite3";
import type { PartialPolicy } from "../health/health-policy.ts";
import type { PolicyOwner } from "../health/health-requests.ts";
import type { Finding, Health } from "../health/health-states.ts";

export interface HealthRow {
  state: Health | null;
  findings: Finding[];
  sinceMs: number;
}

export interface HealthLogRow {
  id: number;
  atMs: number;
  state: Health | null;
  findings: Finding[];
}

export interface HealthCountRow {
  state: Health | null;
  findings: Finding[];
  count: number;
}

export interface PolicyRow {
  policy: PartialPolicy;
  version: number;
}

type Stored<Row extends { findings: Finding[] }> = Omit<Row, "findings"> & { findings: string };

export class HealthReader {
  readonly #sql: ReturnType<typeof prepare>;

  constructor(db: Database.Database) {
    this.#sql = prepare(db);
  }

  isDue(nowMs: number): boolean {
    return this.#sql.due.get(nowMs) !== undefined;
  }

  /** undefined: it was never judged. */
  of(deviceId: number): HealthRow | undefined {
    const row = this.#sql.health.get(deviceId);
    return row && withFindings(row);
  }

  /** The newest first. */
  log(deviceId: number, beforeId: number, limit: number): HealthLogRow[] {
    return this.#sql.log.all(deviceId, beforeId, limit).map(withFindings);
  }

  /** Devices of an organisation by state and findings; null: of all. */
  counts(organisation: number | null): HealthCountRow[] {
    return this.#sql.counts.all({ organisation }).map(withFindings);
  }

  /** The one that counts most first. */
  templatesOf(deviceId: number): number[] {
    return this.#sql.templatesOf.all(deviceId).map(({ id }) => id);
  }

  /** undefined: it has none of its own. */
  policy(owner: PolicyOwner): PolicyRow | undefined {
    if ("template" in owner) {
      const found = this.#sql.template.get(owner.template);
      return found && { version: found.version, policy: JSON.parse(found.policy) as PartialPolicy };
    }
    const ids = { organisation: null, project: null, device: null, ...owner };
    const row = this.#sql.policy.get(ids);
    return row && { version: row.version, policy: JSON.parse(row.policy) as PartialPolicy };
  }
}

function withFindings<Row extends { findings: string }>(row: Row): Omit<Row, "findings"> & { findings: Finding[] } {
  return { ...row, findings: JSON.parse(row.findings) as Finding[] };
}

function prepare(db: Database.Database) {
  return {
    due: db.prepare<[number]>("SELECT 1 FROM device_health WHERE due_ms <= ? LIMIT 1"),
    health: db.prepare<[number], Stored<HealthRow>>(
      "SELECT state, findings, since_ms AS sinceMs FROM device_health WHERE device_id = ?",
    ),
    log: db.prepare<[number, number, number], Stored<HealthLogRow>>(
      `SELECT id, at_ms AS atMs, state, findings FROM health_log WHERE device_id = ? AND id < ? ORDER BY id DESC LIMIT ?`,
    ),
    counts: db.prepare<[{ organisation: number | null }], Stored<HealthCountRow>>(
      `SELECT h.state, coalesce(h.findings, '[]') AS findings, count(*) AS count
       FROM devices d LEFT JOIN projects p ON p.id = d.project_id LEFT JOIN device_health h ON h.device_id = d.id
       WHERE @organisation IS NULL OR p.organisation_id = @organisation GROUP BY 1, 2`,
    ),
    templatesOf: db.prepare<[number], { id: number }>(
      "SELECT template_id AS id FROM device_templates WHERE device_id = ? ORDER BY place",
    ),
    template: db.prepare<[number], { policy: string; version: number }>(
      "SELECT coalesce(thresholds, '{}') AS policy, revision AS version FROM templates WHERE id = ?",
    ),
    policy: db.prepare<
      [{ organisation: number | null; project: number | null; device: number | null }],
      { policy: string; version: number }
    >(
      `SELECT policy, version FROM health_policies
       WHERE organisation_id IS @organisation AND project_id IS @project AND device_id IS @device`,
    ),
  };
}
