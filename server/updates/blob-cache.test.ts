import { expect, test } from "vitest";
import { BlobCache } from "./blob-cache.ts";

test("keeps what was used last, within its bytes", () => {
  const cache = new BlobCache(100);
  const loads: string[] = [];
  const get = (key: string, sizeBytes = 40) =>
    cache.get(key, () => {
      loads.push(key);
      return new Uint8Array(sizeBytes);
    })?.length;
  get("a");
  get("b");
  get("a");
  get("c");
  expect(cache.bytes).toBe(80);
  get("a");
  get("b");
  expect(loads).toEqual(["a", "b", "c", "b"]);
  expect(get("huge", 101)).toBe(101);
  expect(cache.bytes).toBe(80);
  cache.clear();
  expect(cache.bytes).toBe(0);
});

test("what is not there is asked for each time", () => {
  const cache = new BlobCache(100);
  expect(cache.get("a", () => undefined)).toBeUndefined();
  expect(cache.get("a", () => new Uint8Array(5))).toHaveLength(5);
});
