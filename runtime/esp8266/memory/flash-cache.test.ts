import { expect, test } from "vitest";
import { FlashCache } from "./flash-cache.ts";

const SETS = 512;

test("a line is present once it is fetched, and misses are counted", () => {
  const cache = new FlashCache(new Uint8Array(0x8000));
  cache.fill(7);
  expect(cache.present[7]).toBe(1);
  expect(cache.present[8]).toBe(0);
  expect(cache.misses).toBe(1);
});

test("two lines of a set stay, the third takes the place of the older one", () => {
  const cache = new FlashCache(new Uint8Array(0x8000));
  for (const line of [3, 3 + SETS, 3 + 2 * SETS]) cache.fill(line);
  expect([3, 3 + SETS, 3 + 2 * SETS].map((line) => cache.present[line])).toEqual([0, 1, 1]);
  cache.fill(3);
  expect([3, 3 + SETS, 3 + 2 * SETS].map((line) => cache.present[line])).toEqual([1, 0, 1]);
});

test("all of 32 KiB fits, half of it in 16 KiB", () => {
  const cache = new FlashCache(new Uint8Array(0x8000));
  for (let line = 0; line < 1024; line++) cache.fill(line);
  expect(cache.present.reduce((sum, flag) => sum + flag, 0)).toBe(1024);
  cache.clear(0x4000);
  expect(cache.present.reduce((sum, flag) => sum + flag, 0)).toBe(0);
  for (let line = 0; line < 1024; line++) cache.fill(line);
  expect(cache.present.reduce((sum, flag) => sum + flag, 0)).toBe(512);
});
