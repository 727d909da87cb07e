/**
 * How many requests somebody may make: a bucket of so many, which fills again by so many a second. Kept as the time that it takes
 * until it is full. Bounded: who was quiet for longest is forgotten first, and begins with a full bucket, as he would have had.
 */
import { RATES_KEPT_MAX } from "../limits.ts";

export interface Rate {
  burst: number;
  perS: number;
}

export class RequestRate {
  /** When the bucket is full, by whose it is. */
  readonly #fullMs = new Map<string, number>();

  /** Takes one; else says in how many milliseconds there is one. */
  take(key: string, { burst, perS }: Rate, nowMs: number): number {
    const oneMs = 1000 / perS;
    const fullMs = Math.max(this.#fullMs.get(key) ?? nowMs, nowMs);
    const waitMs = Math.max(0, fullMs + oneMs - (nowMs + burst * oneMs));
    // At the end again: the first one is the one that was quiet for longest.
    this.#fullMs.delete(key);
    this.#fullMs.set(key, waitMs === 0 ? fullMs + oneMs : fullMs);
    if (this.#fullMs.size > RATES_KEPT_MAX) {
      const [oldest = key] = this.#fullMs.keys();
      this.#fullMs.delete(oldest);
    }
    return Math.ceil(waitMs);
  }
}
