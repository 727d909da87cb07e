/**
 * Sees to levels of configuration that have changed: has the store resolve the devices below, some at a time, and tells those that
 * are connected. What is still to be done is in the store, so a start goes on where a stop was. A step that has changed as many
 * devices as one may is the last until the next tick: they restart, and not all shops at once.
 */
import { describe } from "../errors.ts";
import { CONFIG_STEP_CHANGES } from "../limits.ts";
import type { Logger } from "../logger.ts";
import type { StoreAnswer, StoreRequest } from "../updates/store-requests.ts";
import type { ConfigLevelRequest } from "./config-levels.ts";
import type { OrdersDue } from "./order-requests.ts";

export interface ConfigDeskOptions {
  isSweepDue: () => boolean;
  request: (request: StoreRequest) => Promise<StoreAnswer>;
  send: (due: OrdersDue) => void;
  logger: Logger;
  nowMs: () => number;
}

export class ConfigDesk {
  readonly #options: ConfigDeskOptions;
  #work: Promise<void> | undefined;
  #isStopped = false;

  constructor(options: ConfigDeskOptions) {
    this.#options = options;
  }

  get isIdle(): boolean {
    return this.#work === undefined;
  }

  /** Resolves when the steps that are under way have been taken. */
  async settled(): Promise<void> {
    while (this.#work !== undefined) await this.#work;
  }

  stop(): void {
    this.#isStopped = true;
  }

  tick(): void {
    try {
      if (!this.#isStopped && this.#options.isSweepDue()) this.#work ??= this.#goOn();
    } catch (error) {
      this.#options.logger.error({ error: describe(error) }, "levels of configuration could not be looked at");
    }
  }

  async change(request: Extract<ConfigLevelRequest, { kind: "setConfigLevel" }>): Promise<StoreAnswer> {
    const answer = await this.#options.request(request);
    if (answer.outcome === "done") this.tick();
    return answer;
  }

  async #goOn(): Promise<void> {
    const { request, send, nowMs, logger } = this.#options;
    try {
      for (let isMore = true; isMore && !this.#isStopped; ) {
        const answer = await request({ kind: "sweepConfigs", atMs: nowMs() });
        for (const due of answer.swept?.orders ?? []) send(due);
        // What could not be done stays to be done in the store.
        isMore = answer.isMore === true && (answer.swept?.changes ?? 0) < CONFIG_STEP_CHANGES;
      }
    } catch (error) {
      logger.error({ error: describe(error) }, "devices could not be resolved anew; it is tried again");
    }
    this.#work = undefined;
  }
}
