/**
 * The clock of a board: milliseconds since its last start, wrapping at 2^32 (49.7 days) as on the chip, and the Unix time
 * that the program has set. The chip has no battery: a start forgets the Unix time. The crystal of a real board is off by some
 * parts per million, and so may this clock be.
 */
import type { TimeSource } from "./time-source.ts";

export class Clock {
  readonly #time: TimeSource;
  readonly #offsetMs: number;
  /** Milliseconds that this clock counts in a true one. */
  readonly #rate: number;
  #startMs: number;
  #unixSetS = 0;
  #unixSetAtMs = 0;

  /** `offsetMs` is what `ms` shows at each start: tests put it just below the wrap. */
  constructor(time: TimeSource, offsetMs = 0, ppm = 0) {
    this.#time = time;
    this.#offsetMs = offsetMs;
    this.#rate = 1 + ppm / 1e6;
    this.#startMs = time.nowMs();
  }

  start(): void {
    this.#startMs = this.#time.nowMs();
    this.#unixSetS = 0;
  }

  ms(): number {
    return (Math.floor((this.#time.nowMs() - this.#startMs) * this.#rate) + this.#offsetMs) >>> 0;
  }

  /** Seconds, unsigned 32 bits (until 2106); 0 = unknown. */
  unixS(): number {
    if (this.#unixSetS === 0) return 0;
    return (this.#unixSetS + Math.floor(((this.#time.nowMs() - this.#unixSetAtMs) * this.#rate) / 1000)) >>> 0;
  }

  /** How long a time of this clock truly takes. */
  trueMs(ms: number): number {
    return ms / this.#rate;
  }

  setUnixS(unixS: number): void {
    this.#unixSetS = unixS >>> 0;
    this.#unixSetAtMs = this.#time.nowMs();
  }
}
