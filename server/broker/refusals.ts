/**
 * What was refused: counted each time by its reason, and written to the log once for each client and reason in an hour, so that a
 * device that tries for ever neither hides nor fills the disk.
 */
import { REFUSALS_KNOWN_MAX } from "../limits.ts";
import type { LimitedLog } from "../logger.ts";
import type { Metrics } from "../metrics.ts";

const HOUR_MS = 3_600_000;

export class Refusals {
  readonly #metrics: Metrics;
  readonly #log: LimitedLog;
  readonly #nowMs: () => number;
  /** When it was last written, by client and reason. */
  readonly #told = new Map<string, number>();

  constructor(metrics: Metrics, log: LimitedLog, nowMs: () => number) {
    this.#metrics = metrics;
    this.#log = log;
    this.#nowMs = nowMs;
  }

  note(reason: string, client: string, fields: object = {}): void {
    this.#metrics.refused.inc({ reason });
    const key = `${reason} ${client}`;
    const nowMs = this.#nowMs();
    const toldMs = this.#told.get(key);
    if (toldMs !== undefined && nowMs - toldMs < HOUR_MS) return;
    if (this.#told.size >= REFUSALS_KNOWN_MAX) this.#told.clear();
    this.#told.set(key, nowMs);
    this.#log.warn({ reason, client, ...fields }, "refused");
  }
}
