/**
 * Notices who is silent: nobody says so. Each device has a time in the store at which it is looked at though nothing is heard, and
 * what is due is judged in steps, between the commits of readings.
 *
 * Silence counts only while the server has listened. Who could not be heard is not to blame: `listening` begins anew with each
 * start, when the clock has jumped, when the process stood still (or the machine slept), and while the store takes no writes.
 */
import { describe } from "../errors.ts";
import { HEALTH_ABSENCE_MS, HEALTH_CLOCK_JUMP_MS } from "../limits.ts";
import type { Logger } from "../logger.ts";
import type { StoreAnswer, StoreRequest } from "../updates/store-requests.ts";

export interface HealthDeskOptions {
  store: { isDue(nowMs: number): boolean };
  request: (request: StoreRequest) => Promise<StoreAnswer>;
  /** The store takes what devices say. */
  isHealthy: () => boolean;
  logger: Logger;
  /** Unix time, ms; and ms of a clock that nobody sets. */
  nowMs: () => number;
  elapsedMs: () => number;
  /** The clock is another one than it was. */
  onJump: () => void;
}

export class HealthDesk {
  readonly #options: HealthDeskOptions;
  #last: { nowMs: number; elapsedMs: number };
  #listeningMs: number;
  /** Due times are of a clock that may have been another one. */
  #isJump = true;
  #work: Promise<void> | undefined;
  #isStopped = false;

  constructor(options: HealthDeskOptions) {
    this.#options = options;
    this.#last = { nowMs: options.nowMs(), elapsedMs: options.elapsedMs() };
    this.#listeningMs = this.#last.nowMs;
  }

  get isIdle(): boolean {
    return this.#work === undefined;
  }

  /** Resolves when all that was due has been judged. */
  async settled(): Promise<void> {
    while (this.#work !== undefined) await this.#work;
  }

  stop(): void {
    this.#isStopped = true;
  }

  tick(): void {
    if (this.#isStopped) return;
    const { store, isHealthy, logger } = this.#options;
    this.#followClocks();
    if (!isHealthy()) {
      this.#listeningMs = this.#last.nowMs;
      return;
    }
    try {
      if (this.#isJump || store.isDue(this.#last.nowMs)) this.#work ??= this.#sweep();
    } catch (error) {
      logger.error({ error: describe(error) }, "the health of devices could not be looked at");
    }
  }

  #followClocks(): void {
    const now = { nowMs: this.#options.nowMs(), elapsedMs: this.#options.elapsedMs() };
    const passedMs = now.elapsedMs - this.#last.elapsedMs;
    const jumpMs = now.nowMs - this.#last.nowMs - passedMs;
    this.#last = now;
    if (Math.abs(jumpMs) > HEALTH_CLOCK_JUMP_MS) {
      this.#options.logger.warn({ jumpMs }, "the clock has jumped; nobody counts as silent for it");
      this.#isJump = true;
      this.#options.onJump();
    } else if (passedMs <= HEALTH_ABSENCE_MS) return;
    this.#listeningMs = now.nowMs;
  }

  async #sweep(): Promise<void> {
    const { request, logger } = this.#options;
    try {
      for (let more = true; more && !this.#isStopped; ) {
        const isJump = this.#isJump;
        const atMs = this.#last.nowMs;
        const answer = await request({ kind: "sweepHealth", atMs, listeningMs: this.#listeningMs, isJump });
        // What could not be done stays due.
        if (answer.outcome !== "done") break;
        if (isJump) this.#isJump = false;
        more = answer.isMore === true;
      }
    } catch (error) {
      logger.error({ error: describe(error) }, "the health of devices could not be judged; it is tried again");
    }
    this.#work = undefined;
  }
}
