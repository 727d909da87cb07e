/** Rules and alerts as rows: the statements of their ledger. */
import type Database from "better-sqlite3";
import { AlertState } from "../events/alert-requests.ts";
import type { HealthDetail, ScopedDevice } from "../events/alert-rules.ts";
import { type Finding, type Health, healthName } from "../health/health-states.ts";
import { IS_RULE } from "./alert-damage.ts";
import { TAGS_OF_DEVICE } from "./fleet-rule.ts";

export type KnownDevice = ScopedDevice & { organisation: number | null };

interface HealthOf {
  state: Health | null;
  findings: string;
}

interface RuleRow {
  id: number;
  organisation: number;
  name: string;
  body: string;
}

/** As a change of kind device.health says it. */
export function healthDetail({ state, findings }: HealthOf): HealthDetail & { state: string } {
  const reasons = (JSON.parse(findings) as Finding[]).map(({ reason, level, value }) => ({
    reason,
    level: healthName(level),
    value,
  }));
  return { state: healthName(state), reasons };
}

export function prepareAlerts(db: Database.Database) {
  const isActive = `state < ${AlertState.Closed}`;
  return {
    rules: db.prepare<[], RuleRow>(
      `SELECT id, organisation_id AS organisation, name, body FROM alert_rules WHERE is_enabled = 1 AND ${IS_RULE}`,
    ),
    rule: db.prepare<[number], RuleRow & { version: number; isEnabled: number }>(
      `SELECT id, organisation_id AS organisation, name, body, version, is_enabled AS isEnabled
       FROM alert_rules WHERE id = ?`,
    ),
    ruleByName: db.prepare<[number, string], { id: number }>(
      "SELECT id FROM alert_rules WHERE organisation_id = ? AND name = ?",
    ),
    countRules: db.prepare<[number], { count: number }>(
      "SELECT count(*) AS count FROM alert_rules WHERE organisation_id = ?",
    ),
    addRule: db.prepare(
      "INSERT INTO alert_rules (organisation_id, name, body, is_enabled, created_ms) VALUES (?, ?, ?, ?, ?)",
    ),
    changeRule: db.prepare(
      `UPDATE alert_rules SET name = coalesce(@name, name), body = @body,
         is_enabled = coalesce(@isEnabled, is_enabled), version = version + 1 WHERE id = @rule`,
    ),
    handOver: db.prepare(
      `UPDATE alert_rules AS r SET version = r.version + 1, body = json_set(r.body, '$.scope.devices', json((
         SELECT json_group_array(DISTINCT iif(n.value = f.mac, t.mac, n.value)) FROM json_each(r.body, '$.scope.devices') n)))
       FROM devices f, devices t, projects p
       WHERE f.id = @from AND t.id = @to AND p.id = t.project_id AND r.organisation_id = p.organisation_id
         AND EXISTS (SELECT 1 FROM json_each(r.body, '$.scope.devices') n WHERE n.value = f.mac)`,
    ),
    deleteRule: db.prepare("DELETE FROM alert_rules WHERE id = ?"),
    ownsChannel: db.prepare<[number, number]>("SELECT 1 FROM channels WHERE id = ? AND organisation_id = ?"),
    addChannel: db.prepare("INSERT INTO rule_channels (rule_id, channel_id) VALUES (?, ?) ON CONFLICT DO NOTHING"),
    dropChannels: db.prepare("DELETE FROM rule_channels WHERE rule_id = ?"),
    device: db.prepare<[number], Omit<KnownDevice, "tags"> & { tags: string }>(
      `SELECT d.mac, d.project_id AS project, p.organisation_id AS organisation, ${TAGS_OF_DEVICE} AS tags
       FROM devices d LEFT JOIN projects p ON p.id = d.project_id WHERE d.id = ?`,
    ),
    health: db.prepare<[number], HealthOf & { device: number }>(
      `SELECT h.device_id AS device, h.state, h.findings FROM device_health h
       JOIN devices d ON d.id = h.device_id JOIN projects p ON p.id = d.project_id WHERE p.organisation_id = ?`,
    ),
    healthOf: db.prepare<[number], HealthOf>("SELECT state, findings FROM device_health WHERE device_id = ?"),
    active: db.prepare<[], { id: number; rule: number; device: number; state: AlertState }>(
      `SELECT id, rule_id AS rule, device_id AS device, state FROM alerts WHERE rule_id IS NOT NULL AND ${isActive}`,
    ),
    activeOf: db.prepare<[number], { id: number; device: number; state: AlertState }>(
      `SELECT id, device_id AS device, state FROM alerts WHERE rule_id = ? AND ${isActive}`,
    ),
    alert: db.prepare<[number], { organisation: number; rule: number | null; name: string; state: AlertState }>(
      "SELECT organisation_id AS organisation, rule_id AS rule, rule_name AS name, state FROM alerts WHERE id = ?",
    ),
    due: db.prepare<[number, number], { id: number; rule: number; device: number }>(
      "SELECT id, rule_id AS rule, device_id AS device FROM alerts WHERE due_ms <= ? ORDER BY due_ms LIMIT ?",
    ),
    pending: db.prepare<[], { id: number; rule: number; dueMs: number }>(
      `SELECT id, rule_id AS rule, due_ms AS dueMs FROM alerts WHERE state = ${AlertState.Pending}`,
    ),
    hold: db.prepare("UPDATE alerts SET since_ms = ?, due_ms = ? WHERE id = ?"),
    putOff: db.prepare("UPDATE alerts SET due_ms = max(due_ms, min(since_ms + ?, ?)) WHERE id = ?"),
    holdOn: db.prepare("UPDATE alerts SET due_ms = since_ms + ? WHERE id = ?"),
    add: db.prepare(
      `INSERT INTO alerts (organisation_id, rule_id, rule_name, device_id, mac, state, since_ms, due_ms, detail)
       VALUES (@organisation, @rule, @name, @device, @mac, @state, @atMs, @dueMs, @detail)`,
    ),
    open: db.prepare(`UPDATE alerts SET state = ${AlertState.Open}, opened_ms = ?, due_ms = NULL WHERE id = ?`),
    close: db.prepare(`UPDATE alerts SET state = ${AlertState.Closed}, closed_ms = ?, due_ms = NULL WHERE id = ?`),
    closeAt: db.prepare("UPDATE alerts SET opened_ms = ?, closed_ms = ? WHERE id = ?"),
    remove: db.prepare("DELETE FROM alerts WHERE id = ?"),
    acknowledge: db.prepare(
      "UPDATE alerts SET acknowledged_ms = ?, acknowledged_by = ? WHERE id = ? AND acknowledged_ms IS NULL",
    ),
    trim: db.prepare(
      `DELETE FROM alerts WHERE organisation_id = ? AND state = ${AlertState.Closed} AND id <= (SELECT id FROM alerts
         WHERE organisation_id = ? AND state = ${AlertState.Closed} ORDER BY id DESC LIMIT 1 OFFSET ?)`,
    ),
  };
}
