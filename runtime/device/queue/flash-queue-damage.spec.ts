/** Contents that no power cut leaves: bits that have rotted, sectors of something else, noise. */
import { FLASH_QUEUE_OFFSET } from "../../contract/flash-map.ts";
import {
  QUEUE_CRC_OFFSET,
  QUEUE_FIRST_OFFSET,
  QUEUE_HEADER_BYTES,
  QUEUE_LONG_BYTES,
  QueueRecord,
} from "../../contract/queue-format.ts";
import { acknowledge, drain } from "../testing/drained.ts";
import {
  bringBackFlash,
  keepFlash,
  putFlash,
  resetStage,
  setFlashBytes,
  setStuck,
  takeFlash,
} from "../testing/stage.ts";
import { FlashQueue } from "./flash-queue.ts";
import { LogRecord } from "./log-record.ts";
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

/** Turns over one bit of a sector's header. */
function flip(sector: i32, bit: i32): void {
  const offset = FLASH_QUEUE_OFFSET + sector * SECTOR_BYTES + bit / 8;
  takeFlash(offset, buffer, 1);
  store<u8>(buffer, load<u8>(buffer) ^ ((<u8>1) << (<u8>(bit & 7))));
  putFlash(offset, buffer, 1);
}

/** More than the CRC puts right; magic, sequence and epoch stay. */
function ruin(sector: i32): void {
  for (let byte = 0; byte < 4; byte++) flip(sector, 8 * (QUEUE_FIRST_OFFSET + byte) + below(8));
  flip(sector, 8 * QUEUE_CRC_OFFSET + below(32));
}

function expectAll(queue: FlashQueue, from: i32, to: i32): void {
  expect(queue.oldest()).toBe(from);
  const drained = drain(queue);
  expect(drained.count).toBe(to - from + 1);
  let wrong = 0;
  for (let i = 0; i < drained.count; i++) {
    if (drained.values[i] != from + i || drained.sequences[i] != <u32>(from + i)) wrong++;
    if (drained.uptimes[i] != <u32>(from + i)) wrong++;
  }
  expect(wrong).toBe(0);
  expect(queue.dropped()).toBe(0);
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
});

describe("FlashQueue: a header that has rotted", () => {
  test("any one bit of any header: nothing is lost", () => {
    setFlashBytes(FLASH_QUEUE_OFFSET + 4 * SECTOR_BYTES);
    fill(started(), 1, 3 * IN_SECTOR);
    for (let sector = 0; sector < 3; sector++) {
      for (let bit = 0; bit < 8 * QUEUE_HEADER_BYTES; bit++) {
        keepFlash();
        flip(sector, bit);
        const queue = started();
        if (queue.oldest() != 1 || queue.count() != 3 * IN_SECTOR) {
          expect(sector * 10000 + bit).toBe(-1, "bit that was not put right");
        }
        if (bit % 37 == 0) expectAll(queue, 1, 3 * IN_SECTOR);
        bringBackFlash();
      }
    }
  });

  test("an older one beyond repair: its readings go on where those of the sector before end", () => {
    fill(started(), 1, 4 * IN_SECTOR + 5);
    ruin(1);
    const queue = started();
    expectAll(queue, 1, 4 * IN_SECTOR + 5);
    expectWorks(queue);
  });

  test("two in a row", () => {
    const first = started();
    // A long reading does not fit behind the last short one: two words stay blank.
    fill(first, 1, IN_SECTOR - 1);
    fill(first, 10000, 10000);
    fill(first, IN_SECTOR + 1, 4 * IN_SECTOR);
    ruin(1);
    ruin(2);
    const queue = started();
    expect(queue.count()).toBe(4 * IN_SECTOR);
    const drained = drain(queue);
    expect(drained.count).toBe(4 * IN_SECTOR);
    expect(drained.values[IN_SECTOR - 1]).toBe(10000);
    expect(drained.values[3 * IN_SECTOR]).toBe(3 * IN_SECTOR + 1);
    expect(queue.dropped()).toBe(0);
    expectWorks(queue);
  });

  test("while the queue is in use: what cannot be placed is dropped, and what follows is not", () => {
    const queue = started();
    fill(queue, 1, 4 * IN_SECTOR);
    ruin(1);
    const drained = drain(queue);
    expect(drained.count).toBe(3 * IN_SECTOR);
    expect(drained.sequences[IN_SECTOR]).toBe(2 * IN_SECTOR + 1);
    expect(drained.values[IN_SECTOR]).toBe(2 * IN_SECTOR + 1);
    expect(queue.dropped()).toBe(IN_SECTOR);
  });

  test("the oldest held, with the one before it gone: only its own readings are dropped", () => {
    setFlashBytes(FLASH_QUEUE_OFFSET + 4 * SECTOR_BYTES);
    fill(started(), 1, 6 * IN_SECTOR);
    // Sectors 3 to 6 are held; the third of them stands in slot 0.
    ruin(2);
    const queue = started();
    expect(queue.oldest()).toBe(3 * IN_SECTOR + 1);
    expect(queue.dropped()).toBe(3 * IN_SECTOR);
    expectWorks(queue);
  });

  test("in another epoch than the one before: the older one is given up", () => {
    const first = started();
    fill(first, 1, IN_SECTOR + 5);
    acknowledge(first, 10);
    first.renew(0);
    fill(first, IN_SECTOR + 6, 3 * IN_SECTOR);
    ruin(2);
    const queue = started();
    const drained = drain(queue);
    // What is told has the number that it always had.
    for (let i = 0; i < drained.count; i++) expect(drained.values[i] - 10).toBe(<i32>drained.sequences[i]);
    expect(drained.count).toBeGreaterThan(0);
    expectWorks(queue);
  });

  test("the newest one beyond repair: its readings are kept, and no number is given twice", () => {
    const first = started();
    fill(first, 1, 2 * IN_SECTOR + 10);
    ruin(2);
    const queue = started();
    expect(queue.epoch()).toBe(first.epoch());
    fill(queue, 2 * IN_SECTOR + 11, 2 * IN_SECTOR + 12);
    expect(queue.count()).toBe(2 * IN_SECTOR + 12);
    expect(started().count()).toBe(2 * IN_SECTOR + 12);
    expect(queue.dropped()).toBe(0);
    expectWorks(queue);
  });

  test("the newest one, all of it: the server is ahead, and only what it cannot have is told again", () => {
    const first = started();
    fill(first, 1, 2 * IN_SECTOR + 10);
    for (let bit = 0; bit < 8 * QUEUE_HEADER_BYTES; bit += 3) flip(2, bit);
    const queue = started();
    expect(queue.count()).toBe(2 * IN_SECTOR);
    fill(queue, 7001, 7003);
    // Before anything was sent in this run, such an answer can only mean numbers that are given out again.
    expect(queue.acknowledge(2 * IN_SECTOR + 2)).toBe(false);
    queue.renew(2 * IN_SECTOR + 2);
    const drained = drain(queue);
    expect(drained.values.join()).toBe("7001,7002,7003");
    expect(drained.sequences.join()).toBe("1,2,3");
    expectWorks(queue);
  });

  test("a server that is ahead by far knows of somebody else: everything is kept", () => {
    fill(started(), 1, 100);
    const queue = started();
    fill(queue, 101, 103);
    expect(queue.acknowledge(1000000)).toBe(false);
    queue.renew(1000000);
    expectAll(queue, 1, 103);
  });
});

describe("FlashQueue: a header that has rotted, and more", () => {
  test("two bits anywhere in the newest one: nothing is lost", () => {
    for (let round = 0; round < 200; round++) {
      resetStage();
      fill(started(), 1, IN_SECTOR + 100);
      flip(1, <i32>below(8 * QUEUE_HEADER_BYTES));
      flip(1, <i32>below(8 * QUEUE_HEADER_BYTES));
      const queue = started();
      if (queue.count() != IN_SECTOR + 100 || queue.dropped() != 0) expect(round).toBe(-1, "round that lost readings");
    }
  });

  test("behind a sector that a start left early: what was known of that start is lost, so its readings are dropped", () => {
    const readings = IN_SECTOR - 4;
    fill(started(), 1, readings);
    fill(started(), 1, IN_SECTOR + 50);
    ruin(1);
    const queue = started();
    const drained = drain(queue);
    expect(drained.count).toBe(readings + 50);
    expect(drained.sequences[readings]).toBe(readings + IN_SECTOR + 1);
    expect(queue.dropped()).toBe(IN_SECTOR);
  });

  test("a good header of another sector: readings never get its numbers", () => {
    fill(started(), 1, 5 * IN_SECTOR);
    for (let at = 0; at < SECTOR_BYTES; at += 256) {
      takeFlash(FLASH_QUEUE_OFFSET + SECTOR_BYTES + at, buffer, 256);
      putFlash(FLASH_QUEUE_OFFSET + 3 * SECTOR_BYTES + at, buffer, 256);
    }
    const drained = drain(started());
    for (let i = 0; i < drained.count; i++) expect(drained.values[i]).toBe(<i32>drained.sequences[i]);
    expect(drained.count).toBeGreaterThanOrEqual(IN_SECTOR);
  });

  test("worn out, one bit of it: it is put right each time", () => {
    for (let bit = 0; bit < 8 * QUEUE_HEADER_BYTES; bit += 13) {
      resetStage();
      const queue = started();
      fill(queue, 1, 100);
      setStuck(FLASH_QUEUE_OFFSET + SECTOR_BYTES + bit / 8, 1 << (bit & 7));
      fill(queue, 101, 2 * IN_SECTOR);
      if (queue.dropped() != 0 || started().count() != 2 * IN_SECTOR)
        expect(bit).toBe(-1, "bit that stopped the queue");
    }
  });

  test("worn out, more of it: the sector is left out, for ever", () => {
    setFlashBytes(FLASH_QUEUE_OFFSET + 4 * SECTOR_BYTES);
    for (let at = 0; at < 8; at++) setStuck(FLASH_QUEUE_OFFSET + 2 * SECTOR_BYTES + at * 4, 0xff);
    const queue = started();
    fill(queue, 1, 10 * IN_SECTOR + 5);
    const held = queue.count();
    expect(held).toBeGreaterThanOrEqual(2 * IN_SECTOR);
    expect(queue.dropped() + held).toBe(10 * IN_SECTOR + 5);
    const again = started();
    expect(again.count()).toBe(held);
    const drained = drain(again);
    expect(drained.count).toBe(<i32>held);
    expect(drained.values[<i32>held - 1]).toBe(10 * IN_SECTOR + 5);
  });
});

describe("FlashQueue: the oldest reading rots while the queue is in use", () => {
  test("what follows in later sectors is sent all the same", () => {
    const queue = started();
    fill(queue, 1, 2 * IN_SECTOR + 10);
    rot(0, QUEUE_HEADER_BYTES + 4, 0xff);
    expect(queue.rewind()).toBe(true);
    expect(queue.sequence()).toBe(IN_SECTOR + 1);
    expect(queue.dropped()).toBe(IN_SECTOR);
    expectWorks(queue);
  });
});

describe("FlashQueue: a mark that has rotted", () => {
  test("a reading before it has: the command stays taken", () => {
    const first = started();
    fill(first, 1, 100);
    acknowledge(first, 100);
    expect(first.takeCommand(7)).toBe(true);
    rot(0, QUEUE_HEADER_BYTES + 8 * 50 + 4, 0xff);
    const queue = started();
    expect(queue.lastCommand()).toBe(7);
    expect(queue.takeCommand(7)).toBe(false);
  });

  test("an acknowledgement of readings of the future is not believed", () => {
    const first = started();
    fill(first, 1, 200);
    acknowledge(first, 100);
    fill(first, 201, 210);
    const mark = QUEUE_HEADER_BYTES + 8 * 200;
    takeFlash(FLASH_QUEUE_OFFSET + mark, buffer, 16);
    expect(load<u32>(buffer, 4)).toBe(100);
    // Another mark that is valid: as many zeros, elsewhere.
    const forged = new LogRecord();
    forged.long(QueueRecord.Taken, 0, 100000, 0);
    putFlash(FLASH_QUEUE_OFFSET + mark, forged.pointer, QUEUE_LONG_BYTES);
    const queue = started();
    expect(queue.oldest()).toBe(1);
    expect(queue.count()).toBe(210);
    expect(queue.dropped()).toBe(0);
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
      if (below(50) == 0) queue.renew(0);
      store<u8>(buffer, below(256));
      putFlash(FLASH_QUEUE_OFFSET + below(4 * SECTOR_BYTES), buffer, 1);
    }
    expectWorks(started());
  });
});
