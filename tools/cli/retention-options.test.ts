import { expect, test } from "vitest";
import { parseKeep, parseSize, retentionOf } from "./retention-options.ts";

const DAY_MS = 86_400_000;

test.each([
  ["1d", DAY_MS],
  ["400d", 400 * DAY_MS],
  ["2w", 14 * DAY_MS],
  ["4y", 1461 * DAY_MS],
])("--keep-raw %s", (text, ms) => {
  expect(parseKeep(text)).toBe(ms);
});

test.each([
  ["10MB", 10_000_000],
  ["20GB", 20_000_000_000],
  ["1.5TB", 1_500_000_000_000],
])("--max-size %s", (text, bytes) => {
  expect(parseSize(text)).toBe(bytes);
});

test.each(["", "0d", "-1d", "400", "1h", "d", "1e3d"])("%s is no time to keep something", (text) => {
  expect(() => parseKeep(text)).toThrow("as 400d");
});

test.each(["", "20", "9MB", "20GiB", "1kB", "-1GB"])("%s is no size", (text) => {
  expect(() => parseSize(text)).toThrow("as 500MB");
});

test("what is not said is kept for ever", () => {
  expect(retentionOf({ keepRaw: DAY_MS })).toEqual({ rawMs: DAY_MS, rollupsMs: null, maxBytes: null });
});
