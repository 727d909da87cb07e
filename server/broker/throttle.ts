/**
 * How fast one client may talk: two token buckets, of packets and of bytes. Whoever is above is not read for as long as it takes,
 * so that TCP slows him; who goes on like that for FLOOD_MAX_MS is no device of ours.
 */
export interface Rate {
  perSecond: number;
  burst: number;
}

export interface ClientRates {
  packets: Rate;
  bytes: Rate;
}

class Bucket {
  readonly #rate: Rate;
  #tokens: number;

  constructor(rate: Rate) {
    this.#rate = rate;
    this.#tokens = rate.burst;
  }

  get isFull(): boolean {
    return this.#tokens >= this.#rate.burst;
  }

  /** Until it is not below zero, milliseconds. */
  get waitMs(): number {
    return this.#tokens >= 0 ? 0 : (-this.#tokens * 1000) / this.#rate.perSecond;
  }

  fill(elapsedMs: number): void {
    const { perSecond, burst } = this.#rate;
    this.#tokens = Math.min(burst, this.#tokens + (perSecond * elapsedMs) / 1000);
  }

  take(count: number): void {
    this.#tokens -= count;
  }
}

export class Throttle {
  readonly #packets: Bucket;
  readonly #bytes: Bucket;
  readonly #elapsedMs: () => number;
  #filledMs: number;
  /** Since when it has been above without a pause. */
  #aboveSinceMs: number | null = null;

  constructor(rates: ClientRates, elapsedMs: () => number) {
    this.#packets = new Bucket(rates.packets);
    this.#bytes = new Bucket(rates.bytes);
    this.#elapsedMs = elapsedMs;
    this.#filledMs = elapsedMs();
  }

  take(packets: number, bytes: number): void {
    this.#fill();
    this.#packets.take(packets);
    this.#bytes.take(bytes);
  }

  /** How long it is not to be read from now on, milliseconds. */
  waitMs(): number {
    this.#fill();
    const waitMs = Math.max(this.#packets.waitMs, this.#bytes.waitMs);
    if (waitMs > 0) this.#aboveSinceMs ??= this.#elapsedMs();
    return waitMs;
  }

  /** It has been slowed for so long, milliseconds. */
  get aboveMs(): number {
    return this.#aboveSinceMs === null ? 0 : this.#elapsedMs() - this.#aboveSinceMs;
  }

  #fill(): void {
    const nowMs = this.#elapsedMs();
    this.#packets.fill(nowMs - this.#filledMs);
    this.#bytes.fill(nowMs - this.#filledMs);
    this.#filledMs = nowMs;
    if (this.#packets.isFull && this.#bytes.isFull) this.#aboveSinceMs = null;
  }
}
