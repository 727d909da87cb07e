/**
 * Where a boot lies in time, so that uptimes of its readings become Unix times, or ages.
 *
 * The crystal of an ESP8266 is within 10 to 25 ppm; heat and age included, 100 ppm is safe.
 */
import { SENML_ABSOLUTE_TIME_MIN_S } from "../../contract/senml.ts";

const DRIFT_PPM: u32 = 100;
const MILLION: u32 = 1000000;

/** How far two clocks can drift apart in this time, seconds, rounded up. */
export function driftS(seconds: u32): u32 {
  const whole = seconds / MILLION;
  return whole * DRIFT_PPM + ((seconds % MILLION) * DRIFT_PPM + MILLION - 1) / MILLION;
}

export function distance(a: u32, b: u32): u32 {
  return a > b ? a - b : b - a;
}

export class BootTime {
  /** Unix time of the boot's start; 0 = there is no clock to tell it by, only `endS`. */
  startUnixS: u32 = 0;
  /** The present, as uptime of that boot: `endS - uptime` is the age of a reading. */
  endS: u32 = 0;
  /** The error is known: `errorS` at uptime `markS`, and drift with the distance to that. */
  hasError: bool = false;
  errorS: u32 = 0;
  markS: u32 = 0;
  /** The boot never learnt the time: it is placed between what came before and after. */
  isEstimated: bool = false;

  private begin(startUnixS: u32, isEstimated: bool): void {
    this.startUnixS = startUnixS >= <u32>SENML_ABSOLUTE_TIME_MIN_S ? startUnixS : 0;
    this.endS = 0;
    this.hasError = false;
    this.isEstimated = isEstimated;
  }

  private within(errorS: u32, markS: u32): void {
    this.hasError = true;
    this.errorS = errorS;
    this.markS = markS;
  }

  /** The present boot, by the clock at hand: `unixS` at uptime `nowS`. */
  present(unixS: u32, nowS: u32): void {
    this.begin(unixS > nowS ? unixS - nowS : 0, false);
    this.endS = nowS;
  }

  /** A boot whose start is known, within `errorS` for uptime `markS`. */
  known(startUnixS: u32, errorS: u32, markS: u32): void {
    this.begin(startUnixS, false);
    this.within(errorS, markS);
  }

  /** As `known`, for a boot that `present` has placed. */
  learnt(errorS: u32, markS: u32): void {
    if (this.startUnixS != 0) this.within(errorS, markS);
  }

  /**
   * A boot that never knew: it was over, `spanS` after its start, when the clock of a later one was at `highUnixS`, within
   * `highErrorS`; and it began after `lowUnixS`, 0 = not known. The middle is no further from the truth than half of the range.
   */
  between(lowUnixS: u32, highUnixS: u32, highErrorS: u32, spanS: u32): void {
    const latest = highUnixS > spanS ? highUnixS - spanS : 0;
    // With nothing before it, or clocks that contradict each other, right before what came after it.
    const isBounded = lowUnixS != 0 && lowUnixS <= latest;
    const half = isBounded ? (latest - lowUnixS + 1) / 2 : 0;
    this.begin(latest - half, true);
    if (isBounded) this.within(half + highErrorS + driftS(spanS) + 1, 0);
  }

  /** A boot that never knew, and no later one did: its start was at least `endS` ago. */
  before(endS: u32): void {
    this.begin(0, true);
    this.endS = endS;
  }

  /** Largest error of a time at this uptime, seconds, when `hasError`. */
  errorAt(uptimeS: u32): u32 {
    return this.errorS + driftS(distance(uptimeS, this.markS));
  }
}
