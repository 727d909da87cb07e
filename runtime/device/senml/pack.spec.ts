import {
  GOLDEN_DATA_ABSOLUTE,
  GOLDEN_DATA_ERROR,
  GOLDEN_DATA_ESTIMATED,
  GOLDEN_DATA_RELATIVE,
} from "../../contract/golden-vectors.ts";
import { PACK_SEND_BYTES, PACK_SEND_READINGS } from "../../contract/limits.ts";
import { CborWriter } from "../cbor/writer.ts";
import { FlashQueue } from "../queue/flash-queue.ts";
import { acknowledge } from "../testing/drained.ts";
import { hexOf, putHex } from "../testing/hex.ts";
import { putRandom, resetStage } from "../testing/stage.ts";
import { writePack } from "./pack.ts";

const buffer = memory.data(PACK_SEND_BYTES);
const writer = new CborWriter();

function started(): FlashQueue {
  const queue = new FlashQueue();
  queue.begin();
  return queue;
}

/** An empty queue of epoch 3735928559 whose next reading has sequence number `next`. */
function queueAt(next: u32): FlashQueue {
  putHex(buffer, "efbeadde");
  putRandom(buffer, 4);
  const queue = started();
  for (let sequence: u32 = 1; sequence < next; sequence++) {
    queue.push(0, 0, 0);
    acknowledge(queue, sequence);
  }
  return queue;
}

function packOf(queue: FlashQueue, uptimeS: u32, unixS: u32): string {
  writer.begin(buffer, PACK_SEND_BYTES);
  writePack(writer, queue, uptimeS, unixS);
  expect(writer.overflow).toBe(false);
  return hexOf(writer.start, writer.length);
}

beforeEach(() => {
  resetStage();
});

describe("writePack", () => {
  test("with a clock: absolute times, each from the reading's uptime", () => {
    const queue = queueAt(41);
    queue.push(0x5001, 7, 1000);
    queue.push(0x5001, 0, 1060);
    queue.push(0x5003, 70000, 1060);
    expect(packOf(queue, 1090, 1700000090)).toBe(GOLDEN_DATA_ABSOLUTE);
  });

  test("with the error of the clock: 3 s, and a second that it may drift in a minute", () => {
    const queue = queueAt(1);
    queue.push(0x5001, 7, 60);
    queue.learnTime(1700000060, 60, 3);
    queue.push(0x5001, 8, 120);
    expect(packOf(queue, 130, 1700000130)).toBe(GOLDEN_DATA_ERROR);
  });

  test("an earlier boot that never knew the time: the middle of what is possible", () => {
    const before = queueAt(1);
    before.learnTime(1700000100, 100, 2);
    const without = started();
    without.push(0x5001, 9, 10);
    without.push(0x5001, -9, 70);
    const queue = started();
    queue.push(0x5001, 1, 0);
    queue.learnTime(1700086400, 400, 4);
    // From 1700000098 to 1700086000 - 70, give or take 5 and one for the span.
    expect(packOf(queue, 400, 1700086400)).toBe(GOLDEN_DATA_ESTIMATED);
  });

  test("without a clock: seconds before the present", () => {
    const queue = queueAt(1);
    queue.push(0x5c00, 0, 0);
    queue.push(0x5001, -2, 300);
    expect(packOf(queue, 300, 0)).toBe(GOLDEN_DATA_RELATIVE);
  });

  test("a clock too early for absolute times is none (RFC 8428 section 4.5.3: they begin at 2^28)", () => {
    const queue = queueAt(1);
    queue.push(0x5c00, 0, 0);
    queue.push(0x5001, -2, 300);
    expect(packOf(queue, 300, 268435456 + 299)).toBe(GOLDEN_DATA_RELATIVE);
    const absolute = packOf(queue, 300, 268435456 + 300);
    expect(absolute.substr(0, 16)).toBe("82a7221a10000000");
  });

  test("returns the last sequence number; of an empty queue it writes nothing", () => {
    const queue = queueAt(1);
    writer.begin(buffer, PACK_SEND_BYTES);
    expect(writePack(writer, queue, 0, 0)).toBe(0);
    expect(writer.length).toBe(0);
    for (let i: u32 = 1; i <= <u32>PACK_SEND_READINGS + 5; i++) queue.push(1, i, i);
    expect(writePack(writer, queue, 100, 0)).toBe(PACK_SEND_READINGS);
    queue.acknowledge(PACK_SEND_READINGS);
    writer.begin(buffer, PACK_SEND_BYTES);
    expect(writePack(writer, queue, 100, 0)).toBe(PACK_SEND_READINGS + 5);
  });

  test("a full pack of the largest values fits PACK_SEND_BYTES", () => {
    const before = queueAt(1);
    before.learnTime(1700000000, 0, 0xffff);
    const queue = started();
    for (let i = 0; i < PACK_SEND_READINGS; i++) queue.push(0x5fff, i32.MIN_VALUE, i == 0 ? 0 : 0x7fffffff);
    started();
    // "sq" and "ol" are one byte here and five at most.
    const shortBytes = 2 * 4;
    packOf(started(), 0x1fffffff, 0xffffffff);
    expect(writer.length + shortBytes).toBeLessThanOrEqual(PACK_SEND_BYTES);
    packOf(started(), 0x7fffffff, 0);
    expect(writer.length + shortBytes).toBeLessThanOrEqual(PACK_SEND_BYTES);
    packOf(queue, 0x7fffffff, 0xffffffff);
    expect(writer.length + shortBytes).toBeLessThanOrEqual(PACK_SEND_BYTES);
  });
});
