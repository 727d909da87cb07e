import { putHex } from "../testing/hex.ts";
import { putRandom, resetStage } from "../testing/stage.ts";
import { RamQueue } from "./ram-queue.ts";

/** Readings numbered from `from` to `to`: value and the other parts follow from the number. */
function fill(queue: RamQueue, from: i32, to: i32): void {
  for (let number = from; number <= to; number++) queue.push(0x5000 + number, -number, 60 * number);
}

/** The queue holds exactly the readings `from` to `to`. */
function expectHeld(queue: RamQueue, from: i32, to: i32): void {
  expect(queue.oldest()).toBe(from);
  expect(queue.count()).toBe(to - from + 1);
  for (let number = from; number <= to; number++) {
    expect(queue.streamAt(number - from)).toBe(0x5000 + number);
    expect(queue.valueAt(number - from)).toBe(-number);
    expect(queue.uptimeAt(number - from)).toBe(60 * number);
  }
}

beforeEach(() => {
  resetStage();
});

describe("RamQueue", () => {
  test("begins empty; the first reading will have sequence number 1", () => {
    const queue = new RamQueue(4);
    expect(queue.count()).toBe(0);
    expect(queue.oldest()).toBe(1);
    expect(queue.dropped()).toBe(0);
  });

  test("takes its epoch from the host's random numbers", () => {
    const bytes = memory.data(4);
    putHex(bytes, "efbeadde");
    putRandom(bytes, 4);
    const queue = new RamQueue(4);
    queue.begin();
    expect(queue.epoch()).toBe(0xdeadbeef);
  });

  test("keeps readings in order", () => {
    const queue = new RamQueue(4);
    fill(queue, 1, 4);
    expectHeld(queue, 1, 4);
  });

  test("full: the oldest goes, is counted, and its number is not given again", () => {
    const queue = new RamQueue(4);
    fill(queue, 1, 7);
    expectHeld(queue, 4, 7);
    expect(queue.dropped()).toBe(3);
  });

  test("an acknowledgement forgets up to and including its number", () => {
    const queue = new RamQueue(4);
    fill(queue, 1, 4);
    expect(queue.acknowledge(2)).toBe(true);
    expectHeld(queue, 3, 4);
    expect(queue.acknowledge(4)).toBe(true);
    expect(queue.count()).toBe(0);
    expect(queue.oldest()).toBe(5);
    fill(queue, 5, 6);
    expectHeld(queue, 5, 6);
    expect(queue.dropped()).toBe(0);
  });

  test("one that is repeated, or for readings dropped meanwhile, is fine and forgets nothing", () => {
    const queue = new RamQueue(4);
    fill(queue, 1, 6);
    queue.acknowledge(4);
    expect(queue.acknowledge(4)).toBe(true);
    expect(queue.acknowledge(2)).toBe(true);
    expect(queue.acknowledge(0)).toBe(true);
    expectHeld(queue, 5, 6);
  });

  test("one for a number never given out is refused and forgets nothing", () => {
    const queue = new RamQueue(4);
    fill(queue, 1, 3);
    expect(queue.acknowledge(4)).toBe(false);
    expect(queue.acknowledge(u32.MAX_VALUE)).toBe(false);
    expectHeld(queue, 1, 3);
    queue.acknowledge(3);
    expect(queue.acknowledge(4)).toBe(false);
  });

  test("a queue for one reading holds the latest", () => {
    const queue = new RamQueue(1);
    fill(queue, 1, 3);
    expectHeld(queue, 3, 3);
    expect(queue.acknowledge(3)).toBe(true);
    expect(queue.count()).toBe(0);
  });
});

/** Multiplicative congruential generator of Park and Miller ("minimal standard", CACM 31(10), 1988). */
let seed: u64 = 20240229;
function below(limit: u32): u32 {
  seed = (seed * 48271) % 2147483647;
  return <u32>(seed % limit);
}

describe("RamQueue beside a plain list", () => {
  test("20,000 random pushes and acknowledgements, seed 20240229", () => {
    const capacity = 13;
    const queue = new RamQueue(capacity);
    const values = new Array<i32>();
    let oldest: u32 = 1;
    let dropped: u32 = 0;
    let differences = 0;
    for (let step = 0; step < 20000; step++) {
      if (below(3) != 0) {
        const value = <i32>below(1000000) - 500000;
        queue.push(<u32>value & 0xffff, value, step);
        values.push(value);
        if (values.length > capacity) {
          values.shift();
          oldest++;
          dropped++;
        }
      } else {
        // From a few numbers too low to a few too high.
        const sequence = oldest + below(capacity + 8) - min<u32>(oldest, 4);
        const isGiven = sequence < oldest + values.length;
        if (queue.acknowledge(sequence) != isGiven) differences++;
        while (isGiven && oldest <= sequence) {
          values.shift();
          oldest++;
        }
      }
      if (queue.oldest() != oldest || queue.dropped() != dropped || queue.count() != values.length) differences++;
      for (let i = 0; i < values.length; i++) {
        if (queue.valueAt(i) != values[i] || queue.streamAt(i) != (<u32>values[i] & 0xffff)) differences++;
      }
    }
    expect(differences).toBe(0);
    expect(dropped).toBeGreaterThan(100);
    expect(oldest).toBeGreaterThan(5000);
  });
});
