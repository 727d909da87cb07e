import { describe, expect, test } from "vitest";
import {
  GOLDEN_ACK,
  GOLDEN_ACK_DELAY,
  GOLDEN_DATA_ABSOLUTE,
  GOLDEN_DATA_RELATIVE,
  GOLDEN_HELLO,
  GOLDEN_STATE_OFFLINE,
  GOLDEN_STATE_ONLINE,
} from "../../runtime/contract/golden-vectors.ts";
import { NAME_MAX_BYTES } from "../../runtime/contract/limits.ts";
import { HelloKey, StateKey } from "../../runtime/contract/messages.ts";
import { decodeCbor, encodeCbor } from "./cbor-codec.ts";
import { decodeHello, decodeState, encodeAck } from "./messages.ts";
import { CLOCK_ARRIVAL, CLOCK_DEVICE, decodePack } from "./senml-pack.ts";

const EPOCH = 3735928559;
const NOW_MS = 1_800_000_000_000;
const bytes = (hex: string) => Buffer.from(hex, "hex");
const nothing = {
  rssiDbm: null,
  freeBytes: null,
  queued: null,
  dropped: null,
  reconnects: null,
  uptimeS: null,
  ignored: null,
};

describe("golden vectors of the contract", () => {
  test("hello", () => {
    expect(decodeHello(bytes(GOLDEN_HELLO))).toEqual({
      product: "counter",
      version: "0.1.0",
      board: 0,
      abi: 1,
      slot: 0,
      resetReason: 2,
      boots: 3,
      epoch: EPOCH,
    });
  });

  test("state", () => {
    expect(decodeState(bytes(GOLDEN_STATE_OFFLINE))).toEqual({ online: false, ...nothing });
    expect(decodeState(bytes(GOLDEN_STATE_ONLINE))).toEqual({
      online: true,
      rssiDbm: -67,
      freeBytes: 1234,
      queued: 2,
      dropped: 0,
      reconnects: 1,
      uptimeS: 86400,
      ignored: 0,
    });
  });

  test("data with a clock", () => {
    expect(decodePack(bytes(GOLDEN_DATA_ABSOLUTE), NOW_MS)).toEqual({
      epoch: EPOCH,
      firstSequence: 41,
      oldestSequence: 41,
      records: [
        { stored: true, stream: 0x5001, timeMs: 1_700_000_000_000, value: 7, clock: CLOCK_DEVICE },
        { stored: true, stream: 0x5001, timeMs: 1_700_000_060_000, value: 0, clock: CLOCK_DEVICE },
        { stored: true, stream: 0x5003, timeMs: 1_700_000_060_000, value: 70000, clock: CLOCK_DEVICE },
      ],
    });
  });

  test("data without a clock counts from its arrival", () => {
    expect(decodePack(bytes(GOLDEN_DATA_RELATIVE), NOW_MS)).toEqual({
      epoch: EPOCH,
      firstSequence: 1,
      oldestSequence: 1,
      records: [
        { stored: true, stream: 0x5c00, timeMs: NOW_MS - 300_000, value: 0, clock: CLOCK_ARRIVAL },
        { stored: true, stream: 0x5001, timeMs: NOW_MS, value: -2, clock: CLOCK_ARRIVAL },
      ],
    });
  });

  test("ack", () => {
    const ack = { epoch: EPOCH, sequence: 43, unixS: 1_700_000_060 };
    expect(Buffer.from(encodeAck(ack)).toString("hex")).toBe(GOLDEN_ACK);
    expect(Buffer.from(encodeAck({ ...ack, sequence: 0, reconnectDelayMs: 5000 })).toString("hex")).toBe(
      GOLDEN_ACK_DELAY,
    );
  });

  test.each([GOLDEN_HELLO, GOLDEN_DATA_ABSOLUTE, GOLDEN_DATA_RELATIVE, GOLDEN_STATE_ONLINE, GOLDEN_ACK])(
    "%s comes out of the encoder as it went in",
    (hex) => {
      const decoded = decodeCbor(bytes(hex));
      expect(decoded.ok && Buffer.from(encodeCbor(decoded.value)).toString("hex")).toBe(hex);
    },
  );
});

describe("hello and state that are wrong", () => {
  const hello = (...entries: Array<[unknown, unknown]>) =>
    decodeHello(encodeCbor(new Map([[HelloKey.Epoch, 1], ...entries] as never)));

  test("unknown keys are skipped, whatever they hold", () => {
    expect(hello([99, [1, 2]], ["later", null])).toMatchObject({ epoch: 1, product: null });
  });

  test("a text key is not the integer of the same digits", () => {
    expect(hello([`${HelloKey.Product}`, "counter"])).toMatchObject({ product: null });
  });

  test.each<[string, [unknown, unknown]]>([
    ["a product that is no text", [HelloKey.Product, 5]],
    ["a name too long", [HelloKey.Version, "v".repeat(NAME_MAX_BYTES + 1)]],
    ["a negative count", [HelloKey.Boots, -1]],
    ["a fraction", [HelloKey.Slot, 0.5]],
    ["an epoch beyond 32 bits", [HelloKey.Epoch, 2 ** 32]],
  ])("%s spoils it", (_what, entry) => {
    expect(hello(entry)).toBeNull();
  });

  test("without an epoch there is nothing to acknowledge", () => {
    expect(decodeHello(encodeCbor(new Map([[HelloKey.Product, "counter"]])))).toBeNull();
    expect(decodeState(encodeCbor(new Map([[StateKey.RssiDbm, -60]])))).toBeNull();
    expect(decodeState(encodeCbor([true]))).toBeNull();
  });
});
