/** When things happen, and for how long. */
import type { RandomSource } from "../../runtime/board/random.ts";
import type { TimeSource } from "../../runtime/board/time-source.ts";

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

export interface RandomTimes {
  /** On the mean. */
  everyMs: number;
  /** None is at or after this time of the source. */
  endMs: number;
  random: RandomSource;
}

/** Short ones are as likely as long ones: from half a second to one, or from half an hour to one. */
export function drawOctave(random: RandomSource, [min, max]: readonly [number, number]): number {
  return Math.round(min * (max / min) ** random.fraction());
}

/** As many in any hour, whatever happened before. */
export function repeatAtRandom(
  time: TimeSource,
  { everyMs, endMs, random }: RandomTimes,
  act: (random: RandomSource) => void,
): void {
  const next = () => {
    const delayMs = Math.round(-Math.log(1 - random.fraction()) * everyMs);
    if (time.nowMs() + delayMs >= endMs) return;
    time.at(delayMs, () => {
      act(random);
      next();
    });
  };
  next();
}
