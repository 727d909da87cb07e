/** Rollouts, the writer's side: what people do with them, and the step that does what is due. */
import type Database from "better-sqlite3";
import type { TellChange } from "../events/change-kinds.ts";
import { ROLLOUTS_MAX } from "../limits.ts";
import type { Person, RolloutChange, RolloutRequest } from "../rollouts/rollout-requests.ts";
import { ReleaseState } from "../rollouts/rollout-requests.ts";
import { DeviceState, RolloutState } from "../rollouts/rollout-states.ts";
import type { StoreAnswer } from "../updates/store-requests.ts";
import type { Handlers } from "./handlers.ts";
import { RolloutNews } from "./rollout-news.ts";
import { type RolloutRow, RolloutRows } from "./rollout-rows.ts";
import { RolloutSteps, type Told } from "./rollout-steps.ts";
import type { UpdateLedger } from "./update-ledger.ts";

type Kinds = "setRolloutPolicy" | "addRollout" | "changeRollout" | "deleteRollout" | "stepRollout";
export type LedgerRequest = Extract<RolloutRequest, { kind: Kinds }>;
type Change = Extract<RolloutRequest, { kind: "changeRollout" }>;

/** From which states each change is possible. */
const FITTING: Record<RolloutChange, readonly RolloutState[]> = {
  start: [RolloutState.Draft],
  approve: [RolloutState.Waiting],
  pause: [RolloutState.Running],
  resume: [RolloutState.Paused, RolloutState.Stopped],
  abort: [
    RolloutState.Draft,
    RolloutState.Waiting,
    RolloutState.Scheduled,
    RolloutState.Running,
    RolloutState.Paused,
    RolloutState.Stopped,
    RolloutState.RollingBack,
  ],
  rollBack: [
    RolloutState.Running,
    RolloutState.Paused,
    RolloutState.Stopped,
    RolloutState.Finished,
    RolloutState.Aborted,
  ],
};

export class RolloutLedger {
  readonly news: RolloutNews;
  readonly #rows: RolloutRows;
  readonly #steps: RolloutSteps;
  readonly #updates: UpdateLedger;
  readonly #sql: ReturnType<typeof prepare>;
  readonly handlers: Handlers<LedgerRequest> = {
    setRolloutPolicy: ({ organisation, needsApproval }) => {
      this.#sql.setPolicy.run(organisation, needsApproval ? 1 : 0);
      return { outcome: "done" };
    },
    addRollout: (request) => this.#add(request),
    changeRollout: (request) => this.#change(request),
    deleteRollout: ({ rollout, revision }) => {
      const row = this.#rows.get(rollout);
      if (row === undefined) return { outcome: "rolloutUnknown" };
      if (revision !== null && revision !== row.revision) return { outcome: "changedMeanwhile" };
      if (row.state !== RolloutState.Draft) return { outcome: "rolloutUnfit" };
      this.#sql.delete.run(rollout);
      return { outcome: "done" };
    },
    stepRollout: ({ rollout, atMs }) => {
      const row = this.#rows.get(rollout);
      if (row === undefined) return { outcome: "rolloutUnknown" };
      const told: Told = { updatesDue: [], withdrawn: [] };
      const isChanged = this.#steps.run(row, atMs, told);
      return { outcome: "done", ...told, isChanged };
    },
  };

  constructor(db: Database.Database, updates: UpdateLedger, tell: TellChange) {
    this.#updates = updates;
    this.#rows = new RolloutRows(db, tell);
    this.news = new RolloutNews(db, this.#rows);
    this.#steps = new RolloutSteps(db, this.#rows, this.news, updates);
    this.#sql = prepare(db);
  }

  /** Rollouts that something has happened to since this was last asked. */
  takeDue(): number[] {
    return this.#rows.takeDue();
  }

  /** The device is somebody else's now: no rollout of whoever had it reaches it, or hears of it. */
  release(deviceId: number): void {
    const row = this.#rows.live(deviceId);
    if (row === undefined) return;
    if (row.state !== DeviceState.Confirmed) this.#updates.letBe(deviceId);
    this.news.letGo(row, row.atMs);
  }

  /** Nothing of this release goes to another device. */
  withdraw(release: number, atMs: number): Told {
    const told: Told = { updatesDue: [], withdrawn: [] };
    for (const { id } of this.#sql.ofRelease.all(release)) {
      const row = this.#rows.get(id);
      if (row === undefined) continue;
      const reason = "the release was withdrawn";
      if (row.state < RolloutState.Running) this.#rows.set(row, RolloutState.Aborted, atMs, reason, null);
      else if (row.state === RolloutState.Running || row.state === RolloutState.Paused) {
        this.#steps.takeBack(row, atMs, told);
        this.#rows.set(row, RolloutState.Stopped, atMs, reason, null);
      }
    }
    return told;
  }

  #add({ organisation, release, name, plan, maker, isDraft, atMs }: Extract<RolloutRequest, { kind: "addRollout" }>) {
    const found = this.#sql.release.get(release);
    if (found?.organisation !== organisation) return { outcome: "releaseUnknown" as const };
    if (found.state !== ReleaseState.Released) return { outcome: "releaseNotOut" as const };
    if ((this.#sql.count.get(organisation)?.count ?? 0) >= ROLLOUTS_MAX) return { outcome: "tooManyRollouts" as const };
    const values = [organisation, release, name, JSON.stringify(plan), RolloutState.Draft, maker.name, maker.key];
    const id = Number(this.#sql.add.run(...values, atMs, atMs).lastInsertRowid);
    const row = this.#rows.get(id);
    if (row !== undefined && !isDraft) this.#submit(row, atMs, maker.name);
    return { outcome: "done" as const, rollout: id };
  }

  #change({ rollout, change, who, revision, atMs }: Change): StoreAnswer {
    const row = this.#rows.get(rollout);
    if (row === undefined) return { outcome: "rolloutUnknown" };
    if (revision !== null && revision !== row.revision) return { outcome: "changedMeanwhile" };
    if (!FITTING[change].includes(row.state)) return { outcome: "rolloutUnfit" };
    const told: Told = { updatesDue: [], withdrawn: [] };
    const refusal = this.#carryOut(row, change, who, atMs, told);
    if (refusal !== null) return refusal;
    this.#steps.run(row, atMs, told);
    return { outcome: "done", ...told };
  }

  #carryOut(row: RolloutRow, change: RolloutChange, who: Person, atMs: number, told: Told): StoreAnswer | null {
    switch (change) {
      case "start":
        if (!this.#isOut(row)) return { outcome: "releaseNotOut" };
        this.#submit(row, atMs, who.name);
        return null;
      case "approve":
        if (who.key === row.maker) return { outcome: "sameApprover" };
        if (!this.#isOut(row)) return { outcome: "releaseNotOut" };
        this.#sql.approve.run(who.name, row.id);
        this.#rows.set(row, RolloutState.Scheduled, atMs, null, who.name);
        return null;
      case "pause":
        this.#steps.takeBack(row, atMs, told);
        this.#rows.set(row, RolloutState.Paused, atMs, null, who.name);
        return null;
      case "resume":
        if (!this.#isOut(row)) return { outcome: "releaseNotOut" };
        // Somebody has looked at what has gone wrong so far.
        if (row.state === RolloutState.Stopped) this.#sql.pardon.run(row.id);
        this.#rows.set(row, RolloutState.Running, atMs, null, who.name);
        return null;
      case "abort":
        this.#abort(row, atMs, who, told);
        return null;
      case "rollBack":
        this.#steps.beginReturn(row, atMs, null, who.name);
        return null;
    }
  }

  /** Devices that are on their way back go on: what they ought to run is stored. */
  #abort(row: RolloutRow, atMs: number, who: Person, told: Told): void {
    this.#steps.skipRest(row, atMs, told);
    this.#rows.set(row, RolloutState.Aborted, atMs, null, who.name);
  }

  #submit(row: RolloutRow, atMs: number, who: string): void {
    const needsApproval = this.#sql.policy.get(row.organisation)?.needsApproval === 1;
    this.#rows.set(row, needsApproval ? RolloutState.Waiting : RolloutState.Scheduled, atMs, null, who);
  }

  #isOut(row: RolloutRow): boolean {
    return this.#sql.release.get(row.release)?.state === ReleaseState.Released;
  }
}

function prepare(db: Database.Database) {
  return {
    policy: db.prepare<[number], { needsApproval: number }>(
      "SELECT needs_approval AS needsApproval FROM rollout_policies WHERE organisation_id = ?",
    ),
    setPolicy: db.prepare("INSERT OR REPLACE INTO rollout_policies VALUES (?, ?)"),
    release: db.prepare<[number], { organisation: number; state: ReleaseState }>(
      "SELECT organisation_id AS organisation, state FROM releases WHERE id = ?",
    ),
    ofRelease: db.prepare<[number], { id: number }>("SELECT id FROM rollouts WHERE release_id = ?"),
    count: db.prepare<[number], { count: number }>("SELECT count(*) AS count FROM rollouts WHERE organisation_id = ?"),
    add: db.prepare(
      `INSERT INTO rollouts (organisation_id, release_id, name, plan, state, made_by, maker, created_ms, state_ms)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    delete: db.prepare<[number]>("DELETE FROM rollouts WHERE id = ?"),
    approve: db.prepare("UPDATE rollouts SET approved_by = ? WHERE id = ?"),
    pardon: db.prepare(
      `UPDATE rollout_devices SET bad = 0, reason = CASE state WHEN ${DeviceState.Confirmed} THEN NULL ELSE reason END
       WHERE rollout_id = ? AND bad = 1`,
    ),
  };
}
