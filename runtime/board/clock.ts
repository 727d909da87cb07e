/**
 * The clock of a board: milliseconds since its last start, wrapping at 2^32 (49.7 days) as on the chip, and the Unix time
 * that the program has set. The chip has no battery: a start forgets the Unix time. The crystal of a real board is off by some
 * parts per million, and so may this clock be.
 *
 * Some host functions take time (`spend`), while the time source stands still: then the clock goes ahead of it, and stands
 * still in turn until the source has caught up. It never goes back, and is never ahead between polls (device-life.ts waits).
 */
import type { TimeSource } from "./time-source.ts";

const US_PER_MS = 1000;

export class Clock {
  readonly #time: TimeSource;
  readonly #offsetMs: number;
  /** Milliseconds that this clock counts in a true one. */
  readonly #rate: number;
  #startMs: number;
  /** Of the time source: when the host functions called so far are over. */
  #busyUntilMs = 0;
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
    this.#busyUntilMs = 0;
    this.#unixSetS = 0;
  }

  /** A host function has taken this long. */
  spend(us: number): void {
    this.#busyUntilMs = this.#nowMs() + us / US_PER_MS;
  }

  /** How long the time source is still behind. */
  get aheadMs(): number {
    return Math.max(0, this.#busyUntilMs - this.#time.nowMs());
  }

  /** Microseconds of the time source, with those that this call has taken so far: what happens on a wire counts in them. */
  us(): number {
    return this.#nowMs() * US_PER_MS;
  }

  ms(): number {
    return (Math.floor((this.#nowMs() - this.#startMs) * this.#rate) + this.#offsetMs) >>> 0;
  }

  /** Seconds, unsigned 32 bits (until 2106); 0 = unknown. */
  unixS(): number {
    if (this.#unixSetS === 0) return 0;
    return (this.#unixSetS + Math.floor(((this.#nowMs() - this.#unixSetAtMs) * this.#rate) / 1000)) >>> 0;
  }

  /** How long a time of this clock truly takes. */
  trueMs(ms: number): number {
    return ms / this.#rate;
  }

  setUnixS(unixS: number): void {
    this.#unixSetS = unixS >>> 0;
    this.#unixSetAtMs = this.#nowMs();
  }

  #nowMs(): number {
    return Math.max(this.#time.nowMs(), this.#busyUntilMs);
  }
}
