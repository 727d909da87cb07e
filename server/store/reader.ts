/**
 * Questions to the store, on a connection of its own that cannot write. Every call is one short query: an export is many
 * calls, and no call holds a snapshot that would keep the log from being copied into the database.
 *
 * A cursor is the key of the last row that was given, so pages stay right while readings arrive. Readings: series-reader.ts.
 */

import type Database from "better-sqlite3";
import type { Standing } from "../access/registration.ts";
import type { Health } from "../health/health-states.ts";
import type { SignatureVerdict } from "../ingest/pack-signature.ts";
import { AccountReader } from "./account-reader.ts";
import { AlertReader } from "./alert-reader.ts";
import { BOARD_LINE } from "./board-line.ts";
import { ChangeReader } from "./change-reader.ts";
import { ConfigLevelReader } from "./config-level-reader.ts";
import { EventReader } from "./event-reader.ts";
import { FleetReader } from "./fleet-reader.ts";
import { hasAllTags, hasTemplate, isInFleet, TAGS_OF_DEVICE } from "./fleet-rule.ts";
import { HealthReader } from "./health-reader.ts";
import { KitReader } from "./kit-reader.ts";
import { openForReading } from "./open-database.ts";
import { OrderReader } from "./order-reader.ts";
import { PeopleReader } from "./people-reader.ts";
import type { ReadingRange, ReadingRow } from "./reading-source.ts";
import { RegistrationReader } from "./registration-reader.ts";
import { RolloutReader } from "./rollout-reader.ts";
import { SeriesReader } from "./series-reader.ts";
import { TemplateReader } from "./template-reader.ts";
import { UpdateReader } from "./update-reader.ts";

export interface DeviceRow {
  id: number;
  mac: string;
  /** Null: it belongs to none yet. */
  organisationId: number | null;
  projectId: number | null;
  standing: Standing;
  name: string | null;
  /** It has a secret of its own; and: it has been sent one that it has not confirmed. */
  hasSecret: number;
  isSecretPending: number;
  /** MAC address of the board in its place. */
  replacedBy: string | null;
  product: string | null;
  version: string | null;
  board: number | null;
  abi: number | null;
  slot: number | null;
  resetReason: number | null;
  boots: number | null;
  epoch: number | null;
  watermark: number | null;
  firstSeenMs: number;
  lastSeenMs: number;
  helloMs: number | null;
  online: number;
  stateMs: number | null;
  rssiDbm: number | null;
  freeBytes: number | null;
  queued: number | null;
  dropped: number | null;
  reconnects: number | null;
  uptimeS: number | null;
  ignored: number | null;
  image: Buffer | null;
  trial: number;
  failure: number | null;
  failedImage: Buffer | null;
  configVersion: number | null;
  graphVersion: number | null;
  /** A list as JSON. */
  tags: string;
  latitude: number | null;
  longitude: number | null;
  place: string | null;
  /** Whose place that is. */
  placeOf: "device" | "project" | null;
  /** Null: there is nothing to judge. */
  health: Health | null;
}

/** What is not named is not asked for. */
export interface DeviceFilter {
  project?: number | undefined;
  standing?: Standing | undefined;
  online?: boolean | undefined;
  product?: string | undefined;
  /** Null: of those of which nothing is judged. */
  health?: Health | null | undefined;
  /** All of them. */
  tags?: readonly string[] | undefined;
  template?: number | undefined;
  fleet?: number | undefined;
}

export interface StreamRow {
  stream: number;
  count: number;
  firstTimeMs: number;
  lastTimeMs: number;
  lastValue: number;
}

export interface GapRow {
  id: number;
  epoch: number;
  fromSequence: number;
  toSequence: number;
  noticedMs: number;
}

export interface SignatureRow {
  id: number;
  epoch: number;
  fromSequence: number;
  toSequence: number;
  verdict: SignatureVerdict;
  lastMs: number;
}

export interface RejectedRow {
  id: number;
  epoch: number;
  sequence: number;
  reason: string;
  record: Buffer;
  receivedMs: number;
}

/** A device without a place of its own is where its project is. */
function place(column: string): string {
  return `CASE WHEN d.latitude IS NULL THEN p.${column} ELSE d.${column} END AS ${column}`;
}

const DEVICE_COLUMNS = `
  d.id, d.mac, p.organisation_id AS organisationId, d.project_id AS projectId, d.standing, d.name,
  d.secret IS NOT NULL AS hasSecret, d.next_secret IS NOT NULL AS isSecretPending,
  (SELECT mac FROM devices r WHERE r.id = d.replaced_by) AS replacedBy, d.product, d.version, d.board, d.abi, d.slot, d.reset_reason AS resetReason, d.boots, d.epoch,
  (SELECT watermark FROM epochs e WHERE e.device_id = d.id AND e.epoch = d.epoch) AS watermark,
  d.first_seen_ms AS firstSeenMs, d.last_seen_ms AS lastSeenMs, d.hello_ms AS helloMs, d.online,
  d.state_ms AS stateMs, d.rssi_dbm AS rssiDbm, d.free_bytes AS freeBytes, d.queued, d.dropped, d.reconnects,
  d.uptime_s AS uptimeS, d.ignored, d.image, d.trial, d.failure, d.failed_image AS failedImage,
  d.config_version AS configVersion, d.graph_version AS graphVersion,
  ${TAGS_OF_DEVICE} AS tags, ${place("latitude")}, ${place("longitude")}, ${place("place")},
  CASE WHEN d.latitude IS NOT NULL THEN 'device' WHEN p.latitude IS NOT NULL THEN 'project' END AS placeOf, h.state AS health`;

const DEVICE_TABLES =
  "devices d LEFT JOIN projects p ON p.id = d.project_id LEFT JOIN device_health h ON h.device_id = d.id";

/** Of a place: of the board that is asked about, and of those that it replaced or was replaced by, together. */
const STREAMS = `WITH RECURSIVE ${BOARD_LINE}
  SELECT s.stream, sum(s.reading_count) AS count, min(s.first_time_ms) AS firstTimeMs,
    max(s.last_time_ms) AS lastTimeMs,
    (SELECT l.last_value FROM line JOIN streams l ON l.device_id = line.id WHERE l.stream = s.stream
     ORDER BY l.last_time_ms DESC LIMIT 1) AS lastValue
  FROM line JOIN streams s ON s.device_id = line.id`;

export class Reader {
  readonly updates: UpdateReader;
  readonly kits: KitReader;
  readonly orders: OrderReader;
  readonly people: PeopleReader;
  readonly series: SeriesReader;
  readonly events: EventReader;
  readonly rollouts: RolloutReader;
  readonly accounts: AccountReader;
  readonly registrations: RegistrationReader;
  readonly health: HealthReader;
  readonly templates: TemplateReader;
  readonly changes: ChangeReader;
  readonly fleets: FleetReader;
  readonly alerts: AlertReader;
  readonly configLevels: ConfigLevelReader;
  readonly #db: Database.Database;
  readonly #sql: ReturnType<typeof prepare>;

  constructor(databasePath: string) {
    this.#db = openForReading(databasePath);
    this.#sql = prepare(this.#db);
    this.updates = new UpdateReader(this.#db);
    this.kits = new KitReader(this.#db);
    this.orders = new OrderReader(this.#db);
    this.people = new PeopleReader(this.#db);
    this.series = new SeriesReader(this.#db);
    this.events = new EventReader(this.#db);
    this.rollouts = new RolloutReader(this.#db);
    this.accounts = new AccountReader(this.#db);
    this.registrations = new RegistrationReader(this.#db);
    this.health = new HealthReader(this.#db);
    this.templates = new TemplateReader(this.#db);
    this.changes = new ChangeReader(this.#db);
    this.fleets = new FleetReader(this.#db);
    this.alerts = new AlertReader(this.#db);
    this.configLevels = new ConfigLevelReader(this.#db);
  }

  /** `organisations` null: of all, and of none. */
  devices(
    afterMac: string,
    limit: number,
    organisations: readonly number[] | null,
    filter: DeviceFilter = {},
  ): DeviceRow[] {
    const {
      project = null,
      standing = null,
      online = null,
      product = null,
      health,
      tags,
      template = null,
      fleet = null,
    } = filter;
    const only = organisations === null ? null : JSON.stringify(organisations);
    return this.#sql.devices.all({
      afterMac,
      limit,
      only,
      project,
      standing,
      online: online === null ? null : Number(online),
      product,
      isHealthAsked: Number(health !== undefined),
      health: health ?? null,
      tags: tags === undefined ? null : JSON.stringify(tags),
      template,
      fleet,
    });
  }

  device(mac: string): DeviceRow | undefined {
    return this.#sql.device.get(mac);
  }

  streams(deviceId: number, afterStream: number, limit: number): StreamRow[] {
    return this.#sql.streams.all({ deviceId, afterStream, limit });
  }

  stream(deviceId: number, stream: number): StreamRow | undefined {
    return this.#sql.stream.get({ deviceId, stream });
  }

  readings(range: ReadingRange): ReadingRow[] {
    return this.series.page(range);
  }

  gaps(deviceId: number, afterId: number, limit: number): GapRow[] {
    return this.#sql.gaps.all(deviceId, afterId, limit);
  }

  gapTotals(deviceId: number): { count: number; readings: number } {
    return this.#sql.gapTotals.get(deviceId) ?? { count: 0, readings: 0 };
  }

  signatures(deviceId: number, afterId: number, limit: number): SignatureRow[] {
    return this.#sql.signatures.all(deviceId, afterId, limit);
  }

  rejected(deviceId: number, afterId: number, limit: number): RejectedRow[] {
    return this.#sql.rejected.all(deviceId, afterId, limit);
  }

  rejectedCount(deviceId: number): number {
    return this.#sql.rejectedCount.get(deviceId)?.count ?? 0;
  }

  close(): void {
    this.#db.close();
  }
}

interface DeviceQuestion {
  afterMac: string;
  limit: number;
  /** Organisations, a list as JSON. */
  only: string | null;
  project: number | null;
  standing: Standing | null;
  online: number | null;
  product: string | null;
  isHealthAsked: number;
  health: Health | null;
  tags: string | null;
  template: number | null;
  fleet: number | null;
}

function prepare(db: Database.Database) {
  return {
    devices: db.prepare<[DeviceQuestion], DeviceRow>(
      `SELECT ${DEVICE_COLUMNS} FROM ${DEVICE_TABLES} WHERE d.mac > @afterMac
         AND (@only IS NULL OR p.organisation_id IN (SELECT value FROM json_each(@only)))
         AND (@project IS NULL OR d.project_id = @project) AND (@standing IS NULL OR d.standing = @standing)
         AND (@online IS NULL OR d.online = @online) AND (@product IS NULL OR d.product = @product)
         AND (@isHealthAsked = 0 OR h.state IS @health)
         AND (@tags IS NULL OR ${hasAllTags("@tags")}) AND (@template IS NULL OR ${hasTemplate("@template")})
         AND (@fleet IS NULL OR ${isInFleet("@fleet")})
       ORDER BY d.mac LIMIT @limit`,
    ),
    device: db.prepare<[string], DeviceRow>(`SELECT ${DEVICE_COLUMNS} FROM ${DEVICE_TABLES} WHERE d.mac = ?`),
    streams: db.prepare<[{ deviceId: number; afterStream: number; limit: number }], StreamRow>(
      `${STREAMS} WHERE s.stream > @afterStream GROUP BY s.stream ORDER BY s.stream LIMIT @limit`,
    ),
    stream: db.prepare<[{ deviceId: number; stream: number }], StreamRow>(
      `${STREAMS} WHERE s.stream = @stream GROUP BY s.stream`,
    ),
    gaps: db.prepare<[number, number, number], GapRow>(
      `SELECT g.id, e.epoch, g.from_sequence AS fromSequence, g.to_sequence AS toSequence, g.noticed_ms AS noticedMs
       FROM gaps g JOIN epochs e ON e.id = g.epoch_id WHERE g.device_id = ? AND g.id > ? ORDER BY g.id LIMIT ?`,
    ),
    gapTotals: db.prepare<[number], { count: number; readings: number }>(
      `SELECT count(*) AS count, coalesce(sum(to_sequence - from_sequence + 1), 0) AS readings
       FROM gaps WHERE device_id = ?`,
    ),
    signatures: db.prepare<[number, number, number], SignatureRow>(
      `SELECT s.id, e.epoch, s.from_sequence AS fromSequence, s.to_sequence AS toSequence, s.verdict, s.last_ms AS lastMs
       FROM signatures s JOIN epochs e ON e.id = s.epoch_id WHERE s.device_id = ? AND s.id > ? ORDER BY s.id LIMIT ?`,
    ),
    rejected: db.prepare<[number, number, number], RejectedRow>(
      `SELECT r.id, e.epoch, r.sequence, r.reason, r.record, r.received_ms AS receivedMs
       FROM rejected r JOIN epochs e ON e.id = r.epoch_id WHERE r.device_id = ? AND r.id > ? ORDER BY r.id LIMIT ?`,
    ),
    rejectedCount: db.prepare<[number], { count: number }>(
      "SELECT count(*) AS count FROM rejected WHERE device_id = ?",
    ),
  };
}
