/**
 * Where the buckets of an answer begin and end. Days are those of a time zone (IANA, through Intl), so a day may have 23 or 25
 * hours; shorter steps count from the beginning of their day, several days from 1970-01-01.
 */
const SECOND_MS = 1000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
const UNIT_MS: Record<string, number> = { s: SECOND_MS, m: MINUTE_MS, h: HOUR_MS, d: DAY_MS };
const NAMED_MS: Record<string, number> = { minute: MINUTE_MS, hour: HOUR_MS, day: DAY_MS };
/** What `auto` takes: people read these off an axis. */
const AUTO_MS = [
  ...[1, 5, 10, 30].map((seconds) => seconds * SECOND_MS),
  ...[1, 5, 10, 30].map((minutes) => minutes * MINUTE_MS),
  ...[1, 3, 6, 12].map((hours) => hours * HOUR_MS),
  ...[1, 7, 30, 90, 365].map((days) => days * DAY_MS),
];

/** Null: it is none. Steps above a day are whole days. */
export function parseStep(text: string): number | null {
  const named = NAMED_MS[text];
  if (named !== undefined) return named;
  const [, count, unit = ""] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const stepMs = Number(count) * (UNIT_MS[unit] ?? Number.NaN);
  return stepMs > 0 && (stepMs <= DAY_MS || stepMs % DAY_MS === 0) ? stepMs : null;
}

/** As parseStep takes it. */
export function showStep(stepMs: number): string {
  const [unit = "s", unitMs = SECOND_MS] = Object.entries(UNIT_MS).findLast(([, ms]) => stepMs % ms === 0) ?? [];
  return `${stepMs / unitMs}${unit}`;
}

/** The shortest of the usual steps, from a least one on, with which there are not more buckets than wanted. */
export function autoStep(rangeMs: number, points: number, leastMs: number): number {
  const usual = AUTO_MS.find((stepMs) => stepMs >= leastMs && rangeMs / stepMs <= points);
  return usual ?? Math.ceil(rangeMs / points / DAY_MS) * DAY_MS;
}

/** Where the bucket begins that an instant is in. */
export function bucketStart(timeMs: number, stepMs: number, zone: TimeZone): number {
  const days = Math.max(1, stepMs / DAY_MS);
  const day = zone.dayOf(timeMs);
  const startMs = zone.startOf(day - (day % days));
  return Math.max(0, stepMs >= DAY_MS ? startMs : startMs + Math.floor((timeMs - startMs) / stepMs) * stepMs);
}

/** From `fromMs`, which is the first edge, to `toMs`, the last. Null: more buckets than `bucketsMax`. */
export function bucketEdges(
  fromMs: number,
  toMs: number,
  stepMs: number,
  zone: TimeZone,
  bucketsMax: number,
): number[] | null {
  if ((toMs - fromMs) / stepMs > bucketsMax) return null;
  const edges = [fromMs];
  const days = Math.max(1, stepMs / DAY_MS);
  let day = zone.dayOf(fromMs);
  day -= day % days;
  for (let startMs = zone.startOf(day); startMs < toMs; day += days) {
    const endMs = zone.startOf(day + days);
    // A day of 25 hours is one bucket, not one and the beginning of another.
    const strideMs = stepMs >= DAY_MS ? endMs - startMs : stepMs;
    for (let edge = startMs; edge < Math.min(endMs, toMs); edge += strideMs) if (edge > fromMs) edges.push(edge);
    startMs = endMs;
  }
  edges.push(toMs);
  return edges.length - 1 > bucketsMax ? null : edges;
}

/** Days counted from 1970-01-01, as the clocks of a place show them. */
export class TimeZone {
  readonly #format: Intl.DateTimeFormat | null;

  /** Throws RangeError for a name that Intl does not know. */
  constructor(name: string) {
    const numeric = "numeric";
    const fields = {
      year: numeric,
      month: numeric,
      day: numeric,
      hour: numeric,
      minute: numeric,
      second: numeric,
    } as const;
    const format = new Intl.DateTimeFormat("en-US", {
      timeZone: name,
      hourCycle: "h23",
      calendar: "iso8601",
      ...fields,
    });
    this.#format = format.resolvedOptions().timeZone === "UTC" ? null : format;
  }

  dayOf(timeMs: number): number {
    return Math.floor((timeMs + this.#offsetMs(timeMs)) / DAY_MS);
  }

  /** The first instant of a day. */
  startOf(day: number): number {
    const localMs = day * DAY_MS;
    if (this.#format === null) return localMs;
    const guess = localMs - this.#offsetMs(localMs);
    const other = localMs - this.#offsetMs(guess);
    const instants = [guess, other].filter((instant) => instant + this.#offsetMs(instant) === localMs);
    // Where clocks go ahead at midnight, no clock shows it: the day begins when they do.
    return instants.length > 0 ? Math.min(...instants) : Math.max(guess, other);
  }

  #offsetMs(timeMs: number): number {
    if (this.#format === null) return 0;
    const parts: Record<string, number> = {};
    for (const { type, value } of this.#format.formatToParts(timeMs)) parts[type] = Number(value);
    const { year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0 } = parts;
    return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(timeMs / SECOND_MS) * SECOND_MS;
  }
}
