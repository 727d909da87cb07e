import { expect, test } from "vitest";
import { DownloadRates } from "./download-rates.ts";

const IMAGE = "00000000000000aa";

test("in the long run no more goes out than is allowed, and no less where more is asked for", () => {
  let nowMs = 0;
  const rates = new DownloadRates(() => nowMs);
  rates.set(new Map([[IMAGE, 10_000]]));
  let bytes = 0;
  for (; nowMs < 60_000; nowMs += 50) if (rates.take(IMAGE, 4096)) bytes += 4096;
  // One second ahead, and what one piece is too long.
  expect(bytes).toBeGreaterThanOrEqual(10_000 * 59);
  expect(bytes).toBeLessThanOrEqual(10_000 * 61 + 4096);
});

test("a piece larger than a second allows goes out, and is made up for", () => {
  let nowMs = 0;
  const rates = new DownloadRates(() => nowMs);
  rates.set(new Map([[IMAGE, 1000]]));
  expect(rates.take(IMAGE, 4096)).toBe(true);
  nowMs = 3000;
  expect(rates.take(IMAGE, 4096)).toBe(false);
  nowMs = 3200;
  expect(rates.take(IMAGE, 4096)).toBe(true);
});

test("other images go as they are asked for; a limit that is set anew keeps what was used", () => {
  const rates = new DownloadRates(() => 0);
  rates.set(new Map([[IMAGE, 1000]]));
  expect([rates.take("00000000000000bb", 1e6), rates.isLimited("00000000000000bb")]).toEqual([true, false]);
  rates.take(IMAGE, 5000);
  rates.set(new Map([[IMAGE, 1000]]));
  expect(rates.take(IMAGE, 1)).toBe(false);
  rates.set(new Map());
  expect(rates.take(IMAGE, 1e6)).toBe(true);
});
