/**
 * What becomes of a pack, from the watermark alone: the rule that makes delivery exactly once.
 *
 * The watermark of a (device, epoch) is the highest sequence number up to which everything was accepted or is known to
 * be gone. It is stored in the transaction that stores the readings, so it cannot disagree with them, whatever dies.
 * Sequence numbers are 32 bits and do not wrap; a device starts a new epoch long before.
 */
export interface Verdict {
  /** Readings at the start of the pack that are at or below the watermark: stored before, not again. */
  duplicates: number;
  /** Readings after those that are to be stored. */
  accepted: number;
  /** What the device has dropped for good, inclusive bounds, or null. */
  gap: { from: number; to: number } | null;
  /** Something between the watermark and this pack was lost on the way: store nothing, let the device send it again. */
  isLostInTransit: boolean;
  /** The watermark afterwards. */
  watermark: number;
}

export function judgePack(watermark: number, first: number, count: number, oldestHeld: number): Verdict {
  let reached = watermark;
  let gap: Verdict["gap"] = null;
  if (first > reached + 1 && oldestHeld > reached + 1) {
    gap = { from: reached + 1, to: oldestHeld - 1 };
    reached = oldestHeld - 1;
  }
  if (first > reached + 1) return { duplicates: 0, accepted: 0, gap, isLostInTransit: true, watermark: reached };
  const duplicates = Math.min(count, reached - first + 1);
  const last = first + count - 1;
  return {
    duplicates,
    accepted: count - duplicates,
    gap,
    isLostInTransit: false,
    watermark: Math.max(reached, last),
  };
}

/**
 * The same for readings that are numbered with gaps, as those of an IOTile streamer: their ids rise, what is left out is no loss,
 * and nothing is known of what comes after a loss in transit, so whoever sends them waits for each answer.
 */
export function judgeIds(watermark: number, risingIds: readonly number[]): Pick<Verdict, "duplicates" | "watermark"> {
  const above = risingIds.findIndex((id) => id > watermark);
  const duplicates = above < 0 ? risingIds.length : above;
  return { duplicates, watermark: Math.max(watermark, risingIds.at(-1) ?? 0) };
}
