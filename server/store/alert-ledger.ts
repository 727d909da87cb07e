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
import { type Finding, healthName } from "../health/health-states.ts";
import { ALERT_RULES_MAX, ALERTS_KEPT_MAX, ALERTS_STEP, ALERTS_TRIM_STEP, DEVICE_CACHE_MAX } from "../limits.ts";
import type { StoreAnswer } from "../updates/store-requests.ts";
import { type HealthOf, type KnownDevice, prepareAlerts } from "./alert-rows.ts";
import type { Handlers } from "./handlers.ts";
import type { NoticeLedger } from "./notice-ledger.ts";
import type { ToldChange } from "./outbox.ts";

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
  /** Pending and open, by rule and device. */
  readonly #active = new Map<string, Active>();
  readonly #devices = new Map<number, KnownDevice | undefined>();
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
    this.#notices = notices;
    this.#tell = tell;
    this.reload();
  }

  /** After a transaction that failed. */
  reload(): void {
    this.#devices.clear();
    this.#active.clear();
    for (const { id, rule, device, state } of this.#sql.active.all())
      this.#active.set(keyOf(rule, device), { id, state });
    this.#loadRules();
  }

  /** Does any rule ask for streams of this number? */
  watches(stream: number): boolean {
    return this.#ofStream.has(stream);
  }

  /** The latest value of a stream that is watched. */
  takeValue(deviceId: number, stream: number, value: number, atMs: number): void {
    const device = this.#deviceOf(deviceId);
    if (device === undefined) return;
    for (const rule of this.#ofStream.get(stream) ?? []) {
      if (rule.organisation !== device.organisation || rule.condition.kind !== "value") continue;
      if (!isInScope(rule.scope, device)) continue;
      const isOver = this.#active.has(keyOf(rule.id, deviceId));
      const holds = matchesValue(rule.condition, value, isOver);
      this.#apply(rule, { id: deviceId, scoped: device }, holds, atMs, { value });
    }
  }

  /** In the transaction of the change. */
  readonly takeChange = (change: ToldChange): void => {
    const { kind, device, organisation, atMs, detail } = change;
    // Alerts about alerts would have no end.
    if (kind.startsWith("alert.")) return;
    if (device !== null && kind.startsWith("device.")) this.#devices.delete(device);
    // The board in its place has its tags from now on.
    if (kind === "device.replaced") this.#devices.clear();
    if (device !== null && isOut(kind, detail)) this.#endDevice(device, atMs);
    else if (device !== null && kind === "device.updated" && SCOPING.some((name) => name in detail))
      this.#judgeScope(device, atMs);
    for (const rule of this.#rules.values()) {
      if (rule.organisation !== organisation || !isAbout(rule.condition, kind)) continue;
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
      const latestMs = atMs + (this.#rules.get(rule)?.holdS ?? 0) * 1000;
      if (clock === "jump" || dueMs > latestMs) this.#sql.hold.run(atMs, latestMs, id);
    }
  }

  #apply(rule: Rule, subject: Subject, holds: boolean, atMs: number, detail: object): void {
    const key = keyOf(rule.id, subject.id);
    const active = this.#active.get(key);
    if (holds === (active !== undefined)) return;
    if (active === undefined) {
      const id = this.#hold(rule, subject, atMs, detail);
      if (rule.holdS === 0) this.#open(rule, id, subject.id, atMs);
      return;
    }
    this.#active.delete(key);
    if (active.state === AlertState.Pending) this.#sql.remove.run(active.id);
    else this.#close(rule, active.id, atMs, true);
  }

  /** It is so; somebody is told when it has lasted. */
  #hold(rule: Rule, subject: Subject, atMs: number, detail: object): number {
    const id = this.#add(rule, subject, AlertState.Pending, atMs, detail);
    this.#active.set(keyOf(rule.id, subject.id), { id, state: AlertState.Pending });
    return id;
  }

  /** Something that has no end. */
  #happen(rule: Rule, subject: Subject, atMs: number, detail: object): void {
    const id = this.#add(rule, subject, AlertState.Closed, atMs, detail);
    this.#sql.closeAt.run(atMs, atMs, id);
    this.#tellAlert("alert.opened", rule, id, atMs);
    this.#notices.add(rule.id, id, "opened", atMs);
  }

  #add(rule: Rule, { id: device, scoped }: Subject, state: AlertState, atMs: number, detail: object): number {
    const { lastInsertRowid } = this.#sql.add.run({
      organisation: rule.organisation,
      rule: rule.id,
      name: rule.name,
      device,
      mac: scoped?.mac ?? null,
      state,
      atMs,
      dueMs: state === AlertState.Pending ? atMs + rule.holdS * 1000 : null,
      detail: JSON.stringify(detail),
    });
    const id = Number(lastInsertRowid);
    if (id % ALERTS_TRIM_STEP === 0) this.#sql.trim.run(rule.organisation, rule.organisation, ALERTS_KEPT_MAX);
    return id;
  }

  #open(rule: Rule, id: number, device: number, atMs: number): void {
    this.#sql.open.run(atMs, id);
    this.#active.set(keyOf(rule.id, device), { id, state: AlertState.Open });
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
        this.#apply(rule, subject, matchesHealth(rule.condition, detailOf(health)), atMs, detailOf(health));
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

  #addRule({ organisation, name, body, channels, isEnabled, atMs }: Of<"addRule">): StoreAnswer {
    if (this.#sql.ruleByName.get(organisation, name) !== undefined) return { outcome: "existed" };
    if ((this.#sql.countRules.get(organisation)?.count ?? 0) >= ALERT_RULES_MAX) return { outcome: "tooMany" };
    if (!this.#areOwn(organisation, channels)) return { outcome: "channelUnknown" };
    const values = [organisation, name, JSON.stringify(body), Number(isEnabled), atMs] as const;
    const id = Number(this.#sql.addRule.run(...values).lastInsertRowid);
    for (const channel of channels) this.#sql.addChannel.run(id, channel);
    this.#loadRules();
    this.#judgePresent(id, atMs);
    return { outcome: "done", id };
  }

  #changeRule({ rule, version, atMs, name, body, channels, isEnabled }: Of<"changeRule">): StoreAnswer {
    const before = this.#sql.rule.get(rule);
    if (before === undefined) return { outcome: "ruleUnknown" };
    if (version !== null && version !== before.version) return { outcome: "changedMeanwhile" };
    if (name !== undefined) {
      const other = this.#sql.ruleByName.get(before.organisation, name);
      if (other !== undefined && other.id !== rule) return { outcome: "existed" };
    }
    if (channels !== undefined && !this.#areOwn(before.organisation, channels)) return { outcome: "channelUnknown" };
    // Here, where nobody comes in between: of two changes at once each has its part.
    const wanted = JSON.stringify({ ...(JSON.parse(before.body) as RuleBody), ...body });
    const isOther = wanted !== before.body || (isEnabled !== undefined && Number(isEnabled) !== before.isEnabled);
    if (isOther) this.#endAll(rule, atMs);
    this.#sql.changeRule.run({
      rule,
      name: name ?? null,
      body: wanted,
      isEnabled: isEnabled === undefined ? null : Number(isEnabled),
    });
    if (channels !== undefined) {
      this.#sql.dropChannels.run(rule);
      for (const channel of channels) this.#sql.addChannel.run(rule, channel);
    }
    this.#loadRules();
    if (isOther) this.#judgePresent(rule, atMs);
    return { outcome: "done" };
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
      const detail = detailOf(row);
      if (!matchesHealth(rule.condition, detail)) continue;
      const scoped = this.#deviceOf(device);
      if (scoped === undefined || !isInScope(rule.scope, scoped)) continue;
      if (found++ < ALERTS_STEP) this.#apply(rule, { id: device, scoped }, true, atMs, detail);
      else this.#hold(rule, { id: device, scoped }, atMs, detail);
    }
  }

  #areOwn(organisation: number, channels: readonly number[]): boolean {
    return channels.every((channel) => this.#sql.ownsChannel.get(channel, organisation) !== undefined);
  }

  #loadRules(): void {
    this.#rules.clear();
    this.#ofStream.clear();
    for (const { body, ...row } of this.#sql.rules.all()) {
      const rule = { ...row, ...(JSON.parse(body) as RuleBody) };
      this.#rules.set(rule.id, rule);
      if (rule.condition.kind !== "value") continue;
      const { stream } = rule.condition;
      this.#ofStream.set(stream, [...(this.#ofStream.get(stream) ?? []), rule]);
    }
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

function keyOf(rule: number, device: number): string {
  return `${rule}/${device}`;
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

function detailOf({ state, findings }: HealthOf): HealthDetail & { state: string } {
  const reasons = (JSON.parse(findings) as Finding[]).map(({ reason, level, value }) => ({
    reason,
    level: healthName(level),
    value,
  }));
  return { state: healthName(state), reasons };
}
