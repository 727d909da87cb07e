/** How far the stored times are from the truth, and from what they say of themselves. */
import { CLOCK_ARRIVAL, CLOCK_ESTIMATED } from "../../server/ingest/senml-pack.ts";
import type { Placed } from "./delivery.ts";

export interface ClockFigures {
  /** Part of the stored readings that tell how wrong their time may be. */
  clockBounded: number;
  /** Readings that are further from the truth than they tell. */
  clockBoundViolations: number;
  /** By how much, at the most. */
  clockViolationMaxS: number;
  /** Distance from the truth, of readings that tell a bound. */
  clockErrorMaxS: number;
  clockErrorMedianS: number;
  /** What they tell. */
  clockStatedMaxS: number;
  clockStatedMedianS: number;
  /** Readings of starts that never learnt the time, and are placed between what came before and after. */
  clockEstimated: number;
  /** As above, without these. */
  clockKnownErrorMaxS: number;
  clockKnownStatedMaxS: number;
  /** Readings that the server stamped. */
  clockArrival: number;
}

export function clockFiguresOf(placed: readonly Placed[]): ClockFigures {
  const bounded = placed.flatMap(({ reading, given }) => {
    if (reading.errorS === null) return [];
    const errorS = Math.abs(reading.timeMs - given.unixMs) / 1000;
    return [{ errorS, statedS: reading.errorS, isEstimated: reading.clock === CLOCK_ESTIMATED }];
  });
  const known = bounded.filter(({ isEstimated }) => !isEstimated);
  const violations = bounded.filter(({ errorS, statedS }) => errorS > statedS);
  const errors = bounded.map(({ errorS }) => errorS);
  const stated = bounded.map(({ statedS }) => statedS);
  return {
    clockBounded: placed.length === 0 ? 0 : bounded.length / placed.length,
    clockBoundViolations: violations.length,
    clockViolationMaxS: maxOf(violations.map(({ errorS, statedS }) => errorS - statedS)),
    clockErrorMaxS: maxOf(errors),
    clockErrorMedianS: medianOf(errors),
    clockStatedMaxS: maxOf(stated),
    clockStatedMedianS: medianOf(stated),
    clockEstimated: placed.filter(({ reading }) => reading.clock === CLOCK_ESTIMATED).length,
    clockKnownErrorMaxS: maxOf(known.map(({ errorS }) => errorS)),
    clockKnownStatedMaxS: maxOf(known.map(({ statedS }) => statedS)),
    clockArrival: placed.filter(({ reading }) => reading.clock === CLOCK_ARRIVAL).length,
  };
}

function maxOf(values: readonly number[]): number {
  return values.reduce((max, value) => Math.max(max, value), 0);
}

function medianOf(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
