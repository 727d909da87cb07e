/** The golden vectors of the contract: this side encodes what it sends and decodes what it receives. */
import {
  GOLDEN_ACK,
  GOLDEN_ACK_DELAY,
  GOLDEN_HELLO,
  GOLDEN_HELLO_MORE,
  GOLDEN_STATE_OFFLINE,
  GOLDEN_STATE_ONLINE,
} from "../../contract/golden-vectors.ts";
import { HELLO_SETTINGS_MAX_BYTES, NAME_MAX_BYTES, PACK_SEND_BYTES } from "../../contract/limits.ts";
import { CborReader } from "../cbor/reader.ts";
import { CborWriter } from "../cbor/writer.ts";
import { hexOf, putHex } from "../testing/hex.ts";
import { Ack, Hello, State, writeOffline } from "./messages.ts";

const BUFFER_BYTES = 128;
const buffer = memory.data(BUFFER_BYTES);
const packet = memory.data(PACK_SEND_BYTES);
const ids = memory.data(HELLO_SETTINGS_MAX_BYTES);
const writer = new CborWriter();
const reader = new CborReader();

function written(): string {
  expect(writer.overflow).toBe(false);
  return hexOf(writer.start, writer.length);
}

function readAck(ack: Ack, hex: string): bool {
  return ack.read(reader, buffer, putHex(buffer, hex));
}

function aHello(): Hello {
  const hello = new Hello();
  hello.product = "counter";
  hello.version = "0.1.0";
  hello.board = 0;
  hello.abi = 1;
  hello.slot = 0;
  hello.resetReason = 2;
  hello.boots = 3;
  hello.epoch = 3735928559;
  hello.oldest = 41;
  return hello;
}

beforeEach(() => {
  writer.begin(buffer, BUFFER_BYTES);
});

describe("what the device says", () => {
  test("hello", () => {
    const hello = aHello();
    hello.write(writer);
    expect(written()).toBe(GOLDEN_HELLO);
  });

  test("hello of a device with an update, a failure and a configuration behind it", () => {
    const hello = aHello();
    hello.image = ids;
    hello.failure = 18;
    hello.failedImage = ids + 8;
    hello.trial = true;
    hello.configVersion = 300;
    putHex(ids, "01020304050607081112131415161718");
    hello.write(writer);
    expect(written()).toBe(GOLDEN_HELLO_MORE);
  });

  test("each of these alone", () => {
    const hello = aHello();
    putHex(ids, "0102030405060708");
    hello.image = ids;
    hello.write(writer);
    expect(written()).toBe("aa" + GOLDEN_HELLO.substr(2) + "09480102030405060708");
    hello.image = 0;
    hello.failure = 18;
    hello.failedImage = ids;
    writer.begin(buffer, BUFFER_BYTES);
    hello.write(writer);
    expect(written()).toBe("ab" + GOLDEN_HELLO.substr(2) + "0a120b480102030405060708");
    hello.failure = 0;
    hello.trial = true;
    writer.begin(buffer, BUFFER_BYTES);
    hello.write(writer);
    expect(written()).toBe("aa" + GOLDEN_HELLO.substr(2) + "0cf5");
    hello.trial = false;
    hello.configVersion = 1;
    writer.begin(buffer, BUFFER_BYTES);
    hello.write(writer);
    expect(written()).toBe("aa" + GOLDEN_HELLO.substr(2) + "0d01");
  });

  test("hello with the settings in use, as long as they leave room for the rest", () => {
    const hello = aHello();
    hello.settings = ids;
    hello.settingsBytes = putHex(ids, "a203184107");
    hello.write(writer);
    expect(written()).toBe("aa" + GOLDEN_HELLO.substr(2) + "0f45a203184107");
    hello.settings = buffer;
    hello.settingsBytes = HELLO_SETTINGS_MAX_BYTES + 1;
    writer.begin(buffer, BUFFER_BYTES);
    hello.write(writer);
    expect(written()).toBe(GOLDEN_HELLO);
  });

  test("the longest hello fits a packet", () => {
    const hello = aHello();
    hello.product = "p".repeat(NAME_MAX_BYTES);
    hello.version = "v".repeat(NAME_MAX_BYTES);
    hello.board = u32.MAX_VALUE;
    hello.abi = u32.MAX_VALUE;
    hello.slot = u32.MAX_VALUE;
    hello.resetReason = u32.MAX_VALUE;
    hello.boots = u32.MAX_VALUE;
    hello.oldest = u32.MAX_VALUE;
    hello.image = ids;
    hello.failure = u32.MAX_VALUE;
    hello.failedImage = ids;
    hello.trial = true;
    hello.configVersion = u32.MAX_VALUE;
    hello.graphVersion = u32.MAX_VALUE;
    hello.settings = ids;
    hello.settingsBytes = HELLO_SETTINGS_MAX_BYTES;
    writer.begin(packet, PACK_SEND_BYTES);
    hello.write(writer);
    expect(writer.overflow).toBe(false);
  });

  test("state", () => {
    const state = new State();
    state.rssiDbm = -67;
    state.freeBytes = 1234;
    state.queued = 2;
    state.dropped = 0;
    state.reconnects = 1;
    state.uptimeS = 86400;
    state.ignored = 0;
    state.write(writer);
    expect(written()).toBe(GOLDEN_STATE_ONLINE);
  });

  test("the last will", () => {
    writeOffline(writer);
    expect(written()).toBe(GOLDEN_STATE_OFFLINE);
  });
});

describe("ack", () => {
  test("epoch, sequence and time", () => {
    const ack = new Ack();
    expect(readAck(ack, GOLDEN_ACK)).toBe(true);
    expect(ack.hasSequence).toBe(true);
    expect(ack.epoch).toBe(3735928559);
    expect(ack.sequence).toBe(43);
    expect(ack.unixS).toBe(1700000060);
    expect(ack.reconnectDelayMs).toBe(0);
  });

  test("with a delay; the next one without it does not keep it", () => {
    const ack = new Ack();
    expect(readAck(ack, GOLDEN_ACK_DELAY)).toBe(true);
    expect(ack.sequence).toBe(0);
    expect(ack.reconnectDelayMs).toBe(5000);
    expect(readAck(ack, GOLDEN_ACK)).toBe(true);
    expect(ack.reconnectDelayMs).toBe(0);
  });

  test("the time alone acknowledges nothing, and neither does half an acknowledgement", () => {
    const ack = new Ack();
    expect(readAck(ack, "a1021a6553f13c")).toBe(true);
    expect(ack.hasSequence).toBe(false);
    expect(ack.unixS).toBe(1700000060);
    expect(readAck(ack, "a101182b")).toBe(true);
    expect(ack.hasSequence).toBe(false);
    expect(readAck(ack, "a1001adeadbeef")).toBe(true);
    expect(ack.hasSequence).toBe(false);
  });

  test("keys of a newer server are stepped over, whatever they hold", () => {
    const ack = new Ack();
    expect(readAck(ack, "a5" + "001adeadbeef" + "0983010203" + "01182b" + "20f6" + "021a6553f13c")).toBe(true);
    expect(ack.hasSequence).toBe(true);
    expect(ack.sequence).toBe(43);
    expect(ack.unixS).toBe(1700000060);
  });

  test("cut short anywhere: refused", () => {
    const ack = new Ack();
    for (let length = 0; length < GOLDEN_ACK.length; length += 2) {
      expect(readAck(ack, GOLDEN_ACK.substr(0, length))).toBe(false);
    }
  });

  test("bytes after it, another type, a wrong value, an indefinite map: refused", () => {
    const ack = new Ack();
    const messages = [
      GOLDEN_ACK + "00",
      "80",
      "00",
      "a100f5",
      "a10020",
      "a1011b0000000100000000",
      "bf0000ff",
      "baffffffff",
    ];
    for (let i = 0; i < messages.length; i++) expect(readAck(ack, messages[i])).toBe(false, messages[i]);
  });
});
