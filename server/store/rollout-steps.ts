/**
 * Carries out what a rollout does next (server/rollouts/decide.ts): all that is due at a time, in the transaction of the request
 * that asks. What devices are to be told is the answer; a device that is not told for the server ended just then says hello
 * again, and what it ought to run is stored.
 */
import type Database from "better-sqlite3";
import { UpdateFailure } from "../../runtime/contract/update-messages.ts";
import { kebab } from "../kebab.ts";
import { ROLLOUT_BUSY_MS, ROLLOUT_DEVICES_MAX, ROLLOUT_OFFERS_MAX, ROLLOUT_RETURNS_MAX } from "../limits.ts";
import { macToNumber } from "../mac-address.ts";
import { type Action, decide, type GroupFacts, needsOf, nextDueMs, type RolloutFacts } from "../rollouts/decide.ts";
import { assignGroups } from "../rollouts/groups.ts";
import { DeviceState, RolloutState, UNDER_WAY } from "../rollouts/rollout-states.ts";
import { type Judgement, judgeDevice, type TargetImage } from "../rollouts/target.ts";
import type { UpdateDue } from "../updates/store-requests.ts";
import { idBytes, idText } from "../updates/update-messages.ts";
import type { RolloutNews } from "./rollout-news.ts";
import type { RolloutRow, RolloutRows } from "./rollout-rows.ts";
import { type ListedDevice, TargetList } from "./target-list.ts";
import type { UpdateLedger } from "./update-ledger.ts";
import { VitalLedger } from "./vital-ledger.ts";

const MINUTE_MS = 60_000;
/** Far more than any step has; a plan that never comes to rest would otherwise hold the writer. */
const ACTIONS_MAX = 1000;

/** What devices are to be told once this is committed. */
export interface Told {
  updatesDue: UpdateDue[];
  /** MAC addresses that no offer may go to any more. */
  withdrawn: number[];
  /** There is more to do at once. */
  isMore?: true;
}

export class RolloutSteps {
  readonly #rows: RolloutRows;
  readonly #news: RolloutNews;
  readonly #updates: UpdateLedger;
  readonly #targets: TargetList;
  readonly #vitals: VitalLedger;
  readonly #sql: ReturnType<typeof prepare>;
  /** Devices that this step has had to do with. */
  #looked = 0;

  constructor(db: Database.Database, rows: RolloutRows, news: RolloutNews, updates: UpdateLedger) {
    this.#rows = rows;
    this.#news = news;
    this.#updates = updates;
    this.#targets = new TargetList(db);
    this.#vitals = new VitalLedger(db);
    this.#sql = prepare(db);
  }

  /** Everything that is due. True: people see something new. */
  run(row: RolloutRow, atMs: number, told: Told): boolean {
    let isChanged = false;
    this.#looked = 0;
    for (let actions = 0; actions < ACTIONS_MAX; actions++) {
      const facts = this.#factsOf(row, atMs);
      const action = decide(facts);
      if (action === null) {
        this.#rows.setDue(row.id, nextDueMs(facts));
        return isChanged;
      }
      // The rest in another step: readings are to be stored between.
      if (this.#looked >= ROLLOUT_OFFERS_MAX) {
        this.#rows.setDue(row.id, atMs);
        told.isMore = true;
        return isChanged;
      }
      this.#carryOut(row, action, atMs, told);
      isChanged = true;
    }
    throw new Error(`rollout ${row.id} does not come to rest`);
  }

  /** Offers that no device has begun with. */
  takeBack(row: RolloutRow, atMs: number, told: Told): void {
    for (const { device, mac } of this.#sql.inState.all(row.id, DeviceState.Offered)) {
      this.#updates.letBe(device);
      told.withdrawn.push(macToNumber(mac));
      this.#rows.move(row.id, device, DeviceState.Pending, atMs);
    }
  }

  /** Whoever has not begun, will not. */
  skipRest(row: RolloutRow, atMs: number, told: Told): void {
    this.takeBack(row, atMs, told);
    this.#sql.endPending.run(DeviceState.Skipped, "aborted", atMs, row.id);
  }

  beginReturn(row: RolloutRow, atMs: number, reason: string | null, who: string | null): void {
    // Whoever was offered it may have begun since: it is told what to go back to.
    this.#sql.endPending.run(DeviceState.Skipped, "aborted", atMs, row.id);
    this.#sql.revive.run(row.id);
    this.#sql.failedAreBack.run(atMs, row.id);
    this.#rows.set(row, RolloutState.RollingBack, atMs, reason, who);
  }

  #factsOf(row: RolloutRow, atMs: number): RolloutFacts {
    const { plan, openGroup, state } = row;
    const groups: GroupFacts[] = [];
    for (const { group, state: of, count, bad } of this.#sql.counts.all(row.id)) {
      const facts = (groups[group] ??= { counts: {}, bad: 0, pardoned: 0 });
      facts.counts[of] = count;
      facts.bad += bad;
      if (of === DeviceState.Failed || of === DeviceState.Lost) facts.pardoned += count - bad;
    }
    const whole = Array.from(groups, (group) => group ?? { counts: {}, bad: 0, pardoned: 0 });
    const lostMs = plan.error.lostAfterMin * MINUTE_MS;
    const isRunning = state === RolloutState.Running;
    const isReturning = state === RolloutState.RollingBack;
    const times = this.#sql.times.get(row.id);
    const count = (statement: Database.Statement<unknown[], { count: number }>, ...values: number[]) =>
      statement.get(row.id, ...values)?.count ?? 0;
    const base = {
      state,
      plan,
      atMs,
      openGroup,
      groups: whole,
      absent: isRunning ? count(this.#sql.absent, openGroup, atMs - plan.success.absentAfterMin * MINUTE_MS) : 0,
    };
    return {
      ...base,
      ready: isRunning ? count(this.#sql.ready, openGroup) : 0,
      busy: isRunning || isReturning ? count(this.#sql.busy, atMs - ROLLOUT_BUSY_MS) : 0,
      unanswered: isRunning ? count(this.#sql.unanswered, atMs - ROLLOUT_BUSY_MS) : 0,
      silent: count(this.#sql.silent, atMs - lostMs),
      toReturn: isReturning ? count(this.#sql.toReturn) : 0,
      toReturnAway: isReturning ? count(this.#sql.toReturnAway) : 0,
      enoughMs: isRunning ? this.#enoughMs(row, Math.max(1, needsOf(base).needed)) : null,
      silentAtMs: times?.heardMs == null ? null : times.heardMs + lostMs,
      unansweredAtMs: times?.offeredMs == null ? null : times.offeredMs + ROLLOUT_BUSY_MS,
    };
  }

  #enoughMs(row: RolloutRow, needed: number): number | null {
    return this.#sql.enough.get(row.id, row.openGroup, needed - 1)?.confirmedMs ?? null;
  }

  #carryOut(row: RolloutRow, action: Action, atMs: number, told: Told): void {
    switch (action.do) {
      case "start":
        return this.#start(row, atMs);
      case "lose":
        for (const { device } of this.#sql.silentOnes.all(row.id, atMs - row.plan.error.lostAfterMin * MINUTE_MS)) {
          this.#rows.move(row.id, device, DeviceState.Lost, atMs, { reason: "not-heard-of" });
        }
        return;
      case "stop": {
        const reason = `${action.reason}${this.#causes(row.id)}`;
        if (!row.plan.error.rollBack) this.takeBack(row, atMs, told);
        this.#rows.set(row, RolloutState.Stopped, atMs, reason, null);
        if (row.plan.error.rollBack) this.beginReturn(row, atMs, reason, null);
        return;
      }
      case "openGroup":
        row.openGroup++;
        return this.#rows.set(row, RolloutState.Running, atMs, null, null);
      case "offer":
        return this.#offer(row, Math.min(action.count, ROLLOUT_OFFERS_MAX), atMs, told);
      case "repeatOffers":
        return this.#repeatOffers(row, atMs, told);
      case "takeBack":
        return this.takeBack(row, atMs, told);
      case "expire":
        this.takeBack(row, atMs, told);
        this.#sql.endPending.run(DeviceState.Expired, "expired", atMs, row.id);
        return;
      case "finish":
        return this.#rows.set(row, RolloutState.Finished, atMs, null, null);
      case "return":
        return this.#return(row, action.count, atMs, told);
      case "endReturn":
        return this.#rows.set(row, RolloutState.RolledBack, atMs, this.#sql.reason.get(row.id)?.reason ?? null, null);
    }
  }

  /** Who is in it is settled here, from what devices are now. */
  #start(row: RolloutRow, atMs: number): void {
    const images = this.#targets.images(row.release);
    const fitting: Array<{ device: ListedDevice; mac: string; isOnline: boolean; image: TargetImage }> = [];
    for (const device of this.#targets.devices(row.organisation, row.plan.target.fleet)) {
      if (fitting.length === ROLLOUT_DEVICES_MAX) break;
      const judgement = judgeDevice(device, row.plan.target, images, row.plan.retry);
      if ("image" in judgement) fitting.push({ ...device, device, image: judgement.image });
    }
    for (const { device, group } of assignGroups(row.id, fitting, row.plan)) {
      const { id } = device.device;
      const other = this.#rows.live(id);
      if (other !== undefined) this.#leaveOther(id, other, atMs);
      this.#sql.add.run(row.id, id, group, DeviceState.Pending, idBytes(device.image.id), atMs);
    }
    this.#rows.set(row, RolloutState.Running, atMs, null, null);
  }

  /** The rollout that was started later wins. */
  #leaveOther(device: number, other: Parameters<RolloutNews["letGo"]>[0], atMs: number): void {
    if (other.state !== DeviceState.Confirmed) this.#updates.letBe(device);
    this.#news.letGo(other, atMs);
  }

  #offer(row: RolloutRow, count: number, atMs: number, told: Told): void {
    const images = this.#targets.images(row.release);
    for (const { device: id } of this.#sql.readyOnes.all(row.id, row.openGroup, count)) {
      this.#looked++;
      const device = this.#targets.device(id, row.plan.target.fleet);
      if (device === undefined) continue;
      // It may have been given to somebody else meanwhile.
      const judgement: Judgement =
        device.organisation === row.organisation
          ? judgeDevice(device, row.plan.target, images, row.plan.retry)
          : { reason: "other-project" };
      if ("reason" in judgement) {
        this.#rows.move(row.id, id, DeviceState.Skipped, atMs, { reason: judgement.reason, isOver: true });
        continue;
      }
      const due = this.#updates.aim(id, judgement.image.id, row.plan.retry, atMs);
      const before = this.#vitals.hourly(id, device.firstSeenMs, atMs);
      this.#rows.move(row.id, id, DeviceState.Offered, atMs);
      const image = device.image === null ? null : idBytes(device.image);
      this.#sql.setBefore.run(
        idBytes(judgement.image.id),
        image,
        device.version,
        before.restarts,
        before.reconnects,
        before.readingsLost,
        row.id,
        id,
      );
      if (due !== null) told.updatesDue.push(due);
    }
  }

  #repeatOffers(row: RolloutRow, atMs: number, told: Told): void {
    for (const { device, image } of this.#sql.unansweredOnes.all(row.id, atMs - ROLLOUT_BUSY_MS)) {
      const due = this.#updates.aim(device, idText(image), row.plan.retry, atMs);
      this.#sql.offered.run(atMs, row.id, device);
      if (due !== null) told.updatesDue.push(due);
    }
  }

  #return(row: RolloutRow, count: number, atMs: number, told: Told): void {
    const away = this.#sql.awayOnes.all(row.id, ROLLOUT_RETURNS_MAX);
    for (const { device, mac, state, before } of [...away, ...this.#sql.thereOnes.all(row.id, count)]) {
      this.#looked++;
      const present = this.#targets.device(device, undefined);
      if (present?.organisation !== row.organisation) {
        this.#rows.move(row.id, device, DeviceState.Stayed, atMs, { reason: "other-project", isOver: true });
        continue;
      }
      told.withdrawn.push(macToNumber(mac));
      if (before === null || this.#sql.owns.get(before, row.organisation) === undefined) {
        this.#updates.letBe(device);
        this.#rows.move(row.id, device, DeviceState.Stayed, atMs, { reason: "image-gone", isOver: true });
        continue;
      }
      const due = this.#updates.aim(device, idText(before), true, atMs);
      const isBack = state === DeviceState.Offered && present.image === idText(before);
      this.#rows.move(row.id, device, isBack ? DeviceState.Back : DeviceState.Returning, atMs, { isOver: isBack });
      if (due !== null) told.updatesDue.push(due);
    }
    // Who is away takes nobody's place.
    this.#sql.hushAway.run(row.id);
  }

  /** As ": 2 crash, 1 restarts". */
  #causes(rollout: number): string {
    const causes = this.#sql.causes.all(rollout).map(({ count, reason, failure }) => {
      return `${count} ${reason ?? (failure === null ? "failed" : kebab(UpdateFailure[failure], failure))}`;
    });
    return causes.length === 0 ? "" : `: ${causes.join(", ")}`;
  }
}

const JOINED = "rollout_devices r JOIN devices d ON d.id = r.device_id";
const UNDER_WAY_STATES = `(${UNDER_WAY.join(", ")})`;
const TO_RETURN = `(${[...UNDER_WAY, DeviceState.Confirmed, DeviceState.Lost].join(", ")})`;
const ENDED = `UPDATE rollout_devices SET state = ?, reason = ?, live = 0, at_ms = ?
  WHERE rollout_id = ? AND state = ${DeviceState.Pending}`;

type Count = { count: number };
type Device = { device: number };

function prepare(db: Database.Database) {
  const counted = <Values extends unknown[]>(where: string) =>
    db.prepare<Values, Count>(`SELECT count(*) AS count FROM ${JOINED} WHERE r.rollout_id = ? AND ${where}`);
  const isReady = `r.group_at <= ? AND r.state = ${DeviceState.Pending} AND d.online = 1`;
  const isSilent = `r.live = 1 AND r.state = ${DeviceState.Trial} AND r.heard_ms <= ?`;
  const isUnanswered = `r.state = ${DeviceState.Offered} AND r.at_ms <= ? AND d.online = 1`;
  const isToReturn = `r.live = 1 AND r.state IN ${TO_RETURN}`;
  const returning = `SELECT r.device_id AS device, d.mac, r.state, r.before_image AS before FROM ${JOINED}
    WHERE r.rollout_id = ? AND ${isToReturn}`;
  return {
    counts: db.prepare<[number], { group: number; state: DeviceState; count: number; bad: number }>(
      `SELECT group_at AS "group", state, count(*) AS count, sum(bad) AS bad FROM rollout_devices WHERE rollout_id = ?
       GROUP BY group_at, state`,
    ),
    absent: counted<[number, number, number]>(
      `r.group_at = ? AND r.state = ${DeviceState.Pending} AND d.online = 0 AND d.last_seen_ms <= ?`,
    ),
    ready: counted<[number, number]>(isReady),
    busy: counted<[number, number]>(
      `r.state IN (${[...UNDER_WAY, DeviceState.Returning].join(", ")}) AND r.heard_ms > ?`,
    ),
    unanswered: counted<[number, number]>(isUnanswered),
    silent: counted<[number, number]>(isSilent),
    toReturn: counted<[number]>(isToReturn),
    toReturnAway: counted<[number]>(`${isToReturn} AND d.online = 0`),
    times: db.prepare<[number], { heardMs: number | null; offeredMs: number | null }>(
      `SELECT min(CASE state WHEN ${DeviceState.Trial} THEN heard_ms END) AS heardMs,
         min(CASE state WHEN ${DeviceState.Offered} THEN at_ms END) AS offeredMs
       FROM rollout_devices WHERE rollout_id = ? AND live = 1 AND state IN ${UNDER_WAY_STATES}`,
    ),
    enough: db.prepare<[number, number, number], { confirmedMs: number }>(
      `SELECT confirmed_ms AS confirmedMs FROM rollout_devices
       WHERE rollout_id = ? AND group_at = ? AND state = ${DeviceState.Confirmed} ORDER BY confirmed_ms LIMIT 1 OFFSET ?`,
    ),
    inState: db.prepare<[number, number], Device & { mac: string }>(
      `SELECT r.device_id AS device, d.mac FROM ${JOINED} WHERE r.rollout_id = ? AND r.state = ? AND r.live = 1`,
    ),
    silentOnes: db.prepare<[number, number], Device>(
      `SELECT r.device_id AS device FROM ${JOINED} WHERE r.rollout_id = ? AND ${isSilent}`,
    ),
    readyOnes: db.prepare<[number, number, number], Device>(
      `SELECT r.device_id AS device FROM ${JOINED} WHERE r.rollout_id = ? AND ${isReady} ORDER BY r.group_at LIMIT ?`,
    ),
    unansweredOnes: db.prepare<[number, number], Device & { image: Buffer }>(
      `SELECT r.device_id AS device, r.image_id AS image FROM ${JOINED} WHERE r.rollout_id = ? AND ${isUnanswered}`,
    ),
    awayOnes: db.prepare<[number, number], Device & { mac: string; state: DeviceState; before: Buffer | null }>(
      `${returning} AND d.online = 0 LIMIT ?`,
    ),
    thereOnes: db.prepare<[number, number], Device & { mac: string; state: DeviceState; before: Buffer | null }>(
      `${returning} AND d.online = 1 LIMIT ?`,
    ),
    hushAway: db.prepare(
      `UPDATE rollout_devices SET heard_ms = NULL WHERE rollout_id = ? AND state = ${DeviceState.Returning}
         AND device_id IN (SELECT id FROM devices WHERE online = 0)`,
    ),
    endPending: db.prepare<[number, string, number, number]>(ENDED),
    /** Of a rollout that was finished: who still runs its image, and is in no other one. */
    revive: db.prepare(
      `UPDATE rollout_devices SET live = 1 WHERE rollout_id = ? AND live = 0 AND state = ${DeviceState.Confirmed}
         AND image_id = (SELECT image FROM devices WHERE id = device_id)
         AND NOT EXISTS (SELECT 1 FROM rollout_devices o WHERE o.device_id = rollout_devices.device_id AND o.live = 1)`,
    ),
    failedAreBack: db.prepare(
      `UPDATE rollout_devices SET state = ${DeviceState.Back}, at_ms = ? WHERE rollout_id = ?
         AND state = ${DeviceState.Failed} AND before_image = (SELECT image FROM devices WHERE id = device_id)`,
    ),
    add: db.prepare(
      `INSERT INTO rollout_devices (rollout_id, device_id, group_at, state, live, image_id, at_ms)
       VALUES (?, ?, ?, ?, 1, ?, ?)`,
    ),
    setBefore: db.prepare(
      `UPDATE rollout_devices SET image_id = ?, before_image = ?, before_version = ?, before_restarts = ?,
         before_reconnects = ?, before_readings_lost = ?
       WHERE rollout_id = ? AND device_id = ?`,
    ),
    offered: db.prepare("UPDATE rollout_devices SET at_ms = ? WHERE rollout_id = ? AND device_id = ?"),
    owns: db.prepare<[Buffer, number]>("SELECT 1 FROM image_owners WHERE image_id = ? AND organisation_id = ?"),
    reason: db.prepare<[number], { reason: string | null }>("SELECT reason FROM rollouts WHERE id = ?"),
    causes: db.prepare<[number], { count: number; reason: string | null; failure: number | null }>(
      `SELECT count(*) AS count, reason, failure FROM rollout_devices WHERE rollout_id = ? AND bad = 1
       GROUP BY reason, failure ORDER BY count DESC, reason, failure`,
    ),
  };
}
