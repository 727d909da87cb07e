/**
 * Channels, and what goes out through them, the writer's side. What is to be told waits for others of the same moment: a shop that
 * loses its power is one message with all its devices. An alert that is over before anybody was told of it is not told at all.
 *
 * A delivery is made in a transaction and keeps its id, so one that a power cut has kept from being ended is sent again as the same.
 */
import { randomUUID } from "node:crypto";
import type Database from "better-sqlite3";
import {
  type AlertMessage,
  type AlertRequest,
  type ChannelKind,
  type ClockNews,
  DeliveryState,
} from "../events/alert-requests.ts";
import type { TellChange } from "../events/change-kinds.ts";
import {
  ALERTS_OF_MESSAGE_MAX,
  CHANNELS_MAX,
  DELIVERIES_KEPT_MAX,
  DELIVERY_RETRY_MAX_MS,
  GROUP_EVERY_MS,
  GROUP_WAIT_MS,
} from "../limits.ts";
import type { StoreAnswer } from "../updates/store-requests.ts";
import { wholeDetail } from "./alert-damage.ts";
import type { Handlers } from "./handlers.ts";

type Kinds = "addChannel" | "changeChannel" | "deleteChannel" | "endDelivery";
type ChannelRequest = Extract<AlertRequest, { kind: Kinds }>;
type Of<Kind extends Kinds> = Extract<ChannelRequest, { kind: Kind }>;

interface NoticeRow {
  id: number;
  alert: number;
  event: "opened" | "closed";
  rule: string;
  mac: string | null;
  name: string | null;
  openedMs: number | null;
  closedMs: number | null;
  detail: string;
}

export class NoticeLedger {
  readonly #sql: ReturnType<typeof prepare>;
  readonly #tell: TellChange;
  readonly #newId: () => string;
  readonly handlers: Handlers<ChannelRequest> = {
    addChannel: (request) => this.#addChannel(request),
    changeChannel: (request) => this.#changeChannel(request),
    deleteChannel: ({ channel, version }) => {
      const before = this.#sql.channel.get(channel);
      if (before === undefined) return { outcome: "channelUnknown" };
      if (version !== null && version !== before.version) return { outcome: "changedMeanwhile" };
      this.#sql.deleteChannel.run(channel);
      return { outcome: "done" };
    },
    endDelivery: (request) => this.#endDelivery(request),
  };

  constructor(db: Database.Database, tell: TellChange, newId: () => string = randomUUID) {
    this.#sql = prepare(db);
    this.#tell = tell;
    this.#newId = newId;
  }

  /** Whoever the rule names is to be told. There are no more notices than alerts, so they are not counted here. */
  add(rule: number, alert: number, event: "opened" | "closed", atMs: number): void {
    for (const { id, kind, freeMs } of this.#sql.channelsOf.all(rule)) {
      if (event === "closed" && this.#sql.dropOpened.run(id, alert).changes > 0) continue;
      this.#sql.addNotice.run(id, alert, event, atMs);
      this.#sql.wait.run(Math.max(freeMs, atMs + waitMs(kind)), id);
    }
  }

  /** Makes a delivery of what has waited long enough; false: there is more. */
  deliverDue(atMs: number): boolean {
    const channel = this.#sql.due.get(atMs);
    if (channel === undefined) return true;
    const rows = this.#sql.notices.all(channel.id, ALERTS_OF_MESSAGE_MAX);
    const count = this.#sql.dropNotices.run(channel.id).changes;
    this.#sql.group.run({ freeMs: rows.length === 0 ? 0 : atMs + everyMs(channel.kind), id: channel.id });
    if (rows.length === 0) return false;
    const id = this.#newId();
    const body: AlertMessage = {
      id,
      organisation: channel.slug,
      time: new Date(atMs).toISOString(),
      alerts: rows.map(tellAlert),
      leftOut: count - rows.length,
    };
    this.#sql.addDelivery.run(id, channel.id, JSON.stringify(body), atMs, atMs);
    this.#sql.trim.run(channel.id, channel.id, DELIVERIES_KEPT_MAX);
    return false;
  }

  /** Due times of a clock that was wrong. */
  takeBack(atMs: number, clock: Exclude<ClockNews, "none">): void {
    const after = (longestMs: number) => ({ atMs, latestMs: clock === "jump" ? -1 : atMs + longestMs });
    this.#sql.groupAnew.run(after(GROUP_EVERY_MS));
    // A part of the longest wait is by chance, a quarter at most.
    this.#sql.deliverAnew.run(after(DELIVERY_RETRY_MAX_MS * 1.25));
  }

  #endDelivery({ delivery, error, retryMs, atMs }: Of<"endDelivery">): StoreAnswer {
    const row = this.#sql.delivery.get(delivery);
    if (row === undefined) return { outcome: "done" };
    if (error === null) {
      this.#sql.end.run(DeliveryState.Delivered, null, atMs, delivery);
      this.#sql.delivered.run(row.number, row.channel);
      return { outcome: "done" };
    }
    if (retryMs !== null) {
      this.#sql.retry.run(atMs + retryMs, error, delivery);
      return { outcome: "done" };
    }
    this.#sql.end.run(DeliveryState.GivenUp, error, atMs, delivery);
    // Whatever came through since then says that the channel works.
    if (row.lastDelivered !== null && row.lastDelivered > row.number) return { outcome: "done" };
    if (this.#sql.disable.run(error, row.channel).changes === 0) return { outcome: "done" };
    const detail = { channel: row.channel, name: row.name, error };
    this.#tell({ kind: "channel.disabled", atMs, organisation: row.organisation, detail });
    return { outcome: "done", disabledChannel: row.channel };
  }

  #addChannel({ organisation, name, channel, settings, secret, atMs }: Of<"addChannel">): StoreAnswer {
    if (this.#sql.channelByName.get(organisation, name) !== undefined) return { outcome: "existed" };
    if ((this.#sql.countChannels.get(organisation)?.count ?? 0) >= CHANNELS_MAX) return { outcome: "tooMany" };
    const values = [organisation, name, channel, JSON.stringify(settings), secret, atMs] as const;
    return { outcome: "done", id: Number(this.#sql.addChannel.run(...values).lastInsertRowid) };
  }

  #changeChannel({ channel, name, settings, secret, isEnabled, version }: Of<"changeChannel">): StoreAnswer {
    const before = this.#sql.channel.get(channel);
    if (before === undefined) return { outcome: "channelUnknown" };
    if (version !== null && version !== before.version) return { outcome: "changedMeanwhile" };
    if (name !== undefined) {
      const other = this.#sql.channelByName.get(before.organisation, name);
      if (other !== undefined && other.id !== channel) return { outcome: "existed" };
    }
    this.#sql.changeChannel.run({
      channel,
      name: name ?? null,
      settings: settings === undefined ? null : JSON.stringify(settings),
      secret: secret ?? null,
      isEnabled: isEnabled === undefined ? null : Number(isEnabled),
    });
    return { outcome: "done" };
  }
}

/** So long others of the same moment are waited for; an application is told at once. */
function waitMs(kind: ChannelKind): number {
  return kind === "mqtt" ? 0 : GROUP_WAIT_MS;
}

function everyMs(kind: ChannelKind): number {
  return kind === "mqtt" ? 0 : GROUP_EVERY_MS;
}

function tellAlert({ alert, event, rule, mac, name, openedMs, closedMs, detail }: NoticeRow) {
  const iso = (timeMs: number) => new Date(timeMs).toISOString();
  return {
    alert,
    event,
    rule,
    device: mac,
    name,
    opened: iso(openedMs ?? 0),
    closed: closedMs === null ? null : iso(closedMs),
    detail: JSON.parse(detail) as Record<string, unknown>,
  };
}

interface ChannelRow {
  id: number;
  organisation: number;
  version: number;
}

function prepare(db: Database.Database) {
  return {
    channel: db.prepare<[number], ChannelRow>(
      "SELECT id, organisation_id AS organisation, version FROM channels WHERE id = ?",
    ),
    channelByName: db.prepare<[number, string], { id: number }>(
      "SELECT id FROM channels WHERE organisation_id = ? AND name = ?",
    ),
    countChannels: db.prepare<[number], { count: number }>(
      "SELECT count(*) AS count FROM channels WHERE organisation_id = ?",
    ),
    addChannel: db.prepare(
      "INSERT INTO channels (organisation_id, name, kind, settings, secret, created_ms) VALUES (?, ?, ?, ?, ?, ?)",
    ),
    changeChannel: db.prepare(
      `UPDATE channels SET name = coalesce(@name, name), settings = coalesce(@settings, settings),
         secret = coalesce(@secret, secret), is_enabled = coalesce(@isEnabled, is_enabled),
         disabled_why = CASE WHEN @isEnabled = 1 THEN NULL ELSE disabled_why END, version = version + 1
       WHERE id = @channel`,
    ),
    deleteChannel: db.prepare("DELETE FROM channels WHERE id = ?"),
    channelsOf: db.prepare<[number], { id: number; kind: ChannelKind; freeMs: number }>(
      `SELECT c.id, c.kind, c.free_ms AS freeMs FROM rule_channels r JOIN channels c ON c.id = r.channel_id
       WHERE r.rule_id = ? AND c.is_enabled = 1`,
    ),
    addNotice: db.prepare("INSERT INTO notices (channel_id, alert_id, event, at_ms) VALUES (?, ?, ?, ?)"),
    // An alert has few notices, a channel thousands: `+` keeps the index of channels out.
    dropOpened: db.prepare("DELETE FROM notices WHERE +channel_id = ? AND alert_id = ? AND event = 'opened'"),
    dropNotices: db.prepare("DELETE FROM notices WHERE channel_id = ?"),
    wait: db.prepare("UPDATE channels SET group_due_ms = coalesce(group_due_ms, ?) WHERE id = ?"),
    group: db.prepare(
      "UPDATE channels SET group_due_ms = NULL, free_ms = CASE WHEN @freeMs = 0 THEN free_ms ELSE @freeMs END WHERE id = @id",
    ),
    due: db.prepare<[number], { id: number; kind: ChannelKind; slug: string }>(
      `SELECT c.id, c.kind, o.slug FROM channels c JOIN organisations o ON o.id = c.organisation_id
       WHERE c.group_due_ms <= ? ORDER BY c.group_due_ms LIMIT 1`,
    ),
    notices: db.prepare<[number, number], NoticeRow>(
      `SELECT n.id, n.alert_id AS alert, n.event, a.rule_name AS rule, a.mac, d.name, a.opened_ms AS openedMs,
         a.closed_ms AS closedMs, ${wholeDetail("a.detail")} AS detail
       FROM notices n JOIN alerts a ON a.id = n.alert_id LEFT JOIN devices d ON d.id = a.device_id
       WHERE n.channel_id = ? ORDER BY n.id LIMIT ?`,
    ),
    addDelivery: db.prepare(
      `INSERT INTO deliveries (id, channel_id, state, body, due_ms, created_ms) VALUES (?, ?, ${DeliveryState.Waiting}, ?, ?, ?)`,
    ),
    delivery: db.prepare<
      [string],
      { number: number; channel: number; name: string; organisation: number; lastDelivered: number | null }
    >(
      `SELECT d.number, d.channel_id AS channel, c.name, c.organisation_id AS organisation, c.last_delivered AS lastDelivered
       FROM deliveries d JOIN channels c ON c.id = d.channel_id WHERE d.id = ? AND d.state = ${DeliveryState.Waiting}`,
    ),
    end: db.prepare(
      "UPDATE deliveries SET state = ?, error = ?, ended_ms = ?, due_ms = NULL, attempts = attempts + 1 WHERE id = ?",
    ),
    retry: db.prepare("UPDATE deliveries SET due_ms = ?, error = ?, attempts = attempts + 1 WHERE id = ?"),
    delivered: db.prepare("UPDATE channels SET last_delivered = max(coalesce(last_delivered, 0), ?) WHERE id = ?"),
    disable: db.prepare(
      "UPDATE channels SET is_enabled = 0, disabled_why = ?, version = version + 1 WHERE id = ? AND is_enabled = 1",
    ),
    groupAnew: db.prepare(
      `UPDATE channels SET free_ms = iif(free_ms > @latestMs, 0, free_ms),
         group_due_ms = iif(group_due_ms > @latestMs, @atMs, group_due_ms)`,
    ),
    deliverAnew: db.prepare("UPDATE deliveries SET due_ms = @atMs WHERE due_ms > @latestMs"),
    trim: db.prepare(
      `DELETE FROM deliveries WHERE channel_id = ? AND state <> ${DeliveryState.Waiting} AND number <=
         (SELECT number FROM deliveries WHERE channel_id = ? ORDER BY number DESC LIMIT 1 OFFSET ?)`,
    ),
  };
}
