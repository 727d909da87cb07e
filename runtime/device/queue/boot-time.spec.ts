/** When readings were taken, of the present boot and of earlier ones. */
import { FLASH_QUEUE_OFFSET } from "../../contract/flash-map.ts";
import { acknowledge } from "../testing/drained.ts";
import { resetStage, setFlashBytes } from "../testing/stage.ts";
import { BootTime, driftS } from "./boot-time.ts";
import { FlashQueue } from "./flash-queue.ts";

const SECTOR_BYTES = 4096;
/** 2023-11-14 22:13:20 UTC */
const THEN_S: u32 = 1700000000;
const HOUR_S: u32 = 3600;
const DAY_S: u32 = 86400;

const time = new BootTime();

function started(): FlashQueue {
  const queue = new FlashQueue();
  queue.begin();
  return queue;
}

/** Readings each minute of the boot, up to and including `minutes`. */
function work(queue: FlashQueue, minutes: i32, from: i32 = 0): void {
  for (let minute = from; minute <= minutes; minute++) queue.push(1, minute, minute * 60);
}

/** Places the boot of the oldest reading. */
function place(queue: FlashQueue, nowS: u32, unixS: u32): void {
  expect(queue.rewind()).toBe(true);
  queue.place(time, nowS, unixS);
}

function expectStart(unixS: u32, isEstimated: bool): void {
  expect(time.startUnixS).toBe(unixS);
  expect(time.isEstimated).toBe(isEstimated);
}

beforeEach(() => {
  resetStage();
});

describe("driftS", () => {
  test("100 ppm, rounded up", () => {
    expect(driftS(0)).toBe(0);
    expect(driftS(1)).toBe(1);
    expect(driftS(10000)).toBe(1);
    expect(driftS(10001)).toBe(2);
    expect(driftS(1000000)).toBe(100);
    expect(driftS(u32.MAX_VALUE)).toBe(429497);
  });
});

describe("the present boot", () => {
  test("has the time of the clock at hand; its error is known once a server has told it", () => {
    const queue = started();
    work(queue, 10);
    place(queue, 700, 0);
    expectStart(0, false);
    expect(time.endS).toBe(700);
    place(queue, 700, THEN_S + 700);
    expectStart(THEN_S, false);
    expect(time.hasError).toBe(false);
    queue.learnTime(THEN_S + 700, 700, 3);
    place(queue, 700, THEN_S + 700);
    expect(time.hasError).toBe(true);
    expect(time.errorAt(700)).toBe(3);
    expect(time.errorAt(0)).toBe(4);
  });

  test("later acknowledgements make the error small again", () => {
    const queue = started();
    queue.push(1, 1, DAY_S);
    queue.learnTime(THEN_S, 0, 3);
    place(queue, DAY_S, THEN_S + DAY_S);
    expect(time.errorAt(DAY_S)).toBe(3 + 9);
    queue.learnTime(THEN_S + DAY_S, DAY_S, 2);
    place(queue, DAY_S, THEN_S + DAY_S);
    expect(time.errorAt(DAY_S)).toBe(2);
  });
});

describe("an earlier boot that knew the time", () => {
  test("before its readings", () => {
    const first = started();
    first.learnTime(THEN_S + 30, 30, 3);
    work(first, 10, 1);
    place(started(), 5, 0);
    expectStart(THEN_S, false);
    expect(time.errorAt(30)).toBe(4);
    expect(time.errorAt(600)).toBe(5);
  });

  test("after its readings", () => {
    const first = started();
    work(first, 10);
    first.learnTime(THEN_S + 601, 601, 3);
    place(started(), 5, THEN_S + DAY_S);
    expectStart(THEN_S, false);
    expect(time.errorAt(601)).toBe(4);
    expect(time.errorAt(0)).toBe(5);
  });

  test("sectors after its readings, known from headers", () => {
    const first = started();
    work(first, 3000);
    first.learnTime(THEN_S + 180001, 180001, 3);
    work(first, 4000, 3001);
    started().push(1, 1, 1);
    place(started(), 5, 0);
    expectStart(THEN_S, false);
    // The mark itself, or the header after it: both say so.
    expect(time.errorAt(0)).toBeGreaterThanOrEqual(3 + 1 + 19);
    expect(time.errorAt(0)).toBeLessThanOrEqual(3 + 1 + 19 + 6);
  });

  test("in the sector before its last one, from the header of that", () => {
    const first = started();
    first.learnTime(THEN_S, 0, 3);
    work(first, 1200);
    acknowledge(first, 1100);
    place(started(), 5, 0);
    expectStart(THEN_S, false);
    expect(time.errorAt(1200 * 60)).toBeGreaterThanOrEqual(3 + 1 + 8);
  });

  test("is told anew after six hours at the earliest", () => {
    const queue = started();
    queue.learnTime(THEN_S, 0, 3);
    for (let s: u32 = 60; s < 6 * HOUR_S; s += 60) queue.learnTime(THEN_S + 1 + s, s, 2);
    queue.push(1, 1, 6 * HOUR_S);
    place(started(), 0, 0);
    expectStart(THEN_S, false);
    expect(time.errorAt(6 * HOUR_S)).toBe(3 + 1 + 3);
    const again = started();
    again.acknowledge(1);
    again.learnTime(THEN_S + DAY_S, 0, 3);
    again.learnTime(THEN_S + DAY_S + 2 + 6 * HOUR_S, 6 * HOUR_S, 2);
    again.push(1, 1, 6 * HOUR_S);
    const last = started();
    last.acknowledge(1);
    place(last, 0, 0);
    expectStart(THEN_S + DAY_S + 2, false);
    expect(time.errorAt(6 * HOUR_S)).toBe(2 + 1);
  });

  test("a time before 2^28 is none", () => {
    const first = started();
    first.learnTime(268435456 + 9, 10, 3);
    first.push(1, 1, 10);
    place(started(), 0, 0);
    expectStart(0, true);
  });
});

describe("an earlier boot that never knew the time", () => {
  test("between what was known before and the present boot", () => {
    started().learnTime(THEN_S + 10, 10, 2);
    work(started(), 60);
    const queue = started();
    queue.learnTime(THEN_S + DAY_S + 5, 5, 2);
    place(queue, 5, THEN_S + DAY_S + 5);
    const low = THEN_S + 8;
    const high = THEN_S + DAY_S - HOUR_S;
    expectStart(low + (high - low) / 2, true);
    expect(time.hasError).toBe(true);
    // Half the range, the present clock's error and drift, the span's drift, and one.
    expect(time.errorAt(0)).toBe((high - low) / 2 + 3 + 1 + 1);
  });

  test("two of them, in their order and not at once, but for drift", () => {
    started().learnTime(THEN_S + 10, 10, 2);
    work(started(), 60);
    work(started(), 30);
    const queue = started();
    queue.learnTime(THEN_S + DAY_S, 0, 2);
    place(queue, 0, THEN_S + DAY_S);
    const first = time.startUnixS;
    queue.acknowledge(61);
    place(queue, 0, THEN_S + DAY_S);
    expect(time.isEstimated).toBe(true);
    expect(time.startUnixS).toBeGreaterThanOrEqual(first + HOUR_S - driftS(HOUR_S));
    expect(time.startUnixS + HOUR_S / 2).toBeLessThanOrEqual(THEN_S + DAY_S);
  });

  test("before a later boot that knew it and is gone too", () => {
    started().learnTime(THEN_S + 10, 10, 2);
    work(started(), 60);
    const second = started();
    work(second, 30);
    second.learnTime(THEN_S + DAY_S + 1801, 1801, 2);
    place(started(), 0, THEN_S + 100 * DAY_S);
    expect(time.startUnixS).toBeLessThan(THEN_S + DAY_S - HOUR_S);
    expect(time.errorAt(0)).toBeLessThan(DAY_S / 2);
  });

  test("after one that never knew either: that may have been shorter than its fast clock says", () => {
    started().learnTime(THEN_S + 10, 10, 2);
    work(started(), 10000);
    const second = started();
    second.acknowledge(10001);
    work(second, 1);
    const queue = started();
    queue.learnTime(THEN_S + 10 * DAY_S, 0, 2);
    place(queue, 0, THEN_S + 10 * DAY_S);
    const low = THEN_S + 8 + 600000 - 60;
    const high = THEN_S + 10 * DAY_S - 60;
    expectStart(high - (high - low + 1) / 2, true);
  });

  test("before one that learnt the time late: that may have begun earlier than its clock counts back", () => {
    started().learnTime(THEN_S + 10, 10, 2);
    work(started(), 60);
    const second = started();
    work(second, 4);
    second.learnTime(THEN_S + DAY_S + 600000, 600000, 2);
    place(started(), 0, THEN_S + 100 * DAY_S);
    const low = THEN_S + 8;
    const high = THEN_S + DAY_S - HOUR_S;
    expect(time.errorAt(0)).toBe((high - low + 1) / 2 + 2 + 60 + 1 + 1);
  });

  test("nothing is known before it: right before what came after, error unknown", () => {
    work(started(), 60);
    const queue = started();
    queue.learnTime(THEN_S + 10, 10, 2);
    place(queue, 10, THEN_S + 10);
    expectStart(THEN_S - HOUR_S, true);
    expect(time.hasError).toBe(false);
  });

  test("clocks contradict each other: error unknown", () => {
    started().learnTime(THEN_S + DAY_S, 0, 2);
    work(started(), 60);
    const queue = started();
    queue.learnTime(THEN_S, 0, 2);
    place(queue, 0, THEN_S);
    expectStart(THEN_S - HOUR_S, true);
    expect(time.hasError).toBe(false);
  });

  test("nobody knows: its readings are at least so old", () => {
    work(started(), 60);
    work(started(), 30);
    const queue = started();
    place(queue, 100, 0);
    expectStart(0, true);
    expect(time.hasError).toBe(false);
    expect(time.endS).toBe(HOUR_S + HOUR_S / 2 + 100);
    queue.acknowledge(61);
    place(queue, 100, 0);
    expect(time.endS).toBe(HOUR_S / 2 + 100);
  });

  test("over many sectors and many restarts it ends, and stays in order", () => {
    started().learnTime(THEN_S, 0, 2);
    for (let boot = 0; boot < 120; boot++) work(started(), 40);
    const queue = started();
    const now = THEN_S + 100 * DAY_S;
    queue.learnTime(now, 0, 2);
    let latest = THEN_S - 2;
    let sequence: u32 = 1;
    while (queue.rewind()) {
      queue.place(time, 0, now);
      queue.rewind();
      expect(time.startUnixS).toBeGreaterThanOrEqual(latest - driftS(40 * 60));
      latest = time.startUnixS + 40 * 60;
      expect(latest).toBeLessThanOrEqual(now);
      sequence += 41;
      queue.acknowledge(sequence - 1);
    }
    expect(sequence).toBe(120 * 41 + 1);
  });

  test("a large ring full of one boot, whose clock comes at the end", () => {
    setFlashBytes(FLASH_QUEUE_OFFSET + 200 * SECTOR_BYTES);
    const first = started();
    work(first, 99000);
    first.learnTime(THEN_S + 99001 * 60, 99001 * 60, 2);
    place(started(), 0, 0);
    expectStart(THEN_S, false);
    expect(time.errorAt(0)).toBe(2 + 1 + 595);
  });
});
