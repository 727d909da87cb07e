/**
 * Sees to rollouts: when one has something due, by its time or for what a device has said, it has the store take the step and
 * tells devices what came of it. Which have something due is in the store, so a start goes on where a stop was, and rollouts
 * that wait cost nothing. A step looks at all devices of its rollout, and each of them that says something asks for one: what comes
 * while the desk rests is one step.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { describe } from "../errors.ts";
import { ROLLOUT_REST_MAX_MS, ROLLOUT_STEP_SHARE } from "../limits.ts";
import type { Logger } from "../logger.ts";
import type { StoreAnswer, StoreRequest, UpdateDue } from "../updates/store-requests.ts";
import type { RolloutRequest } from "./rollout-requests.ts";

export interface DueStore {
  due(nowMs: number): number[];
  /** Bytes a second, by image. */
  rates(): Map<string, number>;
}

export interface RolloutDeskOptions {
  store: DueStore;
  request: (request: StoreRequest) => Promise<StoreAnswer>;
  updates: { tell(due: UpdateDue): void; withdraw(device: number): void };
  setRates: (rates: ReadonlyMap<string, number>) => void;
  /** The rollout, or one of its devices, has come further. */
  onNews: (rollout: number) => void;
  logger: Logger;
  nowMs: () => number;
  /** By a clock that never jumps. */
  elapsedMs: () => number;
}

export class RolloutDesk {
  readonly #options: RolloutDeskOptions;
  readonly #due = new Set<number>();
  #work: Promise<void> | undefined;
  #isStopped = false;

  constructor(options: RolloutDeskOptions) {
    this.#options = options;
    this.#limit();
  }

  get isIdle(): boolean {
    return this.#work === undefined;
  }

  /** Resolves when all that is due has been done. */
  async settled(): Promise<void> {
    while (this.#work !== undefined) await this.#work;
  }

  stop(): void {
    this.#isStopped = true;
  }

  /** What is due by its time. */
  tick(): void {
    try {
      this.take(this.#options.store.due(this.#options.nowMs()));
    } catch (error) {
      this.#options.logger.error({ error: describe(error) }, "rollouts could not be looked at");
    }
  }

  /** What is due for something has happened. */
  take(rollouts: readonly number[]): void {
    if (this.#isStopped) return;
    for (const rollout of rollouts) this.#due.add(rollout);
    if (this.#due.size > 0) this.#work ??= this.#goOn();
  }

  /** What a person asks; devices are told when it is stored. */
  async change(request: RolloutRequest): Promise<StoreAnswer> {
    const answer = await this.#options.request(request);
    this.#tell(answer);
    if (answer.outcome !== "done") return answer;
    this.#limit();
    const rollout = "rollout" in request ? request.rollout : answer.rollout;
    if (rollout !== undefined) this.take([rollout]);
    return answer;
  }

  async #goOn(): Promise<void> {
    const { request, nowMs, elapsedMs, onNews, logger } = this.#options;
    try {
      for (const rollout of this.#due) {
        if (this.#isStopped) break;
        this.#due.delete(rollout);
        const startMs = elapsedMs();
        const answer = await request({ kind: "stepRollout", rollout, atMs: nowMs() });
        // What could not be done stays due in the store.
        if (answer.outcome !== "done") continue;
        this.#tell(answer);
        if (answer.isMore === true) this.#due.add(rollout);
        if (answer.isChanged === true) this.#limit();
        onNews(rollout);
        await this.#rest(elapsedMs() - startMs);
      }
    } catch (error) {
      logger.error({ error: describe(error) }, "a rollout could not go on; it is tried again");
    }
    this.#work = undefined;
    if (!this.#isStopped && this.#due.size > 0) this.#work = this.#goOn();
  }

  /** The writer has readings to store as well, and takes the longer for a step the more there are. */
  async #rest(stepMs: number): Promise<void> {
    const restMs = Math.min(stepMs / ROLLOUT_STEP_SHARE - stepMs, ROLLOUT_REST_MAX_MS);
    if (restMs >= 1 && !this.#isStopped) await sleep(restMs);
  }

  #tell({ updatesDue = [], withdrawn = [] }: StoreAnswer): void {
    const { updates } = this.#options;
    for (const device of withdrawn) updates.withdraw(device);
    for (const due of updatesDue) updates.tell(due);
  }

  #limit(): void {
    this.#options.setRates(this.#options.store.rates());
  }
}
