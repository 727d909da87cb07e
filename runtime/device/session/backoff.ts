/**
 * Waits between attempts to connect: doubled each time up to a maximum, and half of each wait is random, so that the
 * boards of a shop do not all come back at once.
 */
import { RECONNECT_MAX_MS, RECONNECT_MIN_MS } from "../../contract/limits.ts";
import { randomBelow } from "../hal/chance.ts";

export class Backoff {
  private nextMs: u32 = RECONNECT_MIN_MS;
  /** A wait that the server asked for; counts for the next attempt only. */
  private askedMs: u32 = 0;

  /** A connection worked: begin again with short waits. */
  reset(): void {
    this.nextMs = RECONNECT_MIN_MS;
  }

  /** The server names a delay: the next wait is a random time below it, on top of the least wait. */
  ask(delayMs: u32): void {
    this.askedMs = min<u32>(delayMs, RECONNECT_MAX_MS);
  }

  /** How long to wait before the next attempt, milliseconds. */
  waitMs(): u32 {
    const wholeMs = this.nextMs;
    this.nextMs = min<u32>(wholeMs * 2, RECONNECT_MAX_MS);
    const askedMs = this.askedMs;
    this.askedMs = 0;
    return wholeMs / 2 + randomBelow(wholeMs / 2 + 1) + randomBelow(askedMs);
  }
}
