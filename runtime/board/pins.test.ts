import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { HostError } from "../contract/error-codes.ts";
import { EDGE_RECORD_BYTES, PinEdge, PinMode } from "../contract/host-abi.ts";
import { EDGE_LOG_MAX } from "../contract/limits.ts";
import { type PinLevel, Pins } from "./pins.ts";
import { VirtualTime } from "./virtual-time.ts";

const PIN = 4;

function setUp() {
  const time = new VirtualTime();
  const wakes: number[] = [];
  const pins = new Pins({ time, clockMs: () => time.nowMs(), wake: () => wakes.push(time.nowMs()) });
  const drive = (changes: [atMs: number, level: PinLevel][], number = PIN) => {
    for (const [atMs, level] of changes) time.at(atMs, () => pins.setInput(number, level));
  };
  return { time, pins, wakes, drive };
}

interface Edge {
  clockMs: number;
  pin: number;
  level: number;
  droppedBefore: number;
}

function readEdges(pins: Pins, records = EDGE_LOG_MAX): Edge[] {
  const bytes = new Uint8Array(records * EDGE_RECORD_BYTES);
  const size = pins.takeEdges(bytes);
  const view = new DataView(bytes.buffer);
  return Array.from({ length: size / EDGE_RECORD_BYTES }, (_, index) => ({
    clockMs: view.getUint32(index * EDGE_RECORD_BYTES, true),
    pin: view.getUint8(index * EDGE_RECORD_BYTES + 4),
    level: view.getUint8(index * EDGE_RECORD_BYTES + 5),
    droppedBefore: view.getUint16(index * EDGE_RECORD_BYTES + 6, true),
  }));
}

describe("levels", () => {
  test("an input shows what drives it, a pull-up when nothing does", () => {
    const { pins } = setUp();
    expect(pins.read(PIN)).toBe(0);
    pins.setMode(PIN, PinMode.InputPullup);
    expect(pins.read(PIN)).toBe(1);
    pins.setInput(PIN, 0);
    expect(pins.read(PIN)).toBe(0);
    pins.setInput(PIN, undefined);
    expect(pins.read(PIN)).toBe(1);
  });

  test("an output shows its latch, which can be set before the mode", () => {
    const { pins } = setUp();
    const seen: [number, PinLevel][] = [];
    pins.onOutput((pin, level) => seen.push([pin, level]));
    pins.write(PIN, 1);
    expect(pins.read(PIN)).toBe(0);
    pins.setMode(PIN, PinMode.Output);
    pins.setInput(PIN, 0);
    expect(pins.read(PIN)).toBe(1);
    pins.write(PIN, 1);
    pins.write(PIN, 0);
    expect(seen).toEqual([
      [PIN, 1],
      [PIN, 0],
    ]);
  });

  test("a level listener is told whoever changes the level, also within a hold-off", () => {
    const { pins } = setUp();
    const seen: [number, number | undefined][] = [];
    pins.onLevel((pin) => seen.push([pin, pins.level(pin)]));
    pins.watch(PIN, PinEdge.Both, 100);
    pins.setInput(PIN, 1);
    pins.setInput(PIN, 0);
    pins.setMode(PIN, PinMode.Output);
    pins.write(PIN, 1);
    expect(seen).toEqual([
      [PIN, 1],
      [PIN, 0],
      [PIN, 0],
      [PIN, 1],
    ]);
  });

  test("the pins of the flash cannot be used, and GPIO16 has no pull-up and no interrupt", () => {
    const { pins } = setUp();
    for (const pin of [6, 7, 8, 9, 10, 11, 17, -1]) {
      expect(pins.setMode(pin, PinMode.Input)).toBe(HostError.BadArgument);
      expect(pins.read(pin)).toBe(HostError.BadArgument);
      expect(pins.write(pin, 1)).toBe(HostError.BadArgument);
      expect(pins.watch(pin, PinEdge.Both, 0)).toBe(HostError.BadArgument);
      expect(pins.takeCount(pin)).toBe(HostError.BadArgument);
      expect(() => pins.setInput(pin, 1)).toThrow(RangeError);
    }
    expect(pins.setMode(16, PinMode.InputPullup)).toBe(HostError.Unsupported);
    expect(pins.watch(16, PinEdge.Both, 0)).toBe(HostError.Unsupported);
    expect(pins.setMode(16, PinMode.Output)).toBe(0);
  });
});

describe("edges", () => {
  test("only the watched direction is counted, and each one wakes", async () => {
    const { time, pins, wakes, drive } = setUp();
    pins.watch(PIN, PinEdge.Falling, 0);
    drive([
      [10, 1],
      [20, 0],
      [30, 1],
      [40, 0],
    ]);
    await time.run(100);
    expect(pins.takeCount(PIN)).toBe(2);
    expect(pins.takeCount(PIN)).toBe(0);
    expect(wakes).toEqual([20, 40]);
    expect(readEdges(pins)).toEqual([
      { clockMs: 20, pin: PIN, level: 0, droppedBefore: 0 },
      { clockMs: 40, pin: PIN, level: 0, droppedBefore: 0 },
    ]);
  });

  test("bounce within the debounce time is one edge", async () => {
    const { time, pins, drive } = setUp();
    pins.watch(PIN, PinEdge.Both, 20);
    drive([
      [100, 1],
      [103, 0],
      [105, 1],
      [300, 0],
      [302, 1],
      [304, 0],
    ]);
    await time.run(1000);
    expect(readEdges(pins).map(({ clockMs, level }) => [clockMs, level])).toEqual([
      [100, 1],
      [300, 0],
    ]);
  });

  test("a change hidden in the bounce is taken when the debounce time ends", async () => {
    const { time, pins, wakes, drive } = setUp();
    pins.watch(PIN, PinEdge.Both, 20);
    drive([
      [100, 1],
      [105, 0],
    ]);
    await time.run(1000);
    expect(readEdges(pins).map(({ clockMs, level }) => [clockMs, level])).toEqual([
      [100, 1],
      [120, 0],
    ]);
    expect(wakes).toEqual([100, 120]);
  });

  test("a full log drops its oldest edges and says how many", async () => {
    const { time, pins } = setUp();
    pins.watch(PIN, PinEdge.Both, 0);
    for (let index = 0; index < EDGE_LOG_MAX + 5; index++) pins.setInput(PIN, index % 2 === 0 ? 1 : 0);
    await time.run(1);
    const [first, second] = readEdges(pins, 2);
    expect([first?.droppedBefore, second?.droppedBefore]).toEqual([5, 0]);
    expect(readEdges(pins)).toHaveLength(EDGE_LOG_MAX - 2);
    expect(pins.takeCount(PIN)).toBe(EDGE_LOG_MAX + 5);
  });

  test("a watch that ends, and a reset, count nothing more", async () => {
    const { time, pins, wakes, drive } = setUp();
    pins.watch(PIN, PinEdge.Both, 20);
    pins.setInput(PIN, 1);
    pins.watch(PIN, 0, 0);
    drive([[50, 0]]);
    await time.run(100);
    expect(wakes).toEqual([0]);
    pins.watch(PIN, PinEdge.Both, 0);
    pins.reset();
    pins.setInput(PIN, 1);
    expect(pins.takeCount(PIN)).toBe(0);
    expect(readEdges(pins)).toEqual([]);
  });
});

/** A signal with contact bounce: stable phases, each begun by a burst of changes shorter than the debounce time. */
const bouncingSignal = fc.record({
  debounceMs: fc.integer({ min: 5, max: 50 }),
  phases: fc.array(
    fc.record({
      stableMs: fc.integer({ min: 1, max: 200 }),
      bounceGaps: fc.array(fc.integer({ min: 0, max: 1000 }), { maxLength: 8 }),
    }),
    { maxLength: 30 },
  ),
});

describe("debounce, whatever the contact does", () => {
  test("each phase of a bouncing signal is exactly one edge", async () => {
    await fc.assert(
      fc.asyncProperty(bouncingSignal, async ({ debounceMs, phases }) => {
        const { time, pins } = setUp();
        pins.watch(PIN, PinEdge.Both, debounceMs);
        let atMs = 0;
        let level: PinLevel = 0;
        for (const { stableMs, bounceGaps } of phases) {
          level = level === 0 ? 1 : 0;
          const settled = level;
          const startMs = atMs;
          time.at(startMs, () => pins.setInput(PIN, settled));
          // Pairs of changes that end at the settled level, all within the debounce time.
          const offsetsMs = bounceGaps.map((gap) => (gap / 1001) * debounceMs).sort((a, b) => a - b);
          offsetsMs.forEach((offsetMs, index) => {
            const isPaired = index < offsetsMs.length - (offsetsMs.length % 2);
            const bounced: PinLevel = index % 2 === 0 ? (settled === 0 ? 1 : 0) : settled;
            if (isPaired) time.at(startMs + offsetMs, () => pins.setInput(PIN, bounced));
          });
          atMs = startMs + debounceMs + stableMs;
        }
        await time.run(atMs + 1000);
        expect(pins.takeCount(PIN)).toBe(phases.length);
      }),
    );
  });

  test("taken edges alternate, keep the debounce time apart, and end with the true level", async () => {
    const changes = fc.array(
      fc.record({ gapMs: fc.integer({ min: 0, max: 60 }), level: fc.constantFrom<PinLevel>(0, 1) }),
      {
        maxLength: 60,
      },
    );
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 40 }), changes, async (debounceMs, list) => {
        const { time, pins } = setUp();
        pins.watch(PIN, PinEdge.Both, debounceMs);
        let atMs = 0;
        for (const { gapMs, level } of list) {
          atMs += gapMs;
          time.at(atMs, () => pins.setInput(PIN, level));
        }
        await time.run(atMs + 1000);
        const edges = readEdges(pins);
        edges.forEach((edge, index) => {
          const before = edges[index - 1];
          expect(edge.level).not.toBe(before?.level ?? 0);
          if (before !== undefined) expect(edge.clockMs - before.clockMs).toBeGreaterThanOrEqual(debounceMs);
        });
        expect(edges.at(-1)?.level ?? 0).toBe(pins.level(PIN));
      }),
    );
  });
});
