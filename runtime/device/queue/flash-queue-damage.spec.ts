/** Contents that no power cut leaves: bits that have rotted, sectors of something else, noise. */
import { FLASH_QUEUE_OFFSET } from "../../contract/flash-map.ts";
import { QUEUE_HEADER_BYTES } from "../../contract/queue-format.ts";
import { drain } from "../testing/drained.ts";
import { putFlash, resetStage, setFlashBytes, takeFlash } from "../testing/stage.ts";
import { FlashQueue } from "./flash-queue.ts";
import { SECTOR_READINGS_MAX } from "./reading-log.ts";

const SECTOR_BYTES = 4096;
const IN_SECTOR: i32 = <i32>SECTOR_READINGS_MAX;
const buffer = memory.data(4096, 4);

/** Multiplicative congruential generator of Park and Miller ("minimal standard", CACM 31(10), 1988). */
let seed: u64 = 20240229;
function below(limit: u32): u32 {
  seed = (seed * 48271) % 2147483647;
  return <u32>(seed % limit);
}

function started(): FlashQueue {
  const queue = new FlashQueue();
  queue.begin();
  return queue;
}

function fill(queue: FlashQueue, from: i32, to: i32): void {
  for (let number = from; number <= to; number++) queue.push(1, number, number);
}

/** Sets bits of a byte of the queue, as a cell that has lost its charge reads. */
function rot(sector: i32, at: i32, bits: u8): void {
  const offset = FLASH_QUEUE_OFFSET + sector * SECTOR_BYTES + at;
  takeFlash(offset, buffer, 1);
  store<u8>(buffer, load<u8>(buffer) | bits);
  putFlash(offset, buffer, 1);
}

/** Whatever it holds, the queue can be emptied, and takes and gives readings and commands afterwards. */
function expectWorks(queue: FlashQueue): void {
  drain(queue);
  expect(queue.rewind()).toBe(false);
  const dropped = queue.dropped();
  fill(queue, 1, 50);
  expect(queue.dropped()).toBe(dropped);
  const restarted = started();
  const values = drain(restarted).values;
  // Acknowledgements of a moment ago may be forgotten.
  expect(values.length).toBeGreaterThanOrEqual(50);
  for (let i = 1; i <= 50; i++) expect(values[values.length - 51 + i]).toBe(i);
  const command = restarted.lastCommand();
  if (command != u32.MAX_VALUE) {
    expect(restarted.takeCommand(command + 1)).toBe(true);
    expect(started().lastCommand()).toBe(command + 1);
  }
}

beforeEach(() => {
  resetStage();
});

describe("FlashQueue: a record that has rotted", () => {
  test("in an older sector: what comes before it is kept, the rest of the sector is dropped", () => {
    fill(started(), 1, 3 * IN_SECTOR);
    rot(1, QUEUE_HEADER_BYTES + 8 * 100 + 4, 0xff);
    const queue = started();
    expect(queue.oldest()).toBe(1);
    const drained = drain(queue);
    expect(drained.count).toBe(2 * IN_SECTOR + 100);
    expect(drained.sequences[IN_SECTOR + 99]).toBe(IN_SECTOR + 100);
    expect(drained.sequences[IN_SECTOR + 100]).toBe(2 * IN_SECTOR + 1);
    expect(drained.values[IN_SECTOR + 100]).toBe(2 * IN_SECTOR + 1);
    expect(queue.dropped()).toBe(IN_SECTOR - 100);
    // A pack ends before the gap.
    expect(drained.packs.includes(IN_SECTOR + 100)).toBe(true);
    expectWorks(queue);
  });

  test("what was acknowledged in it is not dropped", () => {
    fill(started(), 1, 3 * IN_SECTOR);
    rot(0, QUEUE_HEADER_BYTES + 8 * 100 + 4, 0xff);
    const queue = started();
    queue.acknowledge(300);
    expect(queue.oldest()).toBe(IN_SECTOR + 1);
    expect(queue.dropped()).toBe(IN_SECTOR - 300);
  });

  test("in the newest sector: no number is given twice", () => {
    const first = started();
    fill(first, 1, 200);
    rot(0, QUEUE_HEADER_BYTES + 8 * 100 + 4, 0xff);
    const queue = started();
    fill(queue, 1001, 1001);
    const drained = drain(queue);
    expect(drained.count).toBe(101);
    expect(drained.values[99]).toBe(100);
    expect(drained.values[100]).toBe(1001);
    expect(drained.sequences[100]).toBe(201);
    expect(queue.dropped()).toBe(100);
    expect(queue.epoch()).toBe(first.epoch());
    expectWorks(queue);
  });

  test("an older header: what lies before it is dropped too", () => {
    fill(started(), 1, 3 * IN_SECTOR);
    rot(1, 8, 0xff);
    rot(1, 9, 0xff);
    const queue = started();
    expect(queue.oldest()).toBe(2 * IN_SECTOR + 1);
    expect(queue.dropped()).toBe(2 * IN_SECTOR);
    expectWorks(queue);
  });

  test("an older header, while the queue is in use", () => {
    const queue = started();
    fill(queue, 1, 3 * IN_SECTOR);
    rot(1, 8, 0xff);
    rot(1, 9, 0xff);
    const drained = drain(queue);
    expect(drained.count).toBe(2 * IN_SECTOR);
    expect(drained.sequences[IN_SECTOR]).toBe(2 * IN_SECTOR + 1);
    expect(queue.dropped()).toBe(IN_SECTOR);
  });

  test("the newest header: the sector before is the newest, and numbers are given again", () => {
    const first = started();
    fill(first, 1, 2 * IN_SECTOR + 10);
    rot(2, 8, 0xff);
    rot(2, 9, 0xff);
    const queue = started();
    expect(queue.count()).toBe(2 * IN_SECTOR);
    // That is what a server that has more tells: the session then begins a new epoch.
    expect(queue.acknowledge(2 * IN_SECTOR + 10)).toBe(false);
    expectWorks(queue);
  });
});

describe("FlashQueue: noise", () => {
  test("random bytes in the whole area: begins anew, 30 times", () => {
    for (let round = 0; round < 30; round++) {
      setFlashBytes(FLASH_QUEUE_OFFSET + 3 * SECTOR_BYTES);
      for (let sector = 0; sector < 3; sector++) {
        for (let i = 0; i < SECTOR_BYTES; i++) store<u8>(buffer + i, below(256));
        putFlash(FLASH_QUEUE_OFFSET + sector * SECTOR_BYTES, buffer, SECTOR_BYTES);
      }
      const queue = started();
      expect(queue.count()).toBe(0);
      expectWorks(queue);
    }
  });

  test("valid headers over random bytes, 30 times", () => {
    for (let round = 0; round < 30; round++) {
      setFlashBytes(FLASH_QUEUE_OFFSET + 4 * SECTOR_BYTES);
      fill(started(), 1, 4 * IN_SECTOR);
      for (let sector = 0; sector < 4; sector++) {
        const from = QUEUE_HEADER_BYTES + <i32>below(SECTOR_BYTES - QUEUE_HEADER_BYTES);
        for (let i = from; i < SECTOR_BYTES; i++) {
          // Mostly plausible kinds of records.
          store<u8>(buffer + i, (i & 3) == 3 ? below(6) << 4 : below(256));
        }
        putFlash(FLASH_QUEUE_OFFSET + sector * SECTOR_BYTES + from, buffer + from, SECTOR_BYTES - from);
      }
      expectWorks(started());
    }
  });

  test("single bytes anywhere, 400 of them one after the other", () => {
    setFlashBytes(FLASH_QUEUE_OFFSET + 4 * SECTOR_BYTES);
    for (let round = 0; round < 300; round++) {
      const queue = started();
      fill(queue, 1, <i32>below(100));
      if (below(3) == 0) queue.acknowledge(queue.oldest() + below(queue.count() + 1));
      if (below(50) == 0) queue.renew();
      store<u8>(buffer, below(256));
      putFlash(FLASH_QUEUE_OFFSET + below(4 * SECTOR_BYTES), buffer, 1);
    }
    expectWorks(started());
  });
});
