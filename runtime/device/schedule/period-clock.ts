/**
 * Cuts time into counting periods. Once the Unix time is known, periods end at its multiples, so that the minutes of
 * all counters of a shop are the same minutes; until then they are counted from the start. The period in which the
 * clock becomes known is a shorter one.
 */
import { Clock } from "../hal/clock.ts";

/** The clock shows whole seconds; in the last one before the end it is asked this often, milliseconds. */
const LAST_SECOND_STEP_MS: u32 = 200;

export class PeriodClock {
  private periodS: u32 = 60;
  private startedS: u32 = 0;
  /** Number of the present period since 1970; 0 = the clock was unknown so far. */
  private period: u32 = 0;

  begin(periodS: u32): void {
    this.periodS = periodS;
  }

  /** True once for each period that has ended. A clock that was set forward by many periods ends one. */
  ended(clock: Clock): bool {
    const unixS = clock.unixS;
    if (unixS == 0) {
      if (clock.uptimeS - this.startedS < this.periodS) return false;
      this.startedS = clock.uptimeS;
      return true;
    }
    const period = unixS / this.periodS;
    const before = this.period;
    // Set back by more than a second's correction: follow it, without an end.
    if (period > before || period + 1 < before) this.period = period;
    // The clock became known: had it been so before, a multiple passed since the period began would have ended it.
    if (before == 0) return unixS % this.periodS < clock.uptimeS - this.startedS;
    return period > before;
  }

  /** Milliseconds until the present period may have ended. */
  delayMs(clock: Clock): u32 {
    const unixS = clock.unixS;
    const passedS = unixS == 0 ? clock.uptimeS - this.startedS : unixS % this.periodS;
    const leftS = passedS < this.periodS ? this.periodS - passedS : 0;
    return leftS > 1 ? (leftS - 1) * 1000 : LAST_SECOND_STEP_MS;
  }
}
