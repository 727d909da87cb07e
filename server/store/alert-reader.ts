/** Rules, alerts, channels and deliveries, on the reader's connection. */
import type Database from "better-sqlite3";
import { Level } from "../access/level.ts";
import {
  type AlertChannel,
  type AlertMessage,
  AlertState,
  type ChannelSettings,
  type DeliveryState,
} from "../events/alert-requests.ts";
import type { RuleBody } from "../events/alert-rules.ts";
import { type DamagedRow, IS_MESSAGE, IS_RULE, prepareDamage, wholeDetail } from "./alert-damage.ts";

export interface RuleRow extends RuleBody {
  id: number;
  organisation: number;
  slug: string;
  name: string;
  isEnabled: number;
  version: number;
  createdMs: number;
  channels: number[];
}

export interface ChannelRow extends AlertChannel {
  isEnabled: number;
  disabledWhy: string | null;
  version: number;
  createdMs: number;
}

export interface AlertRow {
  id: number;
  organisation: number;
  slug: string;
  rule: number | null;
  ruleName: string;
  mac: string | null;
  state: AlertState;
  openedMs: number;
  closedMs: number | null;
  acknowledgedMs: number | null;
  acknowledgedBy: string | null;
  detail: Record<string, unknown>;
}

export interface DeliveryRow {
  number: number;
  id: string;
  channel: number;
  state: DeliveryState;
  attempts: number;
  dueMs: number | null;
  error: string | null;
  createdMs: number;
  endedMs: number | null;
  body: AlertMessage;
}

export interface AlertFilter {
  state?: AlertState | undefined;
  mac?: string | undefined;
}

type Only = readonly number[] | null;
const onlyOf = (organisations: Only) => (organisations === null ? null : JSON.stringify(organisations));

export class AlertReader {
  readonly #sql: ReturnType<typeof prepare>;

  constructor(db: Database.Database) {
    this.#sql = prepare(db);
  }

  /** Is there something to open, or to make a delivery of? */
  isDue(nowMs: number): boolean {
    return this.#sql.due.get(nowMs, nowMs) !== undefined;
  }

  rule(id: number): RuleRow | undefined {
    return this.rules(id - 1, 1, null).find((rule) => rule.id === id);
  }

  rules(afterId: number, limit: number, organisations: Only): RuleRow[] {
    const rows = this.#sql.rules.all({ afterId, limit, only: onlyOf(organisations) });
    return rows.map(({ body, channels, ...row }) => ({
      ...row,
      ...(JSON.parse(body) as RuleBody),
      channels: JSON.parse(channels) as number[],
    }));
  }

  channel(id: number): ChannelRow | undefined {
    return this.channels(id - 1, 1, null).find((channel) => channel.id === id);
  }

  channels(afterId: number, limit: number, organisations: Only): ChannelRow[] {
    const rows = this.#sql.channels.all({ afterId, limit, only: onlyOf(organisations) });
    return rows.map(({ settings, ...row }) => ({ ...row, settings: JSON.parse(settings) as ChannelSettings }));
  }

  alert(id: number): AlertRow | undefined {
    return this.alerts(id + 1, 1, null).find((alert) => alert.id === id);
  }

  /** The newest first. */
  alerts(beforeId: number, limit: number, organisations: Only, { state, mac }: AlertFilter = {}): AlertRow[] {
    const question = { beforeId, limit, only: onlyOf(organisations), state: state ?? null, mac: mac ?? null };
    return this.#sql.alerts
      .all(question)
      .map(({ detail, ...row }) => ({ ...row, detail: JSON.parse(detail) as AlertRow["detail"] }));
  }

  /** The newest first. */
  deliveries(channel: number, beforeNumber: number, limit: number): DeliveryRow[] {
    return this.#sql.deliveries.all(channel, beforeNumber, limit).map(withBody);
  }

  /** To be sent now, of channels that are not disabled. */
  dueDeliveries(nowMs: number, limit: number): DeliveryRow[] {
    return this.#sql.dueDeliveries.all(nowMs, limit).map(withBody);
  }

  /** Rules and deliveries that are left out. */
  damaged(): DamagedRow[] {
    return this.#sql.damaged.all();
  }

  /** Addresses of those who own the organisation. */
  ownersOf(organisation: number): string[] {
    return this.#sql.owners.all(organisation).map(({ email }) => email);
  }
}

function withBody({ body, ...row }: Omit<DeliveryRow, "body"> & { body: string }): DeliveryRow {
  return { ...row, body: JSON.parse(body) as AlertMessage };
}

interface Page {
  afterId: number;
  limit: number;
  only: string | null;
}

function prepare(db: Database.Database) {
  const isOf = (table: string) => `(@only IS NULL OR ${table}.organisation_id IN (SELECT value FROM json_each(@only)))`;
  const deliveryColumns = `d.number, d.id, d.channel_id AS channel, d.state, d.attempts, d.due_ms AS dueMs, d.error,
    d.created_ms AS createdMs, d.ended_ms AS endedMs, d.body`;
  return {
    due: db.prepare<[number, number]>(
      `SELECT 1 FROM alerts WHERE due_ms <= ? UNION ALL SELECT 1 FROM channels WHERE group_due_ms <= ? LIMIT 1`,
    ),
    rules: db.prepare<[Page], Omit<RuleRow, "channels" | keyof RuleBody> & { body: string; channels: string }>(
      `SELECT r.id, r.organisation_id AS organisation, o.slug, r.name, r.body, r.is_enabled AS isEnabled, r.version,
         r.created_ms AS createdMs,
         (SELECT json_group_array(channel_id) FROM rule_channels c WHERE c.rule_id = r.id) AS channels
       FROM alert_rules r JOIN organisations o ON o.id = r.organisation_id
       WHERE ${IS_RULE} AND r.id > @afterId AND ${isOf("r")} ORDER BY r.id LIMIT @limit`,
    ),
    channels: db.prepare<[Page], Omit<ChannelRow, "settings"> & { settings: string }>(
      `SELECT c.id, c.organisation_id AS organisation, o.slug, c.name, c.kind, c.settings, c.secret,
         c.is_enabled AS isEnabled, c.disabled_why AS disabledWhy, c.version, c.created_ms AS createdMs
       FROM channels c JOIN organisations o ON o.id = c.organisation_id
       WHERE c.id > @afterId AND ${isOf("c")} ORDER BY c.id LIMIT @limit`,
    ),
    alerts: db.prepare<
      [{ beforeId: number; limit: number; only: string | null; state: AlertState | null; mac: string | null }],
      Omit<AlertRow, "detail"> & { detail: string }
    >(
      `SELECT a.id, a.organisation_id AS organisation, o.slug, a.rule_id AS rule, a.rule_name AS ruleName, a.mac, a.state,
         a.opened_ms AS openedMs, a.closed_ms AS closedMs, a.acknowledged_ms AS acknowledgedMs,
         a.acknowledged_by AS acknowledgedBy, ${wholeDetail("a.detail")} AS detail
       FROM alerts a JOIN organisations o ON o.id = a.organisation_id
       WHERE a.id < @beforeId AND a.state <> ${AlertState.Pending} AND ${isOf("a")}
         AND (@state IS NULL OR a.state = @state) AND (@mac IS NULL OR a.mac = @mac)
       ORDER BY a.id DESC LIMIT @limit`,
    ),
    deliveries: db.prepare<[number, number, number], Omit<DeliveryRow, "body"> & { body: string }>(
      `SELECT ${deliveryColumns} FROM deliveries d WHERE d.channel_id = ? AND d.number < ? AND ${IS_MESSAGE}
       ORDER BY d.number DESC LIMIT ?`,
    ),
    dueDeliveries: db.prepare<[number, number], Omit<DeliveryRow, "body"> & { body: string }>(
      `SELECT ${deliveryColumns} FROM deliveries d JOIN channels c ON c.id = d.channel_id
       WHERE d.due_ms <= ? AND c.is_enabled = 1 AND ${IS_MESSAGE} ORDER BY d.due_ms, d.number LIMIT ?`,
    ),
    damaged: prepareDamage(db),
    owners: db.prepare<[number], { email: string }>(
      `SELECT u.email FROM memberships m JOIN users u ON u.id = m.user_id AND u.is_disabled = 0
       WHERE m.organisation_id = ? AND m.level = ${Level.Own} ORDER BY u.id LIMIT 10`,
    ),
  };
}
