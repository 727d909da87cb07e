/**
 * How fast images may leave, each with all its downloads together. A bucket of one second: whatever is asked for while it is
 * not empty goes out whole, and what that was too much is made up for before the next.
 */
export class DownloadRates {
  readonly #nowMs: () => number;
  #buckets = new Map<string, { bytesPerS: number; bytes: number; atMs: number }>();

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** Bytes a second by image; others are not limited. */
  set(rates: ReadonlyMap<string, number>): void {
    const before = this.#buckets;
    this.#buckets = new Map();
    for (const [image, bytesPerS] of rates) {
      const { bytes, atMs } = before.get(image) ?? { bytes: bytesPerS, atMs: this.#nowMs() };
      this.#buckets.set(image, { bytesPerS, bytes, atMs });
    }
  }

  isLimited(image: string): boolean {
    return this.#buckets.has(image);
  }

  /** False: not now. */
  take(image: string, bytes: number): boolean {
    const bucket = this.#buckets.get(image);
    if (bucket === undefined) return true;
    const nowMs = this.#nowMs();
    const passedMs = Math.max(0, nowMs - bucket.atMs);
    bucket.bytes = Math.min(bucket.bytesPerS, bucket.bytes + (passedMs * bucket.bytesPerS) / 1000);
    bucket.atMs = nowMs;
    if (bucket.bytes <= 0) return false;
    bucket.bytes -= bytes;
    return true;
  }
}
