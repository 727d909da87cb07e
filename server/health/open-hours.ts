/**
 * Are devices expected to be there, and since when? Found once for each schedule and kept until it changes, for a step through a
 * week of local time takes milliseconds and thousands of devices share a schedule.
 */
import { HEALTH_SCHEDULES_MAX } from "../limits.ts";
import { isWithin, nextChangeMs } from "../rollouts/windows.ts";
import type { HealthHours } from "./health-policy.ts";

export interface HoursState {
  isOpen: boolean;
  /** Since when it is so; null: for a week at least. */
  sinceMs: number | null;
  /** Until when; null: no end within a week. */
  untilMs: number | null;
}

const ALWAYS: HoursState = { isOpen: true, sinceMs: null, untilMs: null };
const STEP_MS = 15 * 60_000;
const WEEK_STEPS = (8 * 86_400_000) / STEP_MS;

export class HoursClock {
  readonly #known = new Map<string, HoursState & { fromMs: number; toMs: number }>();

  at(hours: HealthHours | null, atMs: number): HoursState {
    if (hours === null || hours.windows.length === 0) return ALWAYS;
    const key = JSON.stringify(hours);
    const known = this.#known.get(key);
    if (known !== undefined && atMs >= known.fromMs && atMs < known.toMs) return known;
    const state = stateAt(hours, atMs);
    if (this.#known.size >= HEALTH_SCHEDULES_MAX) this.#known.clear();
    this.#known.set(key, { ...state, fromMs: atMs, toMs: state.untilMs ?? atMs + STEP_MS });
    return state;
  }
}

export function stateAt(hours: HealthHours, atMs: number): HoursState {
  const isOpen = isWithin(hours, atMs);
  let sinceMs: number | null = null;
  for (let steps = 1; steps <= WEEK_STEPS && sinceMs === null; steps++) {
    const beforeMs = atMs - steps * STEP_MS;
    if (isWithin(hours, beforeMs) !== isOpen) sinceMs = nextChangeMs(hours, beforeMs);
  }
  return { isOpen, sinceMs, untilMs: nextChangeMs(hours, atMs) };
}
