/** Times as people type them: a day, a day and a time, how long ago, how long from now, or a word. UTC unless they say otherwise, as in all that is shown. */
import { InvalidArgumentError } from "commander";

const DAY_MS = 86_400_000;
const UNIT_MS: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: DAY_MS, w: 7 * DAY_MS };
/** The last instant that `Date` knows (ECMA-262 21.4.1.1), ms. */
const TIME_END_MS = 8.64e15;

/** What an option that takes one says; and one about what is yet to come. */
export const TIME_HELP = 'as 2026-11-01, "2026-11-01 14:30", 7d (ago) or now; UTC unless it says +02:00';

export const LATER_HELP = 'as "2026-12-01 22:00", or +8h from now; UTC unless it says +02:00';

/** For an option; what comes of it is as the API takes times. */
export function timeOption(nowMs: () => number = Date.now): (text: string) => string {
  return (text) => {
    const timeMs = readTime(text.trim(), nowMs());
    if (timeMs === undefined || Math.abs(timeMs) > TIME_END_MS)
      throw new InvalidArgumentError(`A time is expected, ${TIME_HELP}; today, yesterday, or Unix milliseconds.`);
    return new Date(timeMs).toISOString();
  };
}

/** undefined: it is none. */
export function readTime(text: string, nowMs: number): number | undefined {
  const todayMs = Math.floor(nowMs / DAY_MS) * DAY_MS;
  if (text === "now") return nowMs;
  if (text === "today") return todayMs;
  if (text === "yesterday") return todayMs - DAY_MS;
  // Four digits alone are a year to people.
  if (/^-?\d{5,16}$/.test(text)) return Number(text);
  const [, sign, count, unit = ""] = /^([-+]?)(\d{1,6})([smhdw])$/.exec(text) ?? [];
  const spanMs = Number(count) * (UNIT_MS[unit] ?? Number.NaN);
  return count === undefined ? readDate(text) : nowMs + (sign === "+" ? spanMs : -spanMs);
}

/** ISO 8601, with less of it at the end; a day that there is not, as the 30th of February, is none. */
function readDate(text: string): number | undefined {
  const [date = "", time = "", ...more] = text.split(/[T ]/);
  const [, year, month = "01", day = "01"] = /^(\d{4})(?:-(\d\d)(?:-(\d\d))?)?$/.exec(date) ?? [];
  const [isTime, hour = "00", minute = "00", second = "00", part = "", zone = "Z"] =
    /^(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,3}))?)?(Z|[+-]\d\d:\d\d)?$/.exec(time) ?? [];
  if (year === undefined || more.length > 0 || (time === "" ? text !== date : isTime === undefined)) return undefined;
  const clock = `${year}-${month}-${day}T${hour}:${minute}:${second}.${part.padEnd(3, "0")}`;
  const timeMs = Date.parse(clock + zone);
  // Date.parse takes what is too much over into the next month.
  const isThere = new Date(Date.parse(`${clock}Z`)).toJSON() === `${clock}Z`;
  return isThere && !Number.isNaN(timeMs) ? timeMs : undefined;
}
