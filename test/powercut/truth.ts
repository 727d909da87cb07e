/** What a sensor gave, in order, and how a server's store compares with it. */
export interface Taken {
  value: number;
  /** The queue has said that it holds it. */
  isCommitted: boolean;
  /** When it was taken, Unix ms of the simulation. */
  unixMs: number;
}

export interface Comparison {
  /** Committed, older than the newest one stored, and not stored. */
  lost: number;
  /** Stored twice, out of order, or never taken. */
  strangers: number;
  /** Index in `taken` of each stored reading that is no stranger. */
  places: number[];
}

/**
 * Walks along both lists: what is stored must be a part of what was taken, in its order. Values may repeat by chance; a
 * stored one is taken for the next equal one of the sensor's.
 */
export function compare(taken: readonly Taken[], stored: readonly number[]): Comparison {
  const places: number[] = [];
  let lost = 0;
  let strangers = 0;
  let next = 0;
  for (const value of stored) {
    let at = next;
    while (at < taken.length && taken[at]?.value !== value) at++;
    if (at === taken.length) {
      strangers++;
      continue;
    }
    for (let skipped = next; skipped < at; skipped++) if (taken[skipped]?.isCommitted === true) lost++;
    places.push(at);
    next = at + 1;
  }
  return { lost, strangers, places };
}

/** Hears a probe program (test/programs/probe) say what it takes and what its queue holds. */
export function hearProbe(taken: Taken[], text: string, unixMs: number): void {
  if (text.startsWith("take ")) taken.push({ value: Number(text.slice(5)), isCommitted: false, unixMs });
  const last = taken.at(-1);
  if (text.startsWith("have ") && last !== undefined) taken[taken.length - 1] = { ...last, isCommitted: true };
}
