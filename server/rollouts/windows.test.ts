import { expect, test } from "vitest";
import { isWithin, isZone, nextChangeMs } from "./windows.ts";

const at = (text: string) => Date.parse(text);
/** Monday to Friday, 22:00 to 05:00. */
const NIGHTS = { zone: "Europe/Rome", windows: [{ days: [1, 2, 3, 4, 5], fromMin: 22 * 60, toMin: 5 * 60 }] };

// What a clock in Rome shows: UTC+1, from 29 March 2026, 01:00 UTC, UTC+2 (directive 2000/84/EC, article 2).
test.each([
  ["Monday 21:59", "2026-01-12T20:59:59Z", false],
  ["Monday 22:00", "2026-01-12T21:00:00Z", true],
  ["Tuesday 04:59, in Monday's", "2026-01-13T03:59:00Z", true],
  ["Tuesday 05:00", "2026-01-13T04:00:00Z", false],
  ["Saturday 03:00, in Friday's", "2026-01-17T02:00:00Z", true],
  ["Saturday 23:00", "2026-01-17T22:00:00Z", false],
  ["Monday 03:00, for Sunday has none", "2026-01-12T02:00:00Z", false],
  ["a Monday of summer, 22:00", "2026-07-13T20:00:00Z", true],
  ["a Monday of summer, 21:00", "2026-07-13T19:00:00Z", false],
])("%s", (_name, time, isOpen) => {
  expect(isWithin(NIGHTS, at(time))).toBe(isOpen);
});

test("the next change is the minute at which it happens, also over a clock that is put forward", () => {
  expect(nextChangeMs(NIGHTS, at("2026-01-12T12:34:56Z"))).toBe(at("2026-01-12T21:00:00Z"));
  expect(nextChangeMs(NIGHTS, at("2026-01-12T21:00:00Z"))).toBe(at("2026-01-13T04:00:00Z"));
  expect(nextChangeMs(NIGHTS, at("2026-01-17T12:00:00Z"))).toBe(at("2026-01-19T21:00:00Z"));
  const sunday = { zone: "Europe/Rome", windows: [{ days: [0], fromMin: 60, toMin: 4 * 60 + 7 }] };
  expect(nextChangeMs(sunday, at("2026-03-29T00:30:00Z"))).toBe(at("2026-03-29T02:07:00Z"));
});

test("no windows: always, and nothing changes", () => {
  expect(isWithin({ zone: "UTC", windows: [] }, 0)).toBe(true);
  expect(nextChangeMs({ zone: "UTC", windows: [] }, 0)).toBeNull();
  const always = { zone: "UTC", windows: [{ days: [0, 1, 2, 3, 4, 5, 6], fromMin: 0, toMin: 0 }] };
  expect(nextChangeMs(always, at("2026-01-12T12:00:00Z"))).toBeNull();
});

test("zones are those of the IANA", () => {
  expect([isZone("Europe/Rome"), isZone("Europe/Atlantis")]).toEqual([true, false]);
});
