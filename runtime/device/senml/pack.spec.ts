import { GOLDEN_DATA_ABSOLUTE, GOLDEN_DATA_RELATIVE } from "../../contract/golden-vectors.ts";
import { PACK_SEND_BYTES, PACK_SEND_READINGS } from "../../contract/limits.ts";
import { CborWriter } from "../cbor/writer.ts";
import { RamQueue } from "../queue/ram-queue.ts";
import { hexOf, putHex } from "../testing/hex.ts";
import { putRandom, resetStage } from "../testing/stage.ts";
import { writePack } from "./pack.ts";

const buffer = memory.data(PACK_SEND_BYTES);
const writer = new CborWriter();

/** An empty queue of epoch 3735928559 whose next reading has sequence number `next`. */
function queueAt(next: u32): RamQueue {
  putHex(buffer, "efbeadde");
  putRandom(buffer, 4);
  const queue = new RamQueue(32);
  queue.begin();
  for (let sequence: u32 = 1; sequence < next; sequence++) {
    queue.push(0, 0, 0);
    queue.acknowledge(sequence);
  }
  return queue;
}

function packOf(queue: RamQueue, uptimeS: u32, unixS: u32): string {
  writer.begin(buffer, PACK_SEND_BYTES);
  writePack(writer, queue, queue.count(), uptimeS, unixS);
  expect(writer.overflow).toBe(false);
  return hexOf(writer.start, writer.length);
}

beforeEach(() => {
  resetStage();
});

describe("writePack", () => {
  test("with a clock: absolute times, each from the reading's age", () => {
    const queue = queueAt(41);
    queue.push(0x5001, 7, 1000);
    queue.push(0x5001, 0, 1060);
    queue.push(0x5003, 70000, 1060);
    expect(packOf(queue, 1090, 1700000090)).toBe(GOLDEN_DATA_ABSOLUTE);
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

  test("a full pack of the largest values fits PACK_SEND_BYTES", () => {
    const queue = queueAt(1);
    for (let i = 0; i < PACK_SEND_READINGS; i++) queue.push(0x5fff, i32.MIN_VALUE, i == 0 ? 0 : 0x7fffffff);
    // "sq" and "ol" are one byte here and five at most.
    const shortBytes = 2 * 4;
    packOf(queue, 0x7fffffff, 0xffffffff);
    expect(writer.length + shortBytes).toBeLessThanOrEqual(PACK_SEND_BYTES);
    packOf(queue, 0x7fffffff, 0);
    expect(writer.length + shortBytes).toBeLessThanOrEqual(PACK_SEND_BYTES);
  });
});
