/** Questions about releases and rollouts, on the reader's connection. Image ids are hexadecimal text outside. */
import type Database from "better-sqlite3";
import type { RolloutPlan } from "../rollouts/rollout-plan.ts";
import type { ReleaseState } from "../rollouts/rollout-requests.ts";
import { type DeviceState, RolloutState } from "../rollouts/rollout-states.ts";
import type { TargetImage } from "../rollouts/target.ts";
import { idText } from "../updates/update-messages.ts";
import { type ListedDevice, TargetList } from "./target-list.ts";

export interface TrustedKeyRow {
  keyId: Buffer;
  point: Buffer;
  name: string;
  sinceMs: number;
}

export interface ReleaseRow {
  id: number;
  organisation: number;
  version: string;
  notes: string;
  state: ReleaseState;
  createdMs: number;
  stateMs: number;
}

export interface RolloutInfoRow {
  id: number;
  organisation: number;
  release: number;
  version: string;
  name: string;
  plan: RolloutPlan;
  state: RolloutState;
  reason: string | null;
  revision: number;
  openGroup: number;
  madeBy: string;
  approvedBy: string | null;
  createdMs: number;
  startedMs: number | null;
  stateMs: number;
}

export interface GroupCountRow {
  group: number;
  state: DeviceState;
  count: number;
  bad: number;
}

export interface RolloutDeviceRow {
  id: number;
  mac: string;
  group: number;
  state: DeviceState;
  bad: number;
  reason: string | null;
  failure: number | null;
  image: string;
  beforeImage: string | null;
  beforeVersion: string | null;
  running: string | null;
  online: number;
  atMs: number;
  confirmedMs: number | null;
  restarts: number;
  reconnects: number;
  readingsLost: number;
}

export interface RolloutLogRow {
  id: number;
  atMs: number;
  state: RolloutState;
  openGroup: number;
  reason: string | null;
  who: string | null;
}

type Stored<T, Ids extends keyof T> = Omit<T, Ids> & { [Id in Ids]: Buffer | null };

export class RolloutReader {
  readonly #targets: TargetList;
  readonly #sql: ReturnType<typeof prepare>;

  constructor(db: Database.Database) {
    this.#targets = new TargetList(db);
    this.#sql = prepare(db);
  }

  keys(organisation: number): TrustedKeyRow[] {
    return this.#sql.keys.all(organisation);
  }

  needsApproval(organisation: number): boolean {
    return this.#sql.policy.get(organisation)?.needsApproval === 1;
  }

  /** The newest first; `organisations` null: of all. */
  releases(beforeId: number, limit: number, organisations: readonly number[] | null): ReleaseRow[] {
    return organisations === null
      ? this.#sql.releases.all(beforeId, limit)
      : this.#sql.releasesOf.all(beforeId, JSON.stringify(organisations), limit);
  }

  release(id: number): ReleaseRow | undefined {
    return this.#sql.release.get(id);
  }

  releaseImages(release: number): TargetImage[] {
    return this.#targets.images(release);
  }

  targetDevices(organisation: number, fleet: number | undefined): ListedDevice[] {
    return this.#targets.devices(organisation, fleet);
  }

  /** The newest first; `organisations` null: of all. */
  rollouts(beforeId: number, limit: number, organisations: readonly number[] | null): RolloutInfoRow[] {
    const rows =
      organisations === null
        ? this.#sql.rollouts.all(beforeId, limit)
        : this.#sql.rolloutsOf.all(beforeId, JSON.stringify(organisations), limit);
    return rows.map(withPlan);
  }

  rollout(id: number): RolloutInfoRow | undefined {
    const row = this.#sql.rollout.get(id);
    return row && withPlan(row);
  }

  groupCounts(rollout: number): GroupCountRow[] {
    return this.#sql.counts.all(rollout);
  }

  /** `state` null: all. */
  devices(rollout: number, afterId: number, limit: number, state: DeviceState | null): RolloutDeviceRow[] {
    return this.#sql.devices.all(rollout, afterId, state, state, limit).map((row) => ({
      ...row,
      image: row.image === null ? "" : idText(row.image),
      beforeImage: row.beforeImage && idText(row.beforeImage),
      running: row.running && idText(row.running),
    }));
  }

  log(rollout: number, afterId: number, limit: number): RolloutLogRow[] {
    return this.#sql.log.all(rollout, afterId, limit);
  }

  due(nowMs: number): number[] {
    return this.#sql.due.all(nowMs).map(({ id }) => id);
  }

  /** Bytes a second, by image, of the rollouts that are under way; the least where there are several. */
  rates(): Map<string, number> {
    const rates = new Map<string, number>();
    for (const { image, bytesPerS } of this.#sql.rates.all()) {
      rates.set(idText(image), Math.min(bytesPerS, rates.get(idText(image)) ?? bytesPerS));
    }
    return rates;
  }
}

function withPlan(row: Omit<RolloutInfoRow, "plan"> & { plan: string }): RolloutInfoRow {
  return { ...row, plan: JSON.parse(row.plan) as RolloutPlan };
}

const RELEASE_COLUMNS = `id, organisation_id AS organisation, version, notes, state, created_ms AS createdMs,
  state_ms AS stateMs`;
const ROLLOUT = `SELECT o.id, o.organisation_id AS organisation, o.release_id AS release, l.version, o.name, o.plan, o.state,
  o.reason, o.revision, o.open_group AS openGroup, o.made_by AS madeBy, o.approved_by AS approvedBy,
  o.created_ms AS createdMs, o.started_ms AS startedMs, o.state_ms AS stateMs
  FROM rollouts o JOIN releases l ON l.id = o.release_id`;
const OF_ORGANISATIONS = "organisation_id IN (SELECT value FROM json_each(?))";

/** Of a device that has gone elsewhere since, what it was in the rollout is told, and nothing of what it is now. */
const IS_THEIRS = "p.organisation_id = o.organisation_id";

type RawRollout = Omit<RolloutInfoRow, "plan"> & { plan: string };

function prepare(db: Database.Database) {
  return {
    keys: db.prepare<[number], TrustedKeyRow>(
      "SELECT key_id AS keyId, point, name, since_ms AS sinceMs FROM trusted_keys WHERE organisation_id = ? ORDER BY since_ms",
    ),
    policy: db.prepare<[number], { needsApproval: number }>(
      "SELECT needs_approval AS needsApproval FROM rollout_policies WHERE organisation_id = ?",
    ),
    releases: db.prepare<[number, number], ReleaseRow>(
      `SELECT ${RELEASE_COLUMNS} FROM releases WHERE id < ? ORDER BY id DESC LIMIT ?`,
    ),
    releasesOf: db.prepare<[number, string, number], ReleaseRow>(
      `SELECT ${RELEASE_COLUMNS} FROM releases WHERE id < ? AND ${OF_ORGANISATIONS} ORDER BY id DESC LIMIT ?`,
    ),
    release: db.prepare<[number], ReleaseRow>(`SELECT ${RELEASE_COLUMNS} FROM releases WHERE id = ?`),
    rollouts: db.prepare<[number, number], RawRollout>(`${ROLLOUT} WHERE o.id < ? ORDER BY o.id DESC LIMIT ?`),
    rolloutsOf: db.prepare<[number, string, number], RawRollout>(
      `${ROLLOUT} WHERE o.id < ? AND o.${OF_ORGANISATIONS} ORDER BY o.id DESC LIMIT ?`,
    ),
    rollout: db.prepare<[number], RawRollout>(`${ROLLOUT} WHERE o.id = ?`),
    counts: db.prepare<[number], GroupCountRow>(
      `SELECT group_at AS "group", state, count(*) AS count, sum(bad) AS bad FROM rollout_devices WHERE rollout_id = ?
       GROUP BY group_at, state`,
    ),
    devices: db.prepare<
      [number, number, number | null, number | null, number],
      Stored<RolloutDeviceRow, "image" | "beforeImage" | "running">
    >(
      `SELECT d.id, d.mac, r.group_at AS "group", r.state, r.bad, r.reason, r.failure, r.image_id AS image,
         r.before_image AS beforeImage, r.before_version AS beforeVersion, CASE WHEN ${IS_THEIRS} THEN d.image END AS running,
         CASE WHEN ${IS_THEIRS} THEN d.online ELSE 0 END AS online, r.at_ms AS atMs,
         r.confirmed_ms AS confirmedMs, r.restarts, r.reconnects, r.readings_lost AS readingsLost
       FROM rollout_devices r JOIN rollouts o ON o.id = r.rollout_id JOIN devices d ON d.id = r.device_id
         LEFT JOIN projects p ON p.id = d.project_id
       WHERE r.rollout_id = ? AND r.device_id > ? AND (? IS NULL OR r.state = ?) ORDER BY r.device_id LIMIT ?`,
    ),
    log: db.prepare<[number, number, number], RolloutLogRow>(
      `SELECT id, at_ms AS atMs, state, open_group AS openGroup, reason, who FROM rollout_log
       WHERE rollout_id = ? AND id > ? ORDER BY id LIMIT ?`,
    ),
    due: db.prepare<[number], { id: number }>("SELECT id FROM rollouts WHERE due_ms <= ? ORDER BY id"),
    rates: db.prepare<[], { image: Buffer; bytesPerS: number }>(
      `SELECT i.image_id AS image, json_extract(o.plan, '$.bytesPerS') AS bytesPerS
       FROM rollouts o JOIN release_images i ON i.release_id = o.release_id
       WHERE o.state = ${RolloutState.Running} AND json_extract(o.plan, '$.bytesPerS') IS NOT NULL`,
    ),
  };
}
