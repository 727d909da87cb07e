import { describe, expect, test } from "vitest";
import { CONFIG_MAX_BYTES } from "../../runtime/contract/config-record.ts";
import {
  GOLDEN_ACK,
  GOLDEN_ACK_DELAY,
  GOLDEN_DATA_ABSOLUTE,
  GOLDEN_DATA_ERROR,
  GOLDEN_DATA_ESTIMATED,
  GOLDEN_DATA_RELATIVE,
  GOLDEN_HELLO,
  GOLDEN_HELLO_MORE,
  GOLDEN_STATE_OFFLINE,
  GOLDEN_STATE_ONLINE,
} from "../../runtime/contract/golden-vectors.ts";
import { NAME_MAX_BYTES } from "../../runtime/contract/limits.ts";
import { HelloKey, StateKey } from "../../runtime/contract/messages.ts";
import { UpdateFailure } from "../../runtime/contract/update-messages.ts";
import { decodeCbor, encodeCbor } from "./cbor-codec.ts";
import { decodeHello, decodeState, encodeAck } from "./messages.ts";
import { CLOCK_ARRIVAL, CLOCK_DEVICE, CLOCK_ESTIMATED, decodePack } from "./senml-pack.ts";

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
      image: null,
      isTrial: false,
      failure: null,
      failedImage: null,
      configVersion: null,
      graphVersion: null,
      settings: null,
    });
  });

  test("hello with settings: bytes, as long as a configuration at most; anything else spoils it", () => {
    const hello = (settings: unknown) =>
      decodeHello(
        encodeCbor(
          new Map<number, unknown>([
            [HelloKey.Epoch, 1],
            [HelloKey.Settings, settings],
          ]),
        ),
      );
    expect([...(hello(Uint8Array.of(0xa0))?.settings ?? [])]).toEqual([0xa0]);
    expect(hello(new Uint8Array(CONFIG_MAX_BYTES))?.settings).toHaveLength(CONFIG_MAX_BYTES);
    expect(hello(new Uint8Array(CONFIG_MAX_BYTES + 1))).toBeNull();
    expect(hello(new Map())).toBeNull();
  });

  test("hello with all that is told only when there is something to tell", () => {
    const hello = decodeHello(bytes(GOLDEN_HELLO_MORE));
    expect(hello).toMatchObject({ isTrial: true, failure: 18, configVersion: 300 });
    expect([hello?.image, hello?.failedImage].map((id) => Buffer.from(id ?? []).toString("hex"))).toEqual([
      "0102030405060708",
      "1112131415161718",
    ]);
  });

  test("data that says how sure its times are", () => {
    expect(decodePack(bytes(GOLDEN_DATA_ERROR), NOW_MS)).toMatchObject({
      timeErrorS: 4,
      records: [{ timeMs: 1_700_000_060_000, clock: CLOCK_DEVICE }, { clock: CLOCK_DEVICE }],
    });
    expect(decodePack(bytes(GOLDEN_DATA_ESTIMATED), NOW_MS)).toMatchObject({
      timeErrorS: 42_924,
      records: [{ timeMs: 1_700_043_024_000, clock: CLOCK_ESTIMATED }, { clock: CLOCK_ESTIMATED }],
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
      timeErrorS: null,
      signature: null,
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
      timeErrorS: null,
      signature: null,
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

  test.each([
    GOLDEN_HELLO,
    GOLDEN_HELLO_MORE,
    GOLDEN_DATA_ERROR,
    GOLDEN_DATA_ESTIMATED,
    GOLDEN_DATA_ABSOLUTE,
    GOLDEN_DATA_RELATIVE,
    GOLDEN_STATE_ONLINE,
    GOLDEN_ACK,
  ])("%s comes out of the encoder as it went in", (hex) => {
    const decoded = decodeCbor(bytes(hex));
    expect(decoded.ok && Buffer.from(encodeCbor(decoded.value)).toString("hex")).toBe(hex);
  });
});

describe("hello and state that are wrong", () => {
  const hello = (...entries: Array<[unknown, unknown]>) =>
    decodeHello(encodeCbor(new Map([[HelloKey.Epoch, 1], ...entries] as never)));

  test("unknown keys are skipped, whatever they hold", () => {
    expect(hello([99, [1, 2]], ["later", null])).toMatchObject({ epoch: 1, product: null });
  });

  test("what runs, what failed, and the configuration", () => {
    const image = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
    const failedImage = Uint8Array.of(8, 7, 6, 5, 4, 3, 2, 1);
    const decoded = hello(
      [HelloKey.Image, image],
      [HelloKey.Failure, UpdateFailure.Hang],
      [HelloKey.FailedImage, failedImage],
      [HelloKey.Trial, true],
      [HelloKey.ConfigVersion, 9],
    );
    expect(decoded).toMatchObject({ isTrial: true, failure: UpdateFailure.Hang, configVersion: 9 });
    expect([...(decoded?.image ?? [])]).toEqual([...image]);
    expect([...(decoded?.failedImage ?? [])]).toEqual([...failedImage]);
  });

  test("a text key is not the integer of the same digits", () => {
    expect(hello([`${HelloKey.Product}`, "counter"])).toMatchObject({ product: null });
  });

  test.each<[string, [unknown, unknown]]>([
    ["a product that is no text", [HelloKey.Product, 5]],
    ["a name too long", [HelloKey.Version, "v".repeat(NAME_MAX_BYTES + 1)]],
    ["a negative count", [HelloKey.Boots, -1]],
    ["a fraction", [HelloKey.Slot, 0.5]],
    ["an image id too short", [HelloKey.Image, new Uint8Array(7)]],
    ["an image id of text", [HelloKey.FailedImage, "00112233"]],
    ["a trial that is a number", [HelloKey.Trial, 1]],
    ["a negative failure", [HelloKey.Failure, -1]],
    ["a version of text", [HelloKey.ConfigVersion, "1"]],
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
