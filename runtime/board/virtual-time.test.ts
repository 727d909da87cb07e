import { setImmediate as nextTurn } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { VirtualTime } from "./virtual-time.ts";

describe("order", () => {
  test("events run by time, then by insertion, and see their own time", async () => {
    const time = new VirtualTime({ startUnixMs: 1_700_000_000_000 });
    const seen: [string, number][] = [];
    const note = (name: string) => () => seen.push([name, time.nowMs()]);
    time.at(20, note("c"));
    time.at(10, note("a"));
    time.at(10, note("b"));
    time.at(-5, note("at once"));
    time.at(30, note("later"));
    await time.run(25);
    expect(seen).toEqual([
      ["at once", 0],
      ["a", 10],
      ["b", 10],
      ["c", 20],
    ]);
    expect(time.nowMs()).toBe(25);
    expect(time.unixMs()).toBe(1_700_000_000_025);
  });

  test("any mix of insertions and cancellations runs as a sorted list would", async () => {
    const plan = fc.array(fc.record({ delayMs: fc.nat(50), isCancelled: fc.boolean() }), { maxLength: 300 });
    await fc.assert(
      fc.asyncProperty(plan, async (events) => {
        const time = new VirtualTime();
        const seen: number[] = [];
        const cancels = events.map(({ delayMs }, index) => time.at(delayMs, () => seen.push(index)));
        events.forEach(({ isCancelled }, index) => {
          if (isCancelled) cancels[index]?.();
        });
        await time.run(100);
        const expected = events
          .map((event, index) => ({ ...event, index }))
          .filter(({ isCancelled }) => !isCancelled)
          .sort((a, b) => a.delayMs - b.delayMs || a.index - b.index)
          .map(({ index }) => index);
        expect(seen).toEqual(expected);
      }),
    );
  });

  test("thousands of cancelled events are swept out and disturb nothing", async () => {
    const time = new VirtualTime();
    const seen: number[] = [];
    for (let index = 0; index < 5000; index++) {
      const cancel = time.at(index % 97, () => seen.push(index));
      if (index % 10 === 0) continue;
      cancel();
      cancel();
    }
    await time.run(100);
    expect(seen).toHaveLength(500);
    expect(time.eventsRun).toBe(500);
  });

  test("an event may cancel itself and those after it", async () => {
    const time = new VirtualTime();
    const seen: string[] = [];
    const cancelFirst = time.at(1, () => {
      seen.push("first");
      cancelFirst();
      cancelSecond();
    });
    const cancelSecond = time.at(2, () => seen.push("second"));
    await time.run(10);
    expect(seen).toEqual(["first"]);
  });
});

describe("run", () => {
  test("time stands still until what holds it has settled", async () => {
    const time = new VirtualTime();
    const seen: [string, number][] = [];
    time.at(10, () => {
      time.holdUntil(async () => {
        await nextTurn();
        await nextTurn();
        time.at(5, () => seen.push(["answer", time.nowMs()]));
      });
    });
    time.at(10, () => seen.push(["same time", time.nowMs()]));
    time.at(100, () => seen.push(["later", time.nowMs()]));
    await time.run(200);
    expect(seen).toEqual([
      ["same time", 10],
      ["answer", 15],
      ["later", 100],
    ]);
  });

  test("an error of an event rejects, and the run can go on", async () => {
    const time = new VirtualTime();
    const seen: number[] = [];
    time.at(1, () => {
      throw new Error("broken");
    });
    time.at(2, () => seen.push(2));
    await expect(time.run(10)).rejects.toThrow("broken");
    await time.run(10);
    expect(seen).toEqual([2]);
  });

  test("a run cannot be nested", async () => {
    const time = new VirtualTime();
    let nested: Promise<void> | undefined;
    time.at(1, () => {
      nested = time.run(50);
    });
    await time.run(30);
    await expect(nested).rejects.toThrow("nested");
  });

  test("time moves by whole milliseconds, and no event is early", async () => {
    const time = new VirtualTime({ startUnixMs: 1000.7 });
    const seen: [number, number][] = [];
    time.at(1.2, () => seen.push([time.nowMs(), time.unixMs()]));
    await time.run(10);
    expect(seen).toEqual([[2, 1002]]);
  });

  test("not a number is no delay", () => {
    expect(() => new VirtualTime().at(Number.NaN, () => {})).toThrow(RangeError);
  });
});
