/**
 * How devices fare, the writer's side. A device is judged in the transaction that stores what it says (`hello`, `state`, and whatever
 * ends a silence), and when its due time has come. What a device says besides costs a look into a set in memory: a due time is not
 * moved with each message, the device is looked at when it comes and gets another one.
 */
import type Database from "better-sqlite3";
import { Standing } from "../access/registration.ts";
import type { TellChange } from "../events/change-kinds.ts";
import { type HealthPolicy, type PartialPolicy, resolvePolicy } from "../health/health-policy.ts";
import type { HealthRequest, PolicyOwner } from "../health/health-requests.ts";
import { type Finding, type Health, healthName } from "../health/health-states.ts";
import { type HealthFacts, judge, LOOK_AGAIN_MAX_MS, restartsOfDay } from "../health/judge.ts";
import { HoursClock } from "../health/open-hours.ts";
import { HEALTH_HISTORY_MAX, HEALTH_SCHEDULES_MAX, HEALTH_STEP_DEVICES } from "../limits.ts";
import type { StoreAnswer } from "../updates/store-requests.ts";
import type { Handlers } from "./handlers.ts";

const DAY_MS = 86_400_000;

interface FactRow {
  standing: Standing;
  helloMs: number | null;
  heardMs: number;
  rssiDbm: number | null;
  freeBytes: number | null;
  queued: number | null;
  project: number | null;
  organisation: number | null;
  policy: string | null;
  /** What its templates say, a list as JSON; null: nothing. */
  templates: string | null;
  /** Null: it was never judged. */
  state: Health | null;
  findings: string | null;
  judgedHeardMs: number | null;
  clocklessMs: number | null;
  today: number | null;
  yesterday: number | null;
}

export class HealthLedger {
  readonly #sql: ReturnType<typeof prepare>;
  readonly #tell: TellChange;
  readonly #hours = new HoursClock();
  /** By organisation and project. */
  readonly #policies = new Map<string, HealthPolicy>();
  /** Devices to be judged before the commit, and the time of what they said. */
  readonly #touched = new Map<number, number>();
  /** Devices that are silent, and that stamp nothing by a clock of their own. */
  readonly #silent = new Set<number>();
  readonly #clockless = new Set<number>();
  /** Nobody is silent before somebody says that the server listens. */
  #listeningMs = Number.POSITIVE_INFINITY;
  readonly handlers: Handlers<HealthRequest> = {
    setHealthPolicy: ({ owner, policy, version, atMs }) => this.#setPolicy(owner, policy, version, atMs),
    sweepHealth: ({ atMs, listeningMs, isJump }) => {
      this.#listeningMs = listeningMs;
      if (isJump) this.#sql.takeBack.run(atMs, atMs + LOOK_AGAIN_MAX_MS);
      const due = this.#sql.due.all(atMs, HEALTH_STEP_DEVICES);
      for (const { id } of due) this.#judge(id, atMs);
      return { outcome: "done", isMore: due.length === HEALTH_STEP_DEVICES };
    },
  };

  constructor(db: Database.Database, tell: TellChange) {
    this.#sql = prepare(db);
    this.#tell = tell;
    this.reload();
  }

  /** After a transaction that failed. */
  reload(): void {
    this.#touched.clear();
    this.#policies.clear();
    this.#silent.clear();
    this.#clockless.clear();
    for (const { id } of this.#sql.silent.all()) this.#silent.add(id);
    for (const { id } of this.#sql.clockless.all()) this.#clockless.add(id);
  }

  /** The device has said something, whatever it is. */
  hear(deviceId: number, atMs: number): void {
    if (this.#silent.has(deviceId)) this.#touched.set(deviceId, atMs);
  }

  /** It has said something, or something was done with it, that its health may follow from. */
  touch(deviceId: number, atMs: number): void {
    this.#touched.set(deviceId, atMs);
  }

  /** Something was done with the board; it is judged when what is due is looked at. */
  lookAgain(mac: string): void {
    this.#sql.lookAgain.run(mac);
  }

  /** Readings came that were, or were not, stamped by a clock of the device. */
  noteClock(deviceId: number, hasClock: boolean, atMs: number): void {
    if (this.#clockless.has(deviceId) !== hasClock) return;
    if (hasClock) this.#clockless.delete(deviceId);
    else this.#clockless.add(deviceId);
    this.#sql.setClockless.run({ deviceId, clocklessMs: hasClock ? null : atMs, atMs });
    this.touch(deviceId, atMs);
  }

  /** Before the commit, when all else is written. */
  judgeTouched(): void {
    for (const [deviceId, atMs] of this.#touched) this.#judge(deviceId, atMs);
    this.#touched.clear();
  }

  #judge(deviceId: number, atMs: number): void {
    const day = Math.floor(atMs / DAY_MS);
    const row = this.#sql.facts.get({ deviceId, day });
    if (row === undefined) return;
    const isJudged = row.standing === Standing.Active && row.helloMs !== null;
    if (!isJudged && row.judgedHeardMs === null) return;
    const before = row.findings === null ? [] : (JSON.parse(row.findings) as Finding[]);
    const policy = this.#policyOf(row);
    const verdict = isJudged
      ? judge(this.#factsOf(row, atMs, policy), policy, before)
      : { state: null, findings: [], dueMs: null };
    const { state, findings, dueMs } = verdict;
    if (findings.some(({ reason }) => reason === "silence")) this.#silent.add(deviceId);
    else this.#silent.delete(deviceId);
    const isSame = row.judgedHeardMs !== null && state === row.state && isSameAs(findings, before);
    if (isSame) {
      this.#sql.keep.run(row.heardMs, dueMs, deviceId);
      return;
    }
    const text = JSON.stringify(findings);
    this.#sql.set.run({ deviceId, state, text, atMs, heardMs: row.heardMs, dueMs });
    this.#sql.log.run(deviceId, atMs, state, text);
    this.#sql.trim.run(deviceId, deviceId, HEALTH_HISTORY_MAX);
    const reasons = findings.map(({ reason, level, value }) => ({ reason, level: healthName(level), value }));
    const detail = { state: healthName(state), before: healthName(row.state), reasons };
    this.#tell({ kind: "device.health", device: deviceId, atMs, detail });
  }

  #factsOf(row: FactRow, atMs: number, { hours }: HealthPolicy): HealthFacts {
    const { heardMs, rssiDbm, freeBytes, queued, clocklessMs, today, yesterday } = row;
    return {
      atMs,
      heardMs,
      isHeardAnew: heardMs !== row.judgedHeardMs,
      listeningMs: this.#listeningMs,
      hours: this.#hours.at(hours, atMs),
      restarts: restartsOfDay(atMs, today ?? 0, yesterday ?? 0),
      freeBytes,
      rssiDbm,
      queued,
      clocklessMs,
    };
  }

  #policyOf({ policy, templates, project, organisation }: FactRow): HealthPolicy {
    const key = `${organisation}/${project}`;
    let shared = this.#policies.get(key);
    if (shared === undefined) {
      shared = resolvePolicy(this.#sql.shared.all(project, organisation).map(readPolicy));
      if (this.#policies.size >= HEALTH_SCHEDULES_MAX) this.#policies.clear();
      this.#policies.set(key, shared);
    }
    return policy === null && templates === null ? shared : withTemplates(shared, templates, policy);
  }

  #setOfTemplate(template: number, policy: PartialPolicy, version: number | null, atMs: number): StoreAnswer {
    const before = this.#sql.template.get(template);
    if (before === undefined) return { outcome: "templateUnknown" };
    if (version !== null && version !== before.revision) return { outcome: "changedMeanwhile" };
    const text = Object.keys(policy).length === 0 ? null : JSON.stringify(policy);
    this.#sql.setOfTemplate.run(text, template);
    this.#sql.dueOfTemplate.run(atMs, atMs, template);
    return { outcome: "done" };
  }

  #setPolicy(owner: PolicyOwner, policy: PartialPolicy, version: number | null, atMs: number): StoreAnswer {
    if ("template" in owner) return this.#setOfTemplate(owner.template, policy, version, atMs);
    const ids = { organisation: null, project: null, device: null, ...owner };
    const before = this.#sql.policy.get(ids);
    if (version !== null && version !== (before?.version ?? 0)) return { outcome: "changedMeanwhile" };
    const values = { ...ids, policy: JSON.stringify(policy), atMs };
    if (before === undefined) this.#sql.addPolicy.run(values);
    else this.#sql.changePolicy.run({ id: before.id, policy: values.policy, atMs });
    this.#policies.clear();
    this.#sql.dueOfOwner.run({ ...ids, atMs });
    return { outcome: "done" };
  }
}

/** As its template says: the one that counts most first. */
function withTemplates(shared: HealthPolicy, templates: string | null, policy: string | null): HealthPolicy {
  const said =
    templates === null ? [] : (JSON.parse(templates) as string[]).map((text) => JSON.parse(text) as PartialPolicy);
  const own = policy === null ? [] : [JSON.parse(policy) as PartialPolicy];
  return resolvePolicy([...own, ...said], shared);
}

function readPolicy({ policy }: { policy: string }): PartialPolicy {
  return JSON.parse(policy) as PartialPolicy;
}

function isSameAs(one: readonly Finding[], other: readonly Finding[]): boolean {
  return (
    one.length === other.length &&
    one.every(({ reason, level }, at) => reason === other[at]?.reason && level === other[at]?.level)
  );
}

interface OwnerIds {
  organisation: number | null;
  project: number | null;
  device: number | null;
}

function prepare(db: Database.Database) {
  return {
    facts: db.prepare<[{ deviceId: number; day: number }], FactRow>(
      `SELECT d.standing, d.hello_ms AS helloMs, d.last_seen_ms AS heardMs, d.rssi_dbm AS rssiDbm,
         d.free_bytes AS freeBytes, d.queued, d.project_id AS project, p.organisation_id AS organisation,
         o.policy, (SELECT nullif(json_group_array(thresholds), '[]') FROM (
           SELECT t.thresholds FROM device_templates x JOIN templates t ON t.id = x.template_id
           WHERE x.device_id = d.id AND t.thresholds IS NOT NULL ORDER BY x.place)) AS templates, h.state, h.findings, h.heard_ms AS judgedHeardMs, h.clockless_ms AS clocklessMs,
         (SELECT restarts FROM vital_days v WHERE v.device_id = d.id AND v.day = @day) AS today,
         (SELECT restarts FROM vital_days v WHERE v.device_id = d.id AND v.day = @day - 1) AS yesterday
       FROM devices d LEFT JOIN projects p ON p.id = d.project_id LEFT JOIN device_health h ON h.device_id = d.id
         LEFT JOIN health_policies o ON o.device_id = d.id
       WHERE d.id = @deviceId`,
    ),
    due: db.prepare<[number, number], { id: number }>(
      "SELECT device_id AS id FROM device_health WHERE due_ms <= ? ORDER BY due_ms LIMIT ?",
    ),
    lookAgain: db.prepare(
      "UPDATE device_health SET due_ms = 0 WHERE device_id = (SELECT id FROM devices WHERE mac = ?)",
    ),
    takeBack: db.prepare("UPDATE device_health SET due_ms = ? WHERE due_ms > ?"),
    silent: db.prepare<[], { id: number }>(
      `SELECT device_id AS id FROM device_health WHERE findings LIKE '%"silence"%'`,
    ),
    clockless: db.prepare<[], { id: number }>(
      "SELECT device_id AS id FROM device_health WHERE clockless_ms IS NOT NULL",
    ),
    setClockless: db.prepare(
      `INSERT INTO device_health (device_id, since_ms, clockless_ms) VALUES (@deviceId, @atMs, @clocklessMs)
       ON CONFLICT (device_id) DO UPDATE SET clockless_ms = excluded.clockless_ms`,
    ),
    keep: db.prepare("UPDATE device_health SET heard_ms = ?, due_ms = ? WHERE device_id = ?"),
    set: db.prepare(
      `INSERT INTO device_health (device_id, state, findings, since_ms, heard_ms, due_ms)
       VALUES (@deviceId, @state, @text, @atMs, @heardMs, @dueMs)
       ON CONFLICT (device_id) DO UPDATE SET since_ms = CASE WHEN state IS @state THEN since_ms ELSE @atMs END,
         state = @state, findings = @text, heard_ms = @heardMs, due_ms = @dueMs`,
    ),
    log: db.prepare("INSERT INTO health_log (device_id, at_ms, state, findings) VALUES (?, ?, ?, ?)"),
    trim: db.prepare(
      `DELETE FROM health_log WHERE device_id = ? AND id <=
         (SELECT id FROM health_log WHERE device_id = ? ORDER BY id DESC LIMIT 1 OFFSET ?)`,
    ),
    /** The project's before its organisation's. */
    shared: db.prepare<[number | null, number | null], { policy: string }>(
      "SELECT policy FROM health_policies WHERE project_id = ? OR organisation_id = ? ORDER BY project_id IS NULL",
    ),
    policy: db.prepare<[OwnerIds], { id: number; version: number }>(
      `SELECT id, version FROM health_policies
       WHERE organisation_id IS @organisation AND project_id IS @project AND device_id IS @device`,
    ),
    addPolicy: db.prepare(
      `INSERT INTO health_policies (organisation_id, project_id, device_id, policy, version, changed_ms)
       VALUES (@organisation, @project, @device, @policy, 1, @atMs)`,
    ),
    changePolicy: db.prepare(
      "UPDATE health_policies SET policy = @policy, version = version + 1, changed_ms = @atMs WHERE id = @id",
    ),
    template: db.prepare<[number], { revision: number }>("SELECT revision FROM templates WHERE id = ?"),
    setOfTemplate: db.prepare("UPDATE templates SET thresholds = ?, revision = revision + 1 WHERE id = ?"),
    dueOfTemplate: db.prepare(
      `UPDATE device_health SET due_ms = ? WHERE due_ms > ? AND device_id IN (
         SELECT device_id FROM device_templates WHERE template_id = ?)`,
    ),
    dueOfOwner: db.prepare(
      `UPDATE device_health SET due_ms = @atMs WHERE due_ms > @atMs AND device_id IN (
         SELECT d.id FROM devices d LEFT JOIN projects p ON p.id = d.project_id
         WHERE d.id = @device OR p.id = @project OR p.organisation_id = @organisation)`,
    ),
  };
}
