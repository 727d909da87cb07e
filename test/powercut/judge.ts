/** What must hold at the end of every life, whatever was cut. */
import type { ServerState } from "./model-server.ts";
import { compare, type Taken } from "./truth.ts";

/** As in test/programs/probe. */
const PROBE_STREAM = 0x5101;

export interface Verdict {
  /** The goal was not reached: the board is of no use any more, or did not finish what it began. */
  bricks: number;
  /** Readings that the server had said it has, and has not. */
  lostAcked: number;
  /** Readings that the queue had said it holds, and that never came. */
  lostCommitted: number;
  /** Readings on the server twice, out of order, or never taken by the sensor. */
  duplicated: number;
}

export function judge(isReached: boolean, server: ServerState, taken: readonly Taken[], mayDrop: boolean): Verdict {
  const { lost, strangers } = compare(taken, probeReadings(server));
  const dropped = mayDrop ? server.gaps.reduce((sum, { from, to }) => sum + to - from + 1, 0) : 0;
  return {
    bricks: isReached ? 0 : 1,
    lostAcked: countLostAcked(server),
    lostCommitted: Math.max(0, lost - dropped),
    duplicated: strangers,
  };
}

export function isClean({ bricks, lostAcked, lostCommitted, duplicated }: Verdict): boolean {
  return bricks + lostAcked + lostCommitted + duplicated === 0;
}

/** Values of the sensor's stream, in the order of the server's store; the session adds readings of its own. */
export function probeReadings(server: ServerState): number[] {
  return server.readings.filter(({ stream }) => stream === PROBE_STREAM).map(({ value }) => value);
}

function countLostAcked(server: ServerState): number {
  let lost = 0;
  for (const [epoch, acknowledged] of server.acknowledged) {
    const stored = new Set(server.readings.filter((r) => r.epoch === epoch).map(({ sequence }) => sequence));
    const gaps = server.gaps.filter((gap) => gap.epoch === epoch);
    for (let sequence = 1; sequence <= acknowledged; sequence++) {
      if (!stored.has(sequence) && !gaps.some(({ from, to }) => sequence >= from && sequence <= to)) lost++;
    }
  }
  return lost;
}
