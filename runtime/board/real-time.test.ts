import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { RealTime } from "./real-time.ts";

/** Holds the event loop, as a busy process does. */
function block(durationMs: number): void {
  const endMs = performance.now() + durationMs;
  while (performance.now() < endMs);
}

test("a process that is busy runs events late, but in order and each at its own time", async () => {
  const time = new RealTime();
  const seen: Array<[string, number]> = [];
  const see = (name: string) => () => seen.push([name, time.nowMs()]);
  const startMs = time.nowMs();
  time.at(60, see("third"));
  time.at(20, () => {
    see("first")();
    time.at(20, see("second"));
  });
  block(120);
  await sleep(30);
  expect(seen.map(([name]) => name)).toEqual(["first", "second", "third"]);
  expect(seen.map(([, atMs]) => Math.round(atMs - startMs))).toEqual([20, 40, 60]);
});

test("what comes from outside happens now", async () => {
  const time = new RealTime();
  const before = time.nowMs();
  await sleep(20);
  expect(time.nowMs() - before).toBeGreaterThanOrEqual(19);
});

test("a cancelled event does not run", async () => {
  const time = new RealTime();
  const seen: string[] = [];
  const cancel = time.at(5, () => seen.push("cancelled"));
  time.at(10, () => seen.push("kept"));
  cancel();
  await sleep(30);
  expect(seen).toEqual(["kept"]);
});

test("a delay that is no number is refused", () => {
  expect(() => new RealTime().at(Number.NaN, () => {})).toThrow(RangeError);
});
