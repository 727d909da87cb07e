import { GOLDEN_DATA_SIGNED } from "../../contract/golden-vectors.ts";
import { PACK_SEND_BYTES, PACK_SEND_READINGS, PACK_SIGNED_READINGS } from "../../contract/limits.ts";
import { CborWriter } from "../cbor/writer.ts";
import { hmac_sha256 } from "../imports/host.ts";
import { writePack } from "../senml/pack.ts";
import { acknowledge } from "../testing/drained.ts";
import { hexOf, putHex } from "../testing/hex.ts";
import { putRandom, resetStage } from "../testing/stage.ts";
import { HoldingQueue, PackSigner } from "./holding-queue.ts";

const buffer = memory.data(PACK_SEND_BYTES);
const writer = new CborWriter();

/** Signs stream 0x5003, with the secret "lintel". */
class Signer implements PackSigner {
  isSigned(stream: u32): bool {
    return stream == 0x5003;
  }

  sign(pointer: usize, length: u32, signature: usize): void {
    const secret = String.UTF8.encode("lintel");
    hmac_sha256(changetype<usize>(secret), secret.byteLength, pointer, length, signature);
  }
}

function started(): HoldingQueue {
  const queue = new HoldingQueue();
  queue.begin();
  return queue;
}

/** What would be sent now: the number of the last reading; 0 = nothing. */
function sent(queue: HoldingQueue): u32 {
  writer.begin(buffer, PACK_SEND_BYTES);
  return writePack(writer, queue, 1000, 0);
}

beforeEach(() => {
  resetStage();
});

describe("HoldingQueue", () => {
  test("what is held stays until it is released, in parts too", () => {
    const queue = started();
    queue.push(1, 10, 1);
    expect(queue.hold(2, 20, 2)).toBe(2);
    expect(queue.hold(2, 21, 3)).toBe(3);
    expect(queue.held).toBe(2);
    expect(sent(queue)).toBe(1);
    acknowledge(queue, 1);
    expect(sent(queue)).toBe(0);
    expect(queue.count()).toBe(2);
    queue.release(1);
    expect(sent(queue)).toBe(0);
    queue.release(2);
    expect(sent(queue)).toBe(2);
    expect(queue.held).toBe(1);
    queue.release(9);
    expect(sent(queue)).toBe(3);
    expect(queue.held).toBe(0);
    expect(queue.hold(2, 22, 4)).toBe(4);
    expect(queue.held).toBe(1);
    queue.releaseAll();
    expect(sent(queue)).toBe(4);
    expect(queue.held).toBe(0);
  });

  test("a reading that goes takes along what is before it, and not what is held after it", () => {
    const queue = started();
    queue.hold(2, 20, 2);
    queue.push(1, 10, 3);
    queue.hold(2, 21, 4);
    expect(sent(queue)).toBe(2);
    acknowledge(queue, 2);
    expect(sent(queue)).toBe(0);
    expect(queue.held).toBe(1);
  });

  test("what went along with a later reading is released already: that reading stays free", () => {
    const queue = started();
    const held = queue.hold(2, 20, 2);
    queue.push(1, 10, 3);
    queue.release(held);
    expect(queue.held).toBe(0);
    expect(sent(queue)).toBe(2);
  });

  test("a start finds what was held, and its own first reading lets it go", () => {
    const before = started();
    before.hold(2, 20, 2);
    before.hold(2, 21, 3);
    const queue = started();
    queue.push(0x5c00, 0, 0);
    expect(queue.count()).toBe(3);
    // Of the start before; the other one is of a pack of its own.
    expect(sent(queue)).toBe(2);
  });

  test("with a new epoch everything goes", () => {
    const queue = started();
    for (let i = 1; i <= 5; i++) queue.hold(2, i, i);
    queue.renew(3);
    expect(queue.held).toBe(0);
    expect(queue.count()).toBe(5);
    expect(sent(queue)).toBe(5);
  });

  test("of what is held the oldest is dropped when the queue is full; it holds on to the rest", () => {
    const queue = started();
    let held: u32 = 0;
    while (queue.dropped() == 0) held = queue.hold(2, 7, ++held);
    expect(queue.held).toBe(queue.count());
    expect(sent(queue)).toBe(0);
    queue.release(held);
    expect(sent(queue)).toBe(queue.oldest() + PACK_SEND_READINGS - 1);
  });

  test("the golden pack: signed, because one of its readings is", () => {
    putHex(buffer, "efbeadde");
    putRandom(buffer, 4);
    const queue = started();
    queue.signer = new Signer();
    for (let sequence: u32 = 1; sequence < 41; sequence++) {
      queue.push(0, 0, 0);
      acknowledge(queue, sequence);
    }
    queue.push(0x5001, 7, 1000);
    queue.push(0x5001, 0, 1060);
    queue.push(0x5003, 70000, 1060);
    writer.begin(buffer, PACK_SEND_BYTES);
    writePack(writer, queue, 1090, 1700000090);
    expect(hexOf(writer.start, writer.length)).toBe(GOLDEN_DATA_SIGNED);
  });

  test("a signed pack of the largest values fits PACK_SEND_BYTES", () => {
    const before = started();
    before.learnTime(1700000000, 0, 0xffff);
    const without = started();
    for (let i = 0; i < PACK_SEND_READINGS; i++) without.push(0x5003, i32.MIN_VALUE, i == 0 ? 0 : 0x7fffffff);
    const queue = started();
    queue.signer = new Signer();
    // "sq" and "ol" are one byte here and five at most.
    const shortBytes = 2 * 4;
    writer.begin(buffer, PACK_SEND_BYTES);
    expect(writePack(writer, queue, 0x1fffffff, 0xffffffff)).toBe(PACK_SIGNED_READINGS);
    expect(writer.overflow).toBe(false);
    expect(writer.length + shortBytes).toBeLessThanOrEqual(PACK_SEND_BYTES);
    expect(writer.length).toBeGreaterThan(PACK_SEND_BYTES - 40);
  });
});
