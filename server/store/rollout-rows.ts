/** Rollouts and their devices as rows: the statements that the ledgers of rollouts share. */
import type Database from "better-sqlite3";
import type { TellChange } from "../events/change-kinds.ts";
import { kebab } from "../kebab.ts";
import type { RolloutPlan } from "../rollouts/rollout-plan.ts";
import { type DeviceReason, DeviceState, isOpen, RolloutState } from "../rollouts/rollout-states.ts";

export interface RolloutRow {
  id: number;
  organisation: number;
  release: number;
  state: RolloutState;
  revision: number;
  openGroup: number;
  plan: RolloutPlan;
  maker: string;
}

/** The device in the rollout that its news count for. */
export interface LiveRow {
  rollout: number;
  device: number;
  mac: string;
  group: number;
  state: DeviceState;
  bad: number;
  image: Buffer;
  beforeImage: Buffer | null;
  atMs: number;
  confirmedMs: number | null;
  restarts: number;
  reconnects: number;
  readingsLost: number;
  freeBytes: number | null;
  beforeRestarts: number;
  beforeReconnects: number;
  beforeReadingsLost: number;
  rolloutState: RolloutState;
  openGroup: number;
}

export interface Move {
  reason?: DeviceReason;
  failure?: number | null;
  /** News of the device count for this rollout no more. */
  isOver?: boolean;
}

/** States that count against the error condition. */
const BAD: readonly DeviceState[] = [DeviceState.Failed, DeviceState.Lost];

export class RolloutRows {
  readonly #sql: ReturnType<typeof prepare>;
  readonly #tell: TellChange;
  /** Rollouts that something has happened to since they were last asked for. */
  #due = new Set<number>();

  constructor(db: Database.Database, tell: TellChange) {
    this.#tell = tell;
    this.#sql = prepare(db);
  }

  get(id: number): RolloutRow | undefined {
    const row = this.#sql.rollout.get(id);
    return row && { ...row, plan: JSON.parse(row.plan) as RolloutPlan };
  }

  live(deviceId: number): LiveRow | undefined {
    return this.#sql.live.get(deviceId);
  }

  move(
    rollout: number,
    device: number,
    state: DeviceState,
    atMs: number,
    { reason, failure, isOver }: Move = {},
  ): void {
    const bad = BAD.includes(state) ? 1 : 0;
    this.#sql.move.run(
      state,
      isOver === true ? 0 : 1,
      bad,
      reason ?? null,
      failure ?? null,
      atMs,
      atMs,
      rollout,
      device,
    );
  }

  hear(rollout: number, device: number, atMs: number): void {
    this.#sql.hear.run(atMs, rollout, device);
  }

  /** The rollout is looked at as soon as this is committed. */
  touch(rollout: number, atMs: number): void {
    this.#sql.touch.run(atMs, rollout, atMs);
    this.#due.add(rollout);
  }

  takeDue(): number[] {
    if (this.#due.size === 0) return [];
    const due = [...this.#due];
    this.#due = new Set();
    return due;
  }

  /** Each change that people see is one line of the log. `who` null: the server itself. */
  set(row: RolloutRow, state: RolloutState, atMs: number, reason: string | null, who: string | null): void {
    row.state = state;
    this.#sql.set.run(state, reason, row.openGroup, atMs, row.id);
    this.#sql.log.run(row.id, atMs, state, row.openGroup, reason, who);
    const detail = { rollout: row.id, state: kebab(RolloutState[state], state), reason, who };
    this.#tell({ kind: "rollout.state", atMs, organisation: row.organisation, detail });
    if (state === RolloutState.Running) this.#sql.started.run(atMs, row.id);
    // Of an aborted one, what has begun is still watched.
    if (!isOpen(state) && state !== RolloutState.Aborted) this.#sql.end.run(row.id);
    this.touch(row.id, atMs);
  }

  setDue(rollout: number, dueMs: number | null): void {
    this.#sql.due.run(dueMs, rollout);
  }
}

function prepare(db: Database.Database) {
  return {
    rollout: db.prepare<[number], Omit<RolloutRow, "plan"> & { plan: string }>(
      `SELECT id, organisation_id AS organisation, release_id AS release, state, revision, open_group AS openGroup, plan, maker
       FROM rollouts WHERE id = ?`,
    ),
    live: db.prepare<[number], LiveRow>(
      `SELECT r.rollout_id AS rollout, r.device_id AS device, d.mac, r.group_at AS "group", r.state, r.bad,
         r.image_id AS image, r.before_image AS beforeImage, r.at_ms AS atMs, r.confirmed_ms AS confirmedMs, r.restarts,
         r.reconnects, r.readings_lost AS readingsLost, r.free_bytes AS freeBytes, r.before_restarts AS beforeRestarts,
         r.before_reconnects AS beforeReconnects, r.before_readings_lost AS beforeReadingsLost,
         o.state AS rolloutState, o.open_group AS openGroup
       FROM rollout_devices r JOIN rollouts o ON o.id = r.rollout_id JOIN devices d ON d.id = r.device_id
       WHERE r.device_id = ? AND r.live = 1`,
    ),
    move: db.prepare(
      `UPDATE rollout_devices SET state = ?, live = ?, bad = ?, reason = ?, failure = ?, at_ms = ?, heard_ms = ?
       WHERE rollout_id = ? AND device_id = ?`,
    ),
    hear: db.prepare("UPDATE rollout_devices SET heard_ms = ? WHERE rollout_id = ? AND device_id = ?"),
    touch: db.prepare("UPDATE rollouts SET due_ms = ? WHERE id = ? AND (due_ms IS NULL OR due_ms > ?)"),
    set: db.prepare(
      "UPDATE rollouts SET state = ?, reason = ?, open_group = ?, state_ms = ?, revision = revision + 1 WHERE id = ?",
    ),
    started: db.prepare("UPDATE rollouts SET started_ms = coalesce(started_ms, ?) WHERE id = ?"),
    end: db.prepare("UPDATE rollout_devices SET live = 0 WHERE rollout_id = ? AND live = 1"),
    log: db.prepare(
      "INSERT INTO rollout_log (rollout_id, at_ms, state, open_group, reason, who) VALUES (?, ?, ?, ?, ?, ?)",
    ),
    due: db.prepare("UPDATE rollouts SET due_ms = ? WHERE id = ?"),
  };
}
