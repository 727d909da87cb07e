/**
 * Rules and alerts, the writer's side. A rule is looked at in the transaction of what it is about: an alert opens with the change,
 * or the reading, that it is for. Rules and open alerts are kept in memory, so a reading of a stream that no rule asks for
 * costs a look into a map, and one that changes nothing costs no statement.
 */
import type Database from "better-sqlite3";
import { type AlertRequest, AlertState, type ClockNews } from "../events/alert-requests.ts";
import {
  type Condition,
  type HealthDetail,
  isInScope,
  matchesHealth,
  matchesValue,
  type RuleBody,
  type ScopedDevice,
} from "../events/alert-rules.ts";
import type { TellChange } from "../events/change-kinds.ts";
import {
  ALERTS_KEPT_MAX,
  ALERTS_STEP,
  ALERTS_TRIM_STEP,
  DEVICE_CACHE_MAX,
  LATE_VALUE_MS,
  LATE_WAIT_MAX_MS,
  LATE_WAIT_MS,
} from "../limits.ts";
import type { StoreAnswer } from "../updates/store-requests.ts";
import { healthDetail, type KnownDevice, prepareAlerts } from "./alert-rows.ts";
import { DerivedWatch } from "./derived-watch.ts";
import type { Handlers } from "./handlers.ts";
import type { NoticeLedger } from "./notice-ledger.ts";
import type { ToldChange } from "./outbox.ts";
import { RuleShelf } from "./rule-shelf.ts";
import type { Instant } from "./series.ts";

type Kinds = "addRule" | "changeRule" | "deleteRule" | "acknowledgeAlert";
type RuleRequest = Extract<AlertRequest, { kind: Kinds }>;
type Of<Kind extends Kinds> = Extract<RuleRequest, { kind: Kind }>;

interface Rule extends RuleBody {
  id: number;
  organisation: number;
  name: string;
}

interface Active {
  id: number;
  state: AlertState;
  /** Waits for what is newer than the late values that it is for. */
  isPutOff: boolean;
}

interface Subject {
  id: number;
  scoped: ScopedDevice | null;
}

const NO_DEVICE: Subject = { id: 0, scoped: null };
/** What of a device decides which rules are about it. */
const SCOPING = ["project", "standing", "tags"] as const;

export class AlertLedger {
  readonly #sql: ReturnType<typeof prepareAlerts>;
  readonly #notices: NoticeLedger;
  readonly #tell: TellChange;
  /** Those that are enabled. */
  readonly #rules = new Map<number, Rule>();
  readonly #ofStream = new Map<number, Rule[]>();
  readonly #ofOrganisation = new Map<number, Rule[]>();
  /** Pending and open, by rule and device. */
  readonly #active = new Map<string, Active>();
  readonly #devices = new Map<number, KnownDevice | undefined>();
  readonly #derived: DerivedWatch;
  readonly #shelf: RuleShelf;
  readonly handlers: Handlers<RuleRequest> = {
    addRule: (request) => this.#addRule(request),
    changeRule: (request) => this.#changeRule(request),
    deleteRule: ({ rule, version, atMs }) => {
      const before = this.#sql.rule.get(rule);
      if (before === undefined) return { outcome: "ruleUnknown" };
      if (version !== null && version !== before.version) return { outcome: "changedMeanwhile" };
      this.#endAll(rule, atMs);
      this.#sql.deleteRule.run(rule);
      this.#loadRules();
      return { outcome: "done" };
    },
    acknowledgeAlert: ({ alert, who, atMs }) => {
      const row = this.#sql.alert.get(alert);
      if (row === undefined || row.state === AlertState.Pending) return { outcome: "alertUnknown" };
      // Whoever did it first has done it.
      if (this.#sql.acknowledge.run(atMs, who, alert).changes > 0)
        this.#tell({
          kind: "alert.acknowledged",
          atMs,
          organisation: row.organisation,
          detail: { alert, rule: row.rule, name: row.name, who },
        });
      return { outcome: "done" };
    },
  };

  constructor(db: Database.Database, notices: NoticeLedger, tell: TellChange) {
    this.#sql = prepareAlerts(db);
    this.#derived = new DerivedWatch(db);
    this.#shelf = new RuleShelf(this.#sql);
    this.#notices = notices;
    this.#tell = tell;
    this.reload();
  }

  /** After a transaction that failed. */
  reload(): void {
    this.#devices.clear();
    this.#active.clear();
    for (const { id, rule, device, state } of this.#sql.active.all())
      this.#active.set(keyOf(rule, device), { id, state, isPutOff: false });
    this.#loadRules();
  }

  /** Does any rule ask for streams of this number, or for what is derived from them? */
  watches(stream: number): boolean {
    return this.#ofStream.has(stream) || this.#derived.isFedBy(stream);
  }

  /** The latest value of a stream that is watched, by its own time. */
  takeValue(deviceId: number, stream: number, latest: Instant, atMs: number): void {
    this.#judgeValue(deviceId, stream, latest, atMs);
    for (const derived of this.#derived.fedBy(deviceId, stream)) {
      this.#judgeValue(derived.deviceId, derived.stream, this.#derived.latest(derived), atMs);
    }
  }

  /** A stream is derived from something else now, or not any more. */
  readonly takeDerived = (deviceId: number, stream: number, atMs: number): void => {
    this.#derived.forget();
    const subject = this.#derived.subjectOf(deviceId, stream);
    if (subject === undefined || !this.#ofStream.has(stream)) return;
    this.#judgeValue(subject.deviceId, stream, this.#derived.latest(subject), atMs);
  };

  /** In the transaction of the change. */
  readonly takeChange = (change: ToldChange): void => {
    const { kind, device, organisation, atMs, detail } = change;
    // Alerts about alerts would have no end.
    if (kind.startsWith("alert.")) return;
    if (device !== null && kind.startsWith("device.")) this.#devices.delete(device);
    if (isElsewhere(kind, detail)) this.#derived.forget();
    else if (kind === "device.created") this.#derived.takeNew();
    // The board in its place has its tags from now on.
    if (kind === "device.replaced") this.#devices.clear();
    if (device !== null && isOut(kind, detail)) this.#endDevice(device, atMs);
    else if (device !== null && kind === "device.updated" && SCOPING.some((name) => detail[name] !== undefined))
      this.#judgeScope(device, atMs);
    for (const rule of this.#ofOrganisation.get(organisation) ?? []) {
      if (!isAbout(rule.condition, kind)) continue;
      const scoped = device === null ? null : (this.#deviceOf(device) ?? null);
      if (!isInScope(rule.scope, scoped)) continue;
      const subject = device === null ? NO_DEVICE : { id: device, scoped };
      if (rule.condition.kind === "health") {
        const holds = matchesHealth(rule.condition, detail as unknown as HealthDetail);
        this.#apply(rule, subject, holds, atMs, detail);
      } else this.#happen(rule, subject, atMs, { change: kind, ...detail });
    }
  };

  /** Another board goes on in the place of one: rules about the one are about the other from now on. */
  handOver(from: number, to: number, atMs: number): void {
    this.#sql.handOver.run({ from, to });
    this.#devices.clear();
    this.#loadRules();
    this.#judgeScope(to, atMs);
  }

  /** Opens what has lasted long enough; false: there is more. */
  openDue(atMs: number): boolean {
    const due = this.#sql.due.all(atMs, ALERTS_STEP);
    for (const { id, rule, device } of due) {
      const found = this.#rules.get(rule);
      if (found === undefined) this.#sql.remove.run(id);
      else this.#open(found, id, device, atMs);
    }
    return due.length < ALERTS_STEP;
  }

  /** Due times of a clock that was wrong: what is held is held anew. */
  takeBack(atMs: number, clock: Exclude<ClockNews, "none">): void {
    for (const { id, rule, dueMs } of this.#sql.pending.all()) {
      const { holdS = 0, condition } = this.#rules.get(rule) ?? {};
      const latestMs = atMs + Math.max(holdS * 1000, condition?.kind === "value" ? LATE_WAIT_MS : 0);
      if (clock === "jump" || dueMs > latestMs) this.#sql.hold.run(atMs, latestMs, id);
    }
  }

  /**
   * A board that was away sends what it has kept, the oldest first: what such a value says may be over. So it opens nothing while newer
   * ones may follow, for LATE_WAIT_MS after each; the last one decides, however old it is. Null: there is no value any more.
   */
  #judgeValue(deviceId: number, stream: number, latest: Instant | null, atMs: number): void {
    const device = this.#deviceOf(deviceId);
    if (device === undefined) return;
    const isLate = latest !== null && atMs - latest.timeMs > LATE_VALUE_MS;
    for (const rule of this.#ofStream.get(stream) ?? []) {
      if (rule.organisation !== device.organisation || rule.condition.kind !== "value") continue;
      if (!isInScope(rule.scope, device)) continue;
      const active = this.#active.get(keyOf(rule.id, deviceId));
      const holds = latest !== null && matchesValue(rule.condition, latest.value, active !== undefined);
      if (holds && active?.state === AlertState.Pending) this.#goOn(rule, active, deviceId, isLate, atMs);
      const detail = latest === null ? {} : { value: latest.value, time: new Date(latest.timeMs).toISOString() };
      this.#apply(rule, { id: deviceId, scoped: device }, holds, atMs, detail, isLate ? LATE_WAIT_MS : 0);
    }
  }

  /** What is pending is said once more. */
  #goOn(rule: Rule, active: Active, device: number, isLate: boolean, atMs: number): void {
    if (isLate) {
      active.isPutOff = true;
      this.#sql.putOff.run(LATE_WAIT_MAX_MS, atMs + LATE_WAIT_MS, active.id);
    } else if (active.isPutOff) {
      active.isPutOff = false;
      this.#sql.holdOn.run(rule.holdS * 1000, active.id);
      if (rule.holdS === 0) this.#open(rule, active.id, device, atMs);
    }
  }

  #apply(rule: Rule, subject: Subject, holds: boolean, atMs: number, detail: object, leastHoldMs = 0): void {
    const key = keyOf(rule.id, subject.id);
    const active = this.#active.get(key);
    if (holds === (active !== undefined)) return;
    if (active === undefined) {
      const id = this.#hold(rule, subject, atMs, detail, leastHoldMs);
      if (rule.holdS === 0 && leastHoldMs === 0) this.#open(rule, id, subject.id, atMs);
      return;
    }
    this.#active.delete(key);
    if (active.state === AlertState.Pending) this.#sql.remove.run(active.id);
    else this.#close(rule, active.id, atMs, true);
  }

  /** It is so; somebody is told when it has lasted. */
  #hold(rule: Rule, subject: Subject, atMs: number, detail: object, leastHoldMs = 0): number {
    const dueMs = atMs + Math.max(rule.holdS * 1000, leastHoldMs);
    const id = this.#add(rule, subject, AlertState.Pending, atMs, detail, dueMs);
    this.#active.set(keyOf(rule.id, subject.id), { id, state: AlertState.Pending, isPutOff: leastHoldMs > 0 });
    return id;
  }

  /** Something that has no end. */
  #happen(rule: Rule, subject: Subject, atMs: number, detail: object): void {
    const id = this.#add(rule, subject, AlertState.Closed, atMs, detail, null);
    this.#sql.closeAt.run(atMs, atMs, id);
    this.#tellAlert("alert.opened", rule, id, atMs);
    this.#notices.add(rule.id, id, "opened", atMs);
  }

  #add(
    rule: Rule,
    { id: device, scoped }: Subject,
    state: AlertState,
    atMs: number,
    detail: object,
    dueMs: number | null,
  ): number {
    const { lastInsertRowid } = this.#sql.add.run({
      organisation: rule.organisation,
      rule: rule.id,
      name: rule.name,
      device,
      mac: scoped?.mac ?? null,
      state,
      atMs,
      dueMs,
      detail: JSON.stringify(detail),
    });
    const id = Number(lastInsertRowid);
    if (id % ALERTS_TRIM_STEP === 0) this.#sql.trim.run(rule.organisation, rule.organisation, ALERTS_KEPT_MAX);
    return id;
  }

  #open(rule: Rule, id: number, device: number, atMs: number): void {
    this.#sql.open.run(atMs, id);
    this.#active.set(keyOf(rule.id, device), { id, state: AlertState.Open, isPutOff: false });
    this.#tellAlert("alert.opened", rule, id, atMs);
    this.#notices.add(rule.id, id, "opened", atMs);
  }

  #close(rule: Rule, id: number, atMs: number, isTold: boolean): void {
    this.#sql.close.run(atMs, id);
    this.#tellAlert("alert.closed", rule, id, atMs);
    if (isTold) this.#notices.add(rule.id, id, "closed", atMs);
  }

  #tellAlert(
    kind: "alert.opened" | "alert.closed",
    { id: rule, name, organisation }: Rule,
    alert: number,
    atMs: number,
  ) {
    this.#tell({ kind, atMs, organisation, detail: { alert, rule, name } });
  }

  /** The device has another project, or another standing: what no rule is about any more ends. */
  #judgeScope(deviceId: number, atMs: number): void {
    const device = this.#deviceOf(deviceId);
    const health = this.#sql.healthOf.get(deviceId);
    for (const rule of this.#rules.values()) {
      const isOf = device !== undefined && rule.organisation === device.organisation && isInScope(rule.scope, device);
      const subject = { id: deviceId, scoped: device ?? null };
      if (!isOf) this.#apply(rule, subject, false, atMs, {});
      else if (rule.condition.kind === "health" && health !== undefined)
        this.#apply(rule, subject, matchesHealth(rule.condition, healthDetail(health)), atMs, healthDetail(health));
    }
  }

  #endDevice(deviceId: number, atMs: number): void {
    for (const rule of this.#rules.values()) this.#apply(rule, { id: deviceId, scoped: null }, false, atMs, {});
  }

  /** The rule asks for something else, or nothing, from now on; nobody is told of the end. */
  #endAll(rule: number, atMs: number): void {
    for (const { id, device, state } of this.#sql.activeOf.all(rule)) {
      this.#active.delete(keyOf(rule, device));
      if (state === AlertState.Pending) this.#sql.remove.run(id);
      else {
        const row = this.#sql.alert.get(id);
        this.#sql.close.run(atMs, id);
        if (row !== undefined)
          this.#tell({
            kind: "alert.closed",
            atMs,
            organisation: row.organisation,
            detail: { alert: id, rule, name: row.name },
          });
      }
    }
  }

  #addRule(request: Of<"addRule">): StoreAnswer {
    const answer = this.#shelf.add(request);
    if (answer.outcome !== "done" || answer.id === undefined) return answer;
    this.#loadRules();
    this.#judgePresent(answer.id, request.atMs);
    return answer;
  }

  #changeRule(request: Of<"changeRule">): StoreAnswer {
    const { rule, atMs } = request;
    let isOther = false;
    const answer = this.#shelf.change(request, () => {
      isOther = true;
      this.#endAll(rule, atMs);
    });
    if (answer.outcome !== "done") return answer;
    this.#loadRules();
    if (isOther) this.#judgePresent(rule, atMs);
    return answer;
  }

  /**
   * How devices fare now; values are judged as they come. Of thousands that are not well some are opened here, and the others are due: steps
   * open them, and what the store is asked meanwhile comes in between.
   */
  #judgePresent(id: number, atMs: number): void {
    const rule = this.#rules.get(id);
    if (rule?.condition.kind !== "health") return;
    let found = 0;
    for (const { device, ...row } of this.#sql.health.all(rule.organisation)) {
      const detail = healthDetail(row);
      if (!matchesHealth(rule.condition, detail)) continue;
      const scoped = this.#deviceOf(device);
      if (scoped === undefined || !isInScope(rule.scope, scoped)) continue;
      if (found++ < ALERTS_STEP) this.#apply(rule, { id: device, scoped }, true, atMs, detail);
      else this.#hold(rule, { id: device, scoped }, atMs, detail);
    }
  }

  #loadRules(): void {
    this.#rules.clear();
    this.#ofStream.clear();
    this.#ofOrganisation.clear();
    for (const { body, ...row } of this.#sql.rules.all()) {
      const rule = { ...row, ...(JSON.parse(body) as RuleBody) };
      this.#rules.set(rule.id, rule);
      addTo(this.#ofOrganisation, rule.organisation, rule);
      if (rule.condition.kind !== "value") continue;
      addTo(this.#ofStream, rule.condition.stream, rule);
    }
    this.#derived.want(
      [...this.#ofStream].flatMap(([stream, rules]) => rules.map(({ organisation }) => ({ organisation, stream }))),
    );
  }

  #deviceOf(id: number): KnownDevice | undefined {
    if (this.#devices.has(id)) return this.#devices.get(id);
    if (this.#devices.size >= DEVICE_CACHE_MAX) this.#devices.clear();
    const row = this.#sql.device.get(id);
    const device = row && { ...row, tags: JSON.parse(row.tags) as string[] };
    this.#devices.set(id, device);
    return device;
  }
}

function addTo<Key, Value>(map: Map<Key, Value[]>, key: Key, value: Value): void {
  const values = map.get(key);
  if (values === undefined) map.set(key, [value]);
  else values.push(value);
}

function keyOf(rule: number, device: number): string {
  return `${rule}/${device}`;
}

/** Something stands elsewhere, or for something else, than before. */
function isElsewhere(kind: ToldChange["kind"], { project, moved }: ToldChange["detail"]): boolean {
  if (kind === "device.removed" || kind === "device.replaced") return true;
  return (kind === "device.updated" && project !== undefined) || (kind === "device.created" && moved !== undefined);
}

/** The board says nothing any more. */
function isOut(kind: ToldChange["kind"], { standing }: ToldChange["detail"]): boolean {
  if (kind === "device.updated") return standing !== undefined && standing !== "active";
  return kind === "device.removed" || kind === "device.replaced";
}

function isAbout(condition: Condition, kind: ToldChange["kind"]): boolean {
  if (condition.kind === "change") return condition.changes.includes(kind);
  return condition.kind === "health" && kind === "device.health";
}
