/** What must hold at the end of every life, whatever was cut. */
import { CLOCK_ARRIVAL } from "../../server/ingest/senml-pack.ts";
import type { ServerState, StoredReading, Wrong, WrongKind } from "./server-state.ts";
import { compare, type Taken } from "./truth.ts";

/** As in test/programs/probe. */
const PROBE_STREAM = 0x5101;
/** Readings are stamped with whole seconds. */
const STAMP_MS = 1000;

export interface Figures {
  /** The goal was not reached, or did not outlast restarts: the board is of no use any more, or did not finish what it began. */
  bricks: number;
  /** Readings that the server had said it has, and has not. */
  lostAcked: number;
  /** Readings that the queue had said it holds, and that never came. */
  lostCommitted: number;
  /** Readings on the server twice, out of order, or never taken by the sensor. */
  duplicated: number;
  /** Other promises that were broken: WrongKind. */
  violations: number;
}

export interface Verdict extends Figures {
  /** What the violations were. */
  wrongs: string[];
}

export interface Outcome {
  isReached: boolean;
  server: ServerState;
  taken: readonly Taken[];
  wrongs: readonly Wrong[];
}

/** `mayDrop`: the queue may have been full. `allows`: what belongs to the scenario. */
export function judge(outcome: Outcome, mayDrop: boolean, allows: readonly WrongKind[]): Verdict {
  const { isReached, server, taken } = outcome;
  const stored = probeReadings(server);
  const { lost, strangers, places } = compare(
    taken,
    stored.map(({ value }) => value),
  );
  const dropped = mayDrop ? server.gaps.reduce((sum, { from, to }) => sum + to - from + 1, 0) : 0;
  const gaps = server.gaps.map(({ from, to }): Wrong => ({ kind: "gap", what: `${from} to ${to}` }));
  const wrongs = [...outcome.wrongs, ...(mayDrop ? [] : gaps)].filter(({ kind }) => !allows.includes(kind));
  if (strangers === 0) wrongs.push(...wrongTimes(taken, stored, places));
  return {
    bricks: isReached ? 0 : 1,
    lostAcked: countLostAcked(server),
    lostCommitted: Math.max(0, lost - dropped),
    duplicated: strangers,
    violations: wrongs.length,
    wrongs: wrongs.map(({ kind, what }) => `${kind}: ${what}`),
  };
}

export function isClean({ bricks, lostAcked, lostCommitted, duplicated, violations }: Figures): boolean {
  return bricks + lostAcked + lostCommitted + duplicated + violations === 0;
}

/** Those of the sensor's stream, in the order of the server's store; the session adds readings of its own. */
export function probeReadings(server: ServerState): StoredReading[] {
  return server.readings.filter(({ stream }) => stream === PROBE_STREAM);
}

/** `places`: where in `taken` each stored reading is. */
function wrongTimes(taken: readonly Taken[], stored: readonly StoredReading[], places: readonly number[]): Wrong[] {
  return stored.flatMap(({ timeMs, timeErrorS, clock }, index) => {
    const truth = taken[places[index] ?? -1];
    if (truth === undefined || timeErrorS === null || clock === CLOCK_ARRIVAL) return [];
    const errorMs = Math.abs(timeMs - truth.unixMs);
    if (errorMs <= timeErrorS * 1000 + STAMP_MS) return [];
    return [{ kind: "wrong time", what: `reading ${places[index]} by ${errorMs} ms, not within ${timeErrorS} s` }];
  });
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
