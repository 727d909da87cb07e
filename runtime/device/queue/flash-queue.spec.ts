import { FLASH_QUEUE_OFFSET, FLASH_REGION_MAX_BYTES } from "../../contract/flash-map.ts";
import { QUEUE_SECTORS_MAX } from "../../contract/queue-format.ts";
import { acknowledge, drain } from "../testing/drained.ts";
import { hexOf, putHex } from "../testing/hex.ts";
import { putRandom, resetStage, setFlashBytes, setFlashWords, setStuck, takeFlash, takeLog } from "../testing/stage.ts";
import { FlashQueue } from "./flash-queue.ts";
import { NoQueue } from "./no-queue.ts";
import { SECTOR_READINGS_MAX } from "./reading-log.ts";

const buffer = memory.data(256);
const SECTOR_BYTES = 4096;
const MINUTE_S: u32 = 60;

/** Readings that are numbered by their value: stream and uptime follow from that. */
function fill(queue: FlashQueue, from: i32, to: i32): void {
  for (let number = from; number <= to; number++) queue.push(0x5000 + (number & 15), number, <u32>number * MINUTE_S);
}

function started(): FlashQueue {
  const queue = new FlashQueue();
  queue.begin();
  return queue;
}

/** The queue holds the readings `from` to `to`, whose sequence numbers are lower by `shift`. Empties the queue. */
function expectHeld(queue: FlashQueue, from: i32, to: i32, shift: i32 = 0): void {
  expect(queue.oldest()).toBe(from - shift);
  expect(queue.count()).toBe(to - from + 1);
  const drained = drain(queue);
  expect(drained.count).toBe(to - from + 1);
  let wrong = 0;
  for (let i = 0; i < drained.count; i++) {
    const number = from + i;
    if (drained.values[i] != number || drained.sequences[i] != <u32>(number - shift)) wrong++;
    if (drained.streams[i] != <u32>(0x5000 + (number & 15)) || drained.uptimes[i] != <u32>number * MINUTE_S) wrong++;
  }
  expect(wrong).toBe(0);
}

function sectors(count: i32): void {
  setFlashBytes(FLASH_QUEUE_OFFSET + count * SECTOR_BYTES);
}

function flashHex(at: i32, bytes: i32): string {
  takeFlash(FLASH_QUEUE_OFFSET + at, buffer, bytes);
  return hexOf(buffer, bytes);
}

beforeEach(() => {
  resetStage();
});

describe("FlashQueue on blank flash", () => {
  test("begins empty, with a random epoch; the first reading will have sequence number 1", () => {
    putHex(buffer, "efbeadde");
    putRandom(buffer, 4);
    const queue = started();
    expect(queue.epoch()).toBe(0xdeadbeef);
    expect(queue.count()).toBe(0);
    expect(queue.oldest()).toBe(1);
    expect(queue.dropped()).toBe(0);
    expect(queue.lastCommand()).toBe(0);
    expect(queue.rewind()).toBe(false);
  });

  test("the bytes in flash: header (CRC of zlib), then the record worked out in log-record.spec.ts", () => {
    putHex(buffer, "efbeadde");
    putRandom(buffer, 4);
    const queue = started();
    queue.push(0x5001, 7, 60);
    expect(flashHex(0, 72)).toBe(
      "4c515545" +
        "01000000" +
        "efbeadde" +
        "01000000" +
        "00000000" +
        "00000000" +
        "00000000" +
        "01000000" +
        "00000000" +
        "00000000" +
        "00000000" +
        "00000000" +
        "00000000" +
        "ffffffff" +
        "ffffffff" +
        "c45c21cb" +
        "01503c10" +
        "070000bc",
    );
  });

  test("keeps readings in order, with value, stream and uptime", () => {
    const queue = started();
    fill(queue, 1, 100);
    expectHeld(queue, 1, 100);
  });

  test("keeps values and ages that need a long reading", () => {
    const queue = started();
    queue.push(1, i32.MAX_VALUE, 0);
    queue.push(2, i32.MIN_VALUE, 10);
    queue.push(3, 5, 4106);
    queue.push(4, 6, 100000);
    queue.push(5, 7, 99990);
    queue.push(6, 8, 100001);
    const drained = drain(queue);
    expect(drained.values.join()).toBe("2147483647,-2147483648,5,6,7,8");
    expect(drained.uptimes.join()).toBe("0,10,4106,100000,99990,100001");
  });

  test("a region without room for two sectors holds nothing, and counts", () => {
    sectors(1);
    const queue = started();
    fill(queue, 1, 3);
    expect(queue.count()).toBe(0);
    expect(queue.dropped()).toBe(3);
    expect(queue.takeCommand(1)).toBe(false);
    queue.renew(0);
    expect(started().count()).toBe(0);
  });
});

describe("FlashQueue: acknowledgements", () => {
  test("forget up to and including their number", () => {
    const queue = started();
    fill(queue, 1, 4);
    expect(acknowledge(queue, 2)).toBe(true);
    expect(queue.oldest()).toBe(3);
    expect(acknowledge(queue, 4)).toBe(true);
    expect(queue.count()).toBe(0);
    expect(queue.oldest()).toBe(5);
    fill(queue, 5, 6);
    expect(queue.dropped()).toBe(0);
    expectHeld(queue, 5, 6);
  });

  test("repeated ones are fine and forget nothing", () => {
    const queue = started();
    fill(queue, 1, 6);
    expect(acknowledge(queue, 4)).toBe(true);
    expect(acknowledge(queue, 4)).toBe(true);
    expect(acknowledge(queue, 2)).toBe(true);
    expect(acknowledge(queue, 0)).toBe(true);
    expectHeld(queue, 5, 6);
  });

  test("for a number never given out they are refused and forget nothing", () => {
    const queue = started();
    fill(queue, 1, 3);
    expect(acknowledge(queue, 4)).toBe(false);
    expect(acknowledge(queue, u32.MAX_VALUE)).toBe(false);
    expect(queue.count()).toBe(3);
    expect(acknowledge(queue, 3)).toBe(true);
    expect(acknowledge(queue, 4)).toBe(false);
  });

  test("over several sectors at once", () => {
    const queue = started();
    fill(queue, 1, 3000);
    expect(acknowledge(queue, 2700)).toBe(true);
    expectHeld(queue, 2701, 3000);
  });

  test("are written down after 64, so a restart forgets most of what was acknowledged", () => {
    const queue = started();
    fill(queue, 1, 200);
    acknowledge(queue, 63);
    expect(started().oldest()).toBe(1);
    resetStage();
    const again = started();
    fill(again, 1, 200);
    for (let sequence: u32 = 1; sequence <= 150; sequence++) acknowledge(again, sequence);
    expect(started().oldest()).toBe(129);
  });
});

describe("FlashQueue: restarts", () => {
  test("hold every reading pushed, under the same epoch and numbers", () => {
    const first = started();
    fill(first, 1, 1000);
    const second = started();
    expect(second.epoch()).toBe(first.epoch());
    expectHeld(second, 1, 1000);
  });

  test("after each single reading", () => {
    let count = 0;
    for (let number = 1; number <= 900; number++) {
      const queue = started();
      if (queue.count() == number - 1 && queue.oldest() == 1) count++;
      fill(queue, number, number);
    }
    expect(count).toBe(900);
    expectHeld(started(), 1, 900);
  });

  test("a pack ends where a boot ends", () => {
    const first = started();
    first.push(1, 1, 0);
    first.push(1, 2, 60);
    const second = started();
    second.push(1, 3, 0);
    started();
    const fourth = started();
    fourth.push(1, 4, 5);
    fourth.push(1, 5, 6);
    expect(drain(fourth).text).toBe("| 1 2 | 3 | 4 5 ");
  });

  test("commands taken are not taken again", () => {
    const first = started();
    expect(first.takeCommand(7)).toBe(true);
    expect(first.takeCommand(7)).toBe(false);
    expect(first.takeCommand(6)).toBe(false);
    const second = started();
    expect(second.lastCommand()).toBe(7);
    expect(second.takeCommand(8)).toBe(true);
    fill(second, 1, 2000);
    const third = started();
    expect(third.lastCommand()).toBe(8);
    expectHeld(third, 1, 2000);
  });
});

describe("FlashQueue: full", () => {
  test("the oldest sector goes, its readings are counted, and numbers are not given again", () => {
    sectors(3);
    const queue = started();
    const inSector = <i32>SECTOR_READINGS_MAX;
    fill(queue, 1, 3 * inSector);
    expect(queue.dropped()).toBe(0);
    fill(queue, 3 * inSector + 1, 3 * inSector + 1);
    expect(queue.dropped()).toBe(inSector);
    const restarted = started();
    expect(restarted.dropped()).toBe(inSector);
    expectHeld(restarted, inSector + 1, 3 * inSector + 1);
  });

  test("what was acknowledged in it does not count", () => {
    sectors(3);
    const queue = started();
    const inSector = <i32>SECTOR_READINGS_MAX;
    fill(queue, 1, 3 * inSector);
    acknowledge(queue, inSector - 10);
    fill(queue, 3 * inSector + 1, 4 * inSector);
    expect(queue.dropped()).toBe(10);
    expectHeld(queue, inSector + 1, 4 * inSector);
  });

  test("many times around, with and without acknowledgements", () => {
    sectors(2);
    const queue = started();
    fill(queue, 1, 20000);
    expect(queue.dropped() + queue.count()).toBe(20000);
    expect(queue.count()).toBeGreaterThan(SECTOR_READINGS_MAX);
    for (let number = 20001; number <= 30000; number++) {
      fill(queue, number, number);
      acknowledge(queue, number);
    }
    expect(queue.count()).toBe(0);
    expect(started().count()).toBeLessThanOrEqual(64);
  });

  test("a region of 4 MB: the largest ring, one and a half times around", () => {
    setFlashBytes(FLASH_REGION_MAX_BYTES);
    const queue = started();
    // One more than full: a restart would need a sector of its own.
    const readings = (QUEUE_SECTORS_MAX * 3 * <i32>SECTOR_READINGS_MAX) / 2 + 1;
    fill(queue, 1, readings);
    expect(queue.count()).toBeGreaterThan((QUEUE_SECTORS_MAX - 1) * SECTOR_READINGS_MAX);
    const restarted = started();
    expect(restarted.count()).toBe(queue.count());
    expectHeld(restarted, <i32>queue.oldest(), readings);
  });
});

describe("FlashQueue: epochs", () => {
  test("a new one numbers what is held from 1, and goes on after it", () => {
    const queue = started();
    fill(queue, 1, 700);
    acknowledge(queue, 300);
    const before = queue.epoch();
    queue.renew(0);
    expect(queue.epoch()).not.toBe(before);
    fill(queue, 701, 800);
    const restarted = started();
    expect(restarted.epoch()).toBe(queue.epoch());
    expectHeld(restarted, 301, 800, 300);
  });

  test("again and again, with restarts", () => {
    let queue = started();
    fill(queue, 1, 1000);
    for (let round = 1; round <= 10; round++) {
      expect(acknowledge(queue, 50)).toBe(true);
      queue.renew(0);
      expect(queue.oldest()).toBe(1);
      queue = started();
      fill(queue, 1000 + round, 1000 + round);
    }
    expect(queue.dropped()).toBe(0);
    expectHeld(queue, 501, 1010, 500);
  });

  test("of an empty queue begins with 1", () => {
    const queue = started();
    fill(queue, 1, 100);
    acknowledge(queue, 100);
    queue.renew(0);
    expect(queue.oldest()).toBe(1);
    expect(started().oldest()).toBe(1);
    expect(acknowledge(queue, 1)).toBe(false);
  });
});

describe("FlashQueue: flash that wears out", () => {
  test("a record goes behind a place that does not hold it", () => {
    const queue = started();
    fill(queue, 1, 10);
    setStuck(FLASH_QUEUE_OFFSET + 64 + 80 + 1, 0x50);
    fill(queue, 11, 20);
    expect(queue.dropped()).toBe(0);
    expectHeld(started(), 1, 20);
  });

  test("a sector that holds nothing more is left", () => {
    const queue = started();
    fill(queue, 1, 10);
    for (let at = 64 + 80; at < SECTOR_BYTES; at++) setStuck(FLASH_QUEUE_OFFSET + at, 0xff);
    fill(queue, 11, 20);
    expect(queue.dropped()).toBe(0);
    expectHeld(started(), 1, 20);
  });

  test("flash that takes nothing: readings are dropped, counted and logged", () => {
    const queue = started();
    fill(queue, 1, 10);
    setFlashWords(0);
    fill(queue, 11, 20);
    expect(queue.dropped()).toBe(10);
    expect(takeLog(buffer)).toBeGreaterThan(0);
    expect(queue.takeCommand(1)).toBe(false);
    expect(queue.lastCommand()).toBe(0);
    setFlashWords(-1);
  });
});

describe("NoQueue", () => {
  test("holds nothing and takes no commands", () => {
    const queue = new NoQueue();
    queue.push(1, 2, 3);
    expect(queue.count()).toBe(0);
    expect(queue.dropped()).toBe(1);
    expect(queue.rewind()).toBe(false);
    expect(acknowledge(queue, 0)).toBe(true);
    expect(queue.takeCommand(1)).toBe(false);
  });
});
