/**
 * What devices say, as far as rollouts care: in the transaction that stores it, the device's row in its rollout follows, and the
 * rollout becomes due. A device is where it says that it is: what was sent to it counts for nothing.
 */
import type Database from "better-sqlite3";
import { UpdateState } from "../../runtime/contract/update-messages.ts";
import type { Hello, State } from "../ingest/messages.ts";
import { DEVICE_CACHE_MAX } from "../limits.ts";
import { macToText } from "../mac-address.ts";
import { CommandState, DesiredPart, PartState } from "../orders/order-requests.ts";
import type { RolloutPlan } from "../rollouts/rollout-plan.ts";
import { DeviceState, RolloutState } from "../rollouts/rollout-states.ts";
import { faultOfVitals, type VitalCounts } from "../rollouts/vitals.ts";
import type { UpdateReport } from "../updates/update-messages.ts";
import type { LiveRow, RolloutRows } from "./rollout-rows.ts";
import { VitalLedger } from "./vital-ledger.ts";

const HOUR_MS = 3_600_000;
/** More starts than this between two hellos count as this many: the counter may have been set back. */
const RESTARTS_COUNTED_MAX = 100;
const NOTHING: VitalCounts = { restarts: 0, reconnects: 0, readingsLost: 0 };

const UNCONFIRMED: readonly DeviceState[] = [
  DeviceState.Offered,
  DeviceState.Downloading,
  DeviceState.Trial,
  DeviceState.Lost,
];

interface HelloBefore {
  boots: number | null;
  helloMs: number | null;
}

export class RolloutNews {
  readonly #rows: RolloutRows;
  readonly #vitals: VitalLedger;
  readonly #sql: ReturnType<typeof prepare>;
  /** Devices that have said hello to this run of the server. */
  readonly #heard = new Set<number>();

  constructor(db: Database.Database, rows: RolloutRows) {
    this.#rows = rows;
    this.#vitals = new VitalLedger(db);
    this.#sql = prepare(db);
  }

  /** Before the hello is stored: it is held against the one before. */
  noteStart(deviceId: number, atMs: number, { boots, configVersion, graphVersion }: Hello): void {
    const before = this.#sql.before.get(deviceId);
    if (before === undefined || before.helloMs === null || before.boots === null || boots === null) return;
    // Everybody connects anew when the server starts: that is no fault of theirs.
    const isKnown = this.#heard.has(deviceId);
    if (this.#heard.size >= DEVICE_CACHE_MAX) this.#heard.clear();
    this.#heard.add(deviceId);
    const starts = boots === before.boots ? 0 : boots > before.boots ? boots - before.boots : 1;
    // It starts anew to try what it was told, and when it is told to.
    const isTold = this.#sql.told.get({ deviceId, configVersion, graphVersion }) !== undefined;
    const restarts = Math.min(isTold ? Math.max(0, starts - 1) : starts, RESTARTS_COUNTED_MAX);
    const reconnects = starts === 0 && isKnown ? 1 : 0;
    if (restarts + reconnects > 0) this.#count(deviceId, atMs, { ...NOTHING, restarts, reconnects });
  }

  /** After the ledger of updates has had it. */
  takeHello(deviceId: number, atMs: number, hello: Hello): void {
    const row = this.#rows.live(deviceId);
    if (row === undefined) return;
    const { state, rollout } = row;
    const runsNew = isSame(row.image, hello.image);
    if (state === DeviceState.Pending && !runsNew) {
      if (row.rolloutState === RolloutState.Running && row.group <= row.openGroup) this.#rows.touch(rollout, atMs);
    } else if (state === DeviceState.Returning) {
      if (isSame(row.beforeImage, hello.image) && !hello.isTrial) this.#move(row, DeviceState.Back, atMs);
      else if (this.#isGivenUp(deviceId, row.beforeImage)) this.#move(row, DeviceState.Stayed, atMs, hello.failure);
      else this.#rows.hear(rollout, deviceId, atMs);
    } else if (runsNew && !hello.isTrial) {
      if (state !== DeviceState.Confirmed) this.#confirm(row, atMs);
    } else if (!runsNew && this.#isGivenUp(deviceId, row.image)) {
      this.#move(row, DeviceState.Failed, atMs, hello.failure);
    } else if (runsNew || UNCONFIRMED.includes(state)) {
      // With the program that it ran before, it has just been offered the image anew.
      const next = runsNew ? DeviceState.Trial : DeviceState.Offered;
      if (state === next || (state === DeviceState.Downloading && !runsNew)) this.#rows.hear(rollout, deviceId, atMs);
      else this.#move(row, next, atMs);
    }
  }

  /** After the ledger of updates has had it. */
  takeReport(deviceId: number, atMs: number, { state, image, failure }: Omit<UpdateReport, "kind">): void {
    const row = image === null ? undefined : this.#rows.live(deviceId);
    if (row === undefined) return;
    const isEnd = state === UpdateState.RolledBack || state === UpdateState.Failed;
    if (row.state === DeviceState.Returning) {
      if (!isSame(row.beforeImage, image)) return;
      if (state === UpdateState.Confirmed) this.#move(row, DeviceState.Back, atMs);
      else if (isEnd && this.#isGivenUp(deviceId, image)) this.#move(row, DeviceState.Stayed, atMs, failure);
      else this.#rows.hear(row.rollout, deviceId, atMs);
      return;
    }
    if (!isSame(row.image, image)) return;
    if (isEnd) {
      if (row.state !== DeviceState.Pending && this.#isGivenUp(deviceId, image))
        this.#move(row, DeviceState.Failed, atMs, failure);
      return;
    }
    // One whose offer was taken back may have begun before it was.
    if (row.state !== DeviceState.Pending && !UNCONFIRMED.includes(row.state)) return;
    if (state === UpdateState.Confirmed) this.#confirm(row, atMs);
    else if (state >= UpdateState.Queued && state <= UpdateState.Restarting) {
      const next = state === UpdateState.Restarting ? DeviceState.Trial : DeviceState.Downloading;
      if (row.state === next) this.#rows.hear(row.rollout, deviceId, atMs);
      else this.#move(row, next, atMs);
    }
  }

  takeState(deviceId: number, atMs: number, { freeBytes }: State): void {
    const row = this.#rows.live(deviceId);
    if (row === undefined || freeBytes === null || row.state !== DeviceState.Confirmed) return;
    const least = Math.min(freeBytes, row.freeBytes ?? freeBytes);
    if (least === row.freeBytes) return;
    this.#sql.setFree.run(least, row.rollout, deviceId);
    this.#judge({ ...row, freeBytes: least }, atMs);
  }

  noteGap(deviceId: number, atMs: number, readingsLost: number): void {
    this.#count(deviceId, atMs, { ...NOTHING, readingsLost });
  }

  /** A person has said what the device ought to run: its rollout lets go of it. */
  supersede(mac: number): void {
    const device = this.#sql.device.get(macToText(mac));
    const row = device && this.#rows.live(device.id);
    if (row !== undefined) this.letGo(row, row.atMs);
  }

  /** What it has come to counts; what it has not come to is skipped. */
  letGo(row: LiveRow, atMs: number): void {
    const isDone = row.state === DeviceState.Confirmed;
    if (isDone) this.#sql.end.run(row.rollout, row.device);
    else this.#rows.move(row.rollout, row.device, DeviceState.Skipped, atMs, { reason: "superseded", isOver: true });
    this.#rows.touch(row.rollout, atMs);
  }

  #count(deviceId: number, atMs: number, counts: VitalCounts): void {
    this.#vitals.add(deviceId, atMs, counts);
    const row = this.#rows.live(deviceId);
    if (row === undefined || row.state !== DeviceState.Confirmed) return;
    const restarts = row.restarts + counts.restarts;
    const reconnects = row.reconnects + counts.reconnects;
    const readingsLost = row.readingsLost + counts.readingsLost;
    this.#sql.setCounts.run(restarts, reconnects, readingsLost, row.rollout, deviceId);
    this.#judge({ ...row, restarts, reconnects, readingsLost }, atMs);
  }

  #judge(row: LiveRow, atMs: number): void {
    if (row.bad === 1 || row.confirmedMs === null) return;
    const plan = this.#sql.plan.get(row.rollout)?.plan;
    if (plan === undefined) return;
    const before = {
      restarts: row.beforeRestarts,
      reconnects: row.beforeReconnects,
      readingsLost: row.beforeReadingsLost,
    };
    const hours = Math.max(0, atMs - row.confirmedMs) / HOUR_MS;
    const { freeBytes } = row;
    const fault = faultOfVitals(
      { before, since: row, hours, freeBytes },
      (JSON.parse(plan) as RolloutPlan).error.vitals,
    );
    if (fault === undefined) return;
    this.#sql.setFault.run(fault, row.rollout, row.device);
    this.#rows.touch(row.rollout, atMs);
  }

  #confirm(row: LiveRow, atMs: number): void {
    this.#rows.move(row.rollout, row.device, DeviceState.Confirmed, atMs);
    this.#sql.confirm.run(atMs, row.rollout, row.device);
    this.#rows.touch(row.rollout, atMs);
  }

  #move(row: LiveRow, state: DeviceState, atMs: number, failure: number | null = null): void {
    const isOver = [DeviceState.Failed, DeviceState.Back, DeviceState.Stayed].includes(state);
    this.#rows.move(row.rollout, row.device, state, atMs, { failure, isOver });
    this.#rows.touch(row.rollout, atMs);
  }

  #isGivenUp(deviceId: number, image: Uint8Array | null): boolean {
    const desired = this.#sql.desired.get(deviceId);
    return desired !== undefined && desired.givenUp === 1 && isSame(desired.image, image);
  }
}

function isSame(id: Uint8Array | null, other: Uint8Array | null): boolean {
  return id !== null && other !== null && Buffer.compare(id, other) === 0;
}

function prepare(db: Database.Database) {
  return {
    before: db.prepare<[number], HelloBefore>("SELECT boots, hello_ms AS helloMs FROM devices WHERE id = ?"),
    /** What was sent to it and is tried now, or a restart that it has agreed to. */
    told: db.prepare<[{ deviceId: number; configVersion: number | null; graphVersion: number | null }]>(
      `SELECT 1 FROM desired_parts WHERE device_id = @deviceId AND state = ${PartState.Sent}
         AND version = CASE part WHEN ${DesiredPart.Config} THEN @configVersion ELSE @graphVersion END
       UNION ALL SELECT 1 FROM commands WHERE device_id = @deviceId AND state = ${CommandState.Accepted} LIMIT 1`,
    ),
    device: db.prepare<[string], { id: number }>("SELECT id FROM devices WHERE mac = ?"),
    desired: db.prepare<[number], { image: Buffer; givenUp: number }>(
      "SELECT image_id AS image, given_up AS givenUp FROM desired_images WHERE device_id = ?",
    ),
    plan: db.prepare<[number], { plan: string }>("SELECT plan FROM rollouts WHERE id = ?"),
    setCounts: db.prepare(
      `UPDATE rollout_devices SET restarts = ?, reconnects = ?, readings_lost = ? WHERE rollout_id = ? AND device_id = ?`,
    ),
    setFree: db.prepare("UPDATE rollout_devices SET free_bytes = ? WHERE rollout_id = ? AND device_id = ?"),
    setFault: db.prepare("UPDATE rollout_devices SET bad = 1, reason = ? WHERE rollout_id = ? AND device_id = ?"),
    confirm: db.prepare(
      `UPDATE rollout_devices SET confirmed_ms = ?, restarts = 0, reconnects = 0, readings_lost = 0, free_bytes = NULL
       WHERE rollout_id = ? AND device_id = ?`,
    ),
    end: db.prepare("UPDATE rollout_devices SET live = 0 WHERE rollout_id = ? AND device_id = ?"),
  };
}
