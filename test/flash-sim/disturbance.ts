/** What may happen to a cable: noise on its bytes, or somebody pulls it. */
import type { RandomSource } from "../../runtime/board/random.ts";

export interface Disturbance {
  /** What becomes of a byte; undefined: it is lost. */
  disturb: (byte: number) => number | undefined;
  /** The cable is good again. */
  mend: () => void;
}

/** One byte in `oneIn` has a bit turned over. */
export function noise(random: RandomSource, oneIn: number): Disturbance {
  let isGood = false;
  return {
    disturb: (byte) => (isGood || random.integer(1, oneIn) > 1 ? byte : byte ^ (1 << random.integer(0, 7))),
    mend: () => {
      isGood = true;
    },
  };
}

/** Nothing passes any more after so many bytes, both ways together. */
export function pull(afterBytes: number): Disturbance {
  let left = afterBytes;
  return {
    disturb: (byte) => (--left < 0 ? undefined : byte),
    mend: () => {
      left = Number.POSITIVE_INFINITY;
    },
  };
}
