/**
 * How a device fares, from what is known of it: no clock, no database. Of two limits each value is on one side: failed, else
 * warning, else normal; there is no hole. A level that was reached is left only when the value is better than its limit by a
 * margin, so that a value on the edge does not flap; silence ends when the device is heard, and not before.
 */
import type { HealthPolicy, Limits } from "./health-policy.ts";
import { type Finding, Health, REASONS, type Reason } from "./health-states.ts";
import type { HoursState } from "./open-hours.ts";

export interface HealthFacts {
  atMs: number;
  /** When it was heard last. */
  heardMs: number;
  /** It has been heard since it was judged last. */
  isHeardAnew: boolean;
  /** Since when somebody would have heard it: the server's start, or the end of a jump of its clock. */
  listeningMs: number;
  hours: HoursState;
  /** In the last 24 hours. */
  restarts: number;
  /** Null: not told. */
  freeBytes: number | null;
  rssiDbm: number | null;
  queued: number | null;
  /** Since when it has stamped nothing by a clock; null: it has one. */
  clocklessMs: number | null;
}

export interface Verdict {
  state: Health;
  findings: Finding[];
  /** When it is to be looked at again though nothing is heard. */
  dueMs: number;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** Nobody is left alone for longer, so that a due time that a wrong clock has made does not last. */
export const LOOK_AGAIN_MAX_MS = HOUR_MS;

interface Measure {
  value: (facts: HealthFacts) => number | null;
  /** Is it so bad? */
  isOver: (value: number, limit: number) => boolean;
  /** The limit for what has been over it: it has to be left by this. */
  relax: (limit: number) => number;
}

const above = (value: number, limit: number) => value >= limit;
const below = (value: number, limit: number) => value < limit;

const MEASURES: Record<Reason, Measure> = {
  silence: { value: silentMin, isOver: above, relax: (limit) => limit },
  restarts: { value: ({ restarts }) => restarts, isOver: above, relax: (limit) => limit * 0.75 },
  memory: { value: ({ freeBytes }) => freeBytes, isOver: below, relax: (limit) => limit + 64 },
  signal: { value: ({ rssiDbm }) => rssiDbm, isOver: below, relax: (limit) => limit + 3 },
  queue: { value: ({ queued }) => queued, isOver: above, relax: (limit) => limit * 0.9 },
  clock: { value: clocklessMin, isOver: above, relax: (limit) => limit },
};

export function judge(facts: HealthFacts, policy: HealthPolicy, before: readonly Finding[]): Verdict {
  const findings: Finding[] = [];
  for (const reason of REASONS) {
    const value = MEASURES[reason].value(facts);
    const former = before.find((one) => one.reason === reason);
    const level = levelOf(reason, value, facts, policy[reason], former?.level ?? Health.Normal);
    // What stays as it is keeps the value that it was found with, so that nothing is written.
    if (level === former?.level) findings.push(former);
    else if (level !== Health.Normal) findings.push({ reason, level, value: Math.round((value ?? 0) * 10) / 10 });
  }
  const state = findings.reduce<Health>((worst, { level }) => Math.max(worst, level), Health.Normal);
  return { state, findings, dueMs: dueOf(facts, policy) };
}

function levelOf(reason: Reason, value: number | null, facts: HealthFacts, limits: Limits, former: Health): Health {
  if (value === null) return Health.Normal;
  const { isOver, relax } = MEASURES[reason];
  const level = side(value, limits, isOver);
  if (reason === "silence") {
    const isAsked = limits.warning !== null || limits.failed !== null;
    return facts.isHeardAnew || !isAsked ? level : Math.max(level, former);
  }
  if (level >= former) return level;
  const relaxed = { warning: relaxedLimit(limits.warning, relax), failed: relaxedLimit(limits.failed, relax) };
  return Math.min(former, side(value, relaxed, isOver));
}

function relaxedLimit(limit: number | null, relax: (limit: number) => number): number | null {
  return limit === null ? null : relax(limit);
}

function side(value: number, { warning, failed }: Limits, isOver: Measure["isOver"]): Health {
  if (failed !== null && isOver(value, failed)) return Health.Failed;
  return warning !== null && isOver(value, warning) ? Health.Warning : Health.Normal;
}

/** From when on silence counts: nobody is silent while nobody listens, or while the shop is closed. */
function silentFromMs({ atMs, heardMs, listeningMs, hours }: HealthFacts): number {
  // Heard in the future: a clock was set back since.
  const known = heardMs <= atMs ? heardMs : listeningMs;
  return Math.min(atMs, Math.max(known, listeningMs, hours.sinceMs ?? known));
}

function silentMin(facts: HealthFacts): number {
  return facts.hours.isOpen ? (facts.atMs - silentFromMs(facts)) / MINUTE_MS : 0;
}

function clocklessMin({ atMs, clocklessMs }: HealthFacts): number {
  return clocklessMs === null ? 0 : Math.max(0, atMs - clocklessMs) / MINUTE_MS;
}

function dueOf(facts: HealthFacts, policy: HealthPolicy): number {
  const { atMs, hours, clocklessMs } = facts;
  const times = [atMs + LOOK_AGAIN_MAX_MS];
  const add = (fromMs: number, { warning, failed }: Limits) => {
    for (const limit of [warning, failed]) if (limit !== null) times.push(fromMs + limit * MINUTE_MS);
  };
  if (hours.isOpen) add(silentFromMs(facts), policy.silence);
  if (clocklessMs !== null) add(clocklessMs, policy.clock);
  if (hours.untilMs !== null) times.push(hours.untilMs);
  return Math.min(...times.filter((time) => time > atMs));
}

/**
 * Starts in the last 24 hours, from what days of UTC count: those of today, and of yesterday the part that is still within. It
 * falls evenly, without a step at midnight.
 */
export function restartsOfDay(atMs: number, today: number, yesterday: number): number {
  return today + yesterday * (1 - (atMs % DAY_MS) / DAY_MS);
}
