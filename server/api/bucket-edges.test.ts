/** Edges in time zones; instants are those of Python's zoneinfo (tzdata 2025b). */
import { describe, expect, test } from "vitest";
import { autoStep, bucketEdges, bucketStart, parseStep, showStep, TimeZone } from "./bucket-edges.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
const edges = (from: string, to: string, stepMs: number, zone = "UTC", max = 100) =>
  bucketEdges(Date.parse(from), Date.parse(to), stepMs, new TimeZone(zone), max)?.map((edge) =>
    new Date(edge).toISOString().replace(":00.000Z", "Z"),
  );

test.each([
  ["minute", 60_000],
  ["90s", 90_000],
  ["6h", 6 * HOUR_MS],
  ["7d", 7 * DAY_MS],
  ["36h", null],
  ["0s", null],
  ["1w", null],
  ["", null],
])("a step of %s", (text, stepMs) => {
  expect(parseStep(text)).toBe(stepMs);
});

test.each([
  ["2026-03-29T03:30:00Z", 6 * HOUR_MS, "Europe/Berlin", "2026-03-28T23:00:00.000Z"],
  ["2026-03-29T05:30:00Z", 6 * HOUR_MS, "Europe/Berlin", "2026-03-29T05:00:00.000Z"],
  ["2026-03-30T00:30:00Z", DAY_MS, "Europe/Berlin", "2026-03-29T22:00:00.000Z"],
  ["1970-01-01T00:30:00Z", DAY_MS, "Asia/Kolkata", "1970-01-01T00:00:00.000Z"],
  // Weeks count from 1970-01-01, a Thursday.
  ["2026-01-07T12:00:00Z", 7 * DAY_MS, "UTC", "2026-01-01T00:00:00.000Z"],
])("%s, by %d ms in %s, is in the bucket from %s on", (time, stepMs, zone, start) => {
  expect(new Date(bucketStart(Date.parse(time), stepMs, new TimeZone(zone))).toISOString()).toBe(start);
});

test("steps are shown as they are taken", () => {
  expect([1000, 90_000, 900_000, HOUR_MS, 7 * DAY_MS].map(showStep)).toEqual(["1s", "90s", "15m", "1h", "7d"]);
});

test.each([
  [DAY_MS, 500, "5m"],
  [30 * DAY_MS, 500, "3h"],
  [365 * DAY_MS, 500, "1d"],
  [365 * DAY_MS, 100, "7d"],
  [60_000, 500, "1s"],
  [3650 * DAY_MS, 2, "1825d"],
])("%i ms in %i points", (rangeMs, points, step) => {
  expect(showStep(autoStep(rangeMs, points, 1000))).toBe(step);
});

describe("edges", () => {
  test("the range is cut off at both ends", () => {
    expect(edges("2026-01-01T10:30Z", "2026-01-01T12:10Z", HOUR_MS)).toEqual([
      "2026-01-01T10:30Z",
      "2026-01-01T11:00Z",
      "2026-01-01T12:00Z",
      "2026-01-01T12:10Z",
    ]);
  });

  test("days of 23 and of 25 hours", () => {
    expect(edges("2026-03-28T23:00Z", "2026-03-30T22:00Z", DAY_MS, "Europe/Berlin")).toEqual([
      "2026-03-28T23:00Z",
      "2026-03-29T22:00Z",
      "2026-03-30T22:00Z",
    ]);
    expect(edges("2026-10-24T22:00Z", "2026-10-26T23:00Z", DAY_MS, "Europe/Berlin")).toEqual([
      "2026-10-24T22:00Z",
      "2026-10-25T23:00Z",
      "2026-10-26T23:00Z",
    ]);
  });

  test("half an hour beside the hour", () => {
    expect(edges("2026-01-01T00:00Z", "2026-01-02T00:00Z", DAY_MS, "Asia/Kolkata")).toEqual([
      "2026-01-01T00:00Z",
      "2026-01-01T18:30Z",
      "2026-01-02T00:00Z",
    ]);
  });

  test("a midnight that no clock shows", () => {
    // Santiago: on 2026-09-06 clocks go from 24:00 to 01:00.
    expect(edges("2026-09-05T04:00Z", "2026-09-07T03:00Z", DAY_MS, "America/Santiago")).toEqual([
      "2026-09-05T04:00Z",
      "2026-09-06T04:00Z",
      "2026-09-07T03:00Z",
    ]);
  });

  test("six hours count from the beginning of the day, also of a short one", () => {
    expect(edges("2026-03-28T23:00Z", "2026-03-29T22:00Z", 6 * HOUR_MS, "Europe/Berlin")).toEqual([
      "2026-03-28T23:00Z",
      "2026-03-29T05:00Z",
      "2026-03-29T11:00Z",
      "2026-03-29T17:00Z",
      "2026-03-29T22:00Z",
    ]);
  });

  test("weeks count from 1970-01-01, a Thursday", () => {
    expect(edges("2026-01-01T00:00Z", "2026-01-12T00:00Z", 7 * DAY_MS)).toEqual([
      "2026-01-01T00:00Z",
      "2026-01-08T00:00Z",
      "2026-01-12T00:00Z",
    ]);
  });

  test("more than there may be", () => {
    expect(edges("2026-01-01T00:00Z", "2026-01-02T00:00Z", 60_000)).toBeUndefined();
  });

  test("a zone that is none", () => {
    expect(() => new TimeZone("Europe/Atlantis")).toThrow(RangeError);
  });
});
