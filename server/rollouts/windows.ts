/**
 * Windows of time, in the time of a zone: what a shop's clock shows counts, also on the days when it is put forward or back. The
 * zones are those of Node's own ICU (ECMA-402, Intl.DateTimeFormat).
 */
import type { TimeWindow } from "./rollout-plan.ts";

const MINUTE_MS = 60_000;
const HOUR_MIN = 60;
const DAY_MIN = 24 * HOUR_MIN;
/** Every zone's offset is a multiple of this; windows begin and end at whole minutes. */
const STEP_MS = 15 * MINUTE_MS;
/** A window comes round within a week, and an hour for clocks that are put forward over it. */
const SEARCH_MAX_STEPS = (8 * DAY_MIN * MINUTE_MS) / STEP_MS;
const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

export interface WindowPlan {
  zone: string;
  windows: readonly TimeWindow[];
}

export function isZone(zone: string): boolean {
  try {
    formatOf(zone);
    return true;
  } catch {
    return false;
  }
}

export function isWithin({ zone, windows }: WindowPlan, nowMs: number): boolean {
  if (windows.length === 0) return true;
  const { day, minute } = localTime(zone, nowMs);
  return windows.some(({ days, fromMin, toMin }) => {
    if (fromMin < toMin) return days.includes(day) && minute >= fromMin && minute < toMin;
    const before = (day + DAYS.length - 1) % DAYS.length;
    return (days.includes(day) && minute >= fromMin) || (days.includes(before) && minute < toMin);
  });
}

/** When a window opens, or the one that is open closes; null: never. */
export function nextChangeMs(plan: WindowPlan, nowMs: number): number | null {
  if (plan.windows.length === 0) return null;
  const isNow = isWithin(plan, nowMs);
  let beforeMs = nowMs;
  let atMs = Math.floor(nowMs / STEP_MS) * STEP_MS + STEP_MS;
  for (let steps = 0; steps < SEARCH_MAX_STEPS; steps++) {
    if (isWithin(plan, atMs) !== isNow) return exact(plan, isNow, beforeMs, atMs);
    beforeMs = atMs;
    atMs += STEP_MS;
  }
  return null;
}

/** The first whole minute in (beforeMs, afterMs] at which it is no more as it was. */
function exact(plan: WindowPlan, wasOpen: boolean, beforeMs: number, afterMs: number): number {
  let atMs = Math.floor(beforeMs / MINUTE_MS) * MINUTE_MS + MINUTE_MS;
  while (atMs < afterMs && isWithin(plan, atMs) === wasOpen) atMs += MINUTE_MS;
  return Math.min(atMs, afterMs);
}

function localTime(zone: string, nowMs: number): { day: number; minute: number } {
  const parts = Object.fromEntries(
    formatOf(zone)
      .formatToParts(nowMs)
      .map(({ type, value }) => [type, value]),
  );
  return {
    day: DAYS.indexOf(parts.weekday ?? ""),
    minute: Number(parts.hour) * HOUR_MIN + Number(parts.minute),
  };
}

const formats = new Map<string, Intl.DateTimeFormat>();
/** There are some 600 names; whoever makes plans cannot make more. */
function formatOf(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      weekday: "short",
      hour: "2-digit",
      minute: "2-digit",
      hourCycle: "h23",
    });
    formats.set(zone, format);
  }
  return format;
}
