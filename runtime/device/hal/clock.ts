/**
 * Time as a program sees it: milliseconds that wrap, uptime in seconds that does not (136 years), and Unix time once
 * the server has told it.
 */
import { clock_ms, clock_set, clock_unix } from "../imports/host.ts";

/** Milliseconds from `earlier` to `later`; right across the wrap for spans below 24 days, negative if not yet reached. */
export function elapsedMs(later: u32, earlier: u32): i32 {
  return <i32>(later - earlier);
}

export class Clock {
  /** Milliseconds at the last `update`; wraps at 2^32. */
  nowMs: u32 = 0;
  /** Seconds since the start, at the last `update`. */
  uptimeS: u32 = 0;
  private restMs: u32 = 0;

  /** Takes the time at the start of the program. */
  begin(): void {
    this.nowMs = clock_ms();
  }

  /** Takes the time. Must be called at least once in 49 days; every poll does. */
  update(): void {
    const now = clock_ms();
    const passedMs = this.restMs + (now - this.nowMs);
    this.nowMs = now;
    this.uptimeS += passedMs / 1000;
    this.restMs = passedMs % 1000;
  }

  /** Milliseconds from the last `update` until `uptimeS` is one more. */
  get untilSecondMs(): u32 {
    return 1000 - this.restMs;
  }

  /** Unix time, seconds; 0 = unknown. */
  get unixS(): u32 {
    return <u32>clock_unix();
  }

  /**
   * Takes the server's time, unless ours agrees with it: that second began up to a whole one ago, so ours may be one ahead;
   * a clock behind it is wrong.
   */
  set(unixS: u32): void {
    const difference = <i32>(this.unixS - unixS);
    if (difference < 0 || difference > 1) clock_set(unixS);
  }
}
