import { ConfigRefusal } from "../../contract/command-messages.ts";
import { CONFIG_ENTRIES_MAX, CONFIG_MAX_BYTES, ConfigKey } from "../../contract/config-record.ts";
import { CONFIRMED, copyHex, putCopy, recordOf } from "../testing/config-copies.ts";
import { putHex } from "../testing/hex.ts";
import { resetStage } from "../testing/stage.ts";
import { Config } from "./config.ts";
import { ConfigWriter } from "./config-writer.ts";

const values = memory.data(1024);

/** {0: "shop", 1: "pass", 2: "a.example", 3: 1883, 4: "s3cret", 5: {0: 12}} */
const IN_USE = "a6006473686f700164706173730269612e6578616d706c650319075b046673336372657405a1000c";
/** {2: "b.example", 3: 8883} */
const VALUES = "a20269622e6578616d706c65031922b3";
/**
 * Written by Python's struct and zlib. Sequence 8, {0: "shop", 1: "pass", 4: "s3cret", 5: {0: 12}, 2: "b.example", 3: 8883,
 * 6: 5}
 */
const MERGED =
  "4c434647080000002a0000002739b650ffffffff" +
  "a7006473686f70016470617373046673336372657405a1000c0269622e6578616d706c65031922b30605";
const ERASED_WORD = "ffffffff";

let config = new Config();
let writer = new ConfigWriter(config);

function write(version: u32, valuesHex: string): bool {
  return writer.write(version, values, putHex(values, valuesHex));
}

function begin(mapHex: string): void {
  resetStage();
  putCopy(1, recordOf(7, CONFIRMED, mapHex));
  config = new Config();
  config.load();
  writer = new ConfigWriter(config);
}

/** Refused for this reason, and nothing was touched. */
function expectRefused(valuesHex: string, reason: i32): void {
  expect(write(5, valuesHex)).toBe(false, valuesHex);
  expect(writer.reason).toBe(reason, valuesHex);
  expect(copyHex(0, 4)).toBe(ERASED_WORD);
  expect(config.unsigned(ConfigKey.ServerPort, 0)).toBe(1883);
  config.text(ConfigKey.ServerHost);
  expect(String.UTF8.decodeUnsafe(config.textPointer, config.textBytes)).toBe("a.example");
}

/** {`key`: text of `length` letters}; `length` from 24 to 255. */
function longText(key: string, length: i32): string {
  store<u8>(values, length);
  let hex = "a1" + key + "78" + lengthHex(length);
  for (let i = 0; i < length; i++) hex += "61";
  return hex;
}

function lengthHex(length: i32): string {
  const DIGITS = "0123456789abcdef";
  return DIGITS.charAt(length >> 4) + DIGITS.charAt(length & 15);
}

beforeEach(() => {
  begin(IN_USE);
});

describe("a configuration from the server", () => {
  test("replaces what it names, leaves the rest, and carries its version", () => {
    expect(write(5, VALUES)).toBe(true);
    expect(copyHex(0, MERGED.length >> 1)).toBe(MERGED);
    expect(copyHex(0, (MERGED.length >> 1) + 2).substr(MERGED.length)).toBe("ffff");
  });

  test("a second one replaces the first one's version and values", () => {
    write(5, VALUES);
    config.load();
    config.confirm();
    expect(write(300, "a1031854")).toBe(true);
    config.load();
    expect(config.version).toBe(300);
    expect(config.unsigned(ConfigKey.ServerPort, 0)).toBe(84);
    config.text(ConfigKey.Secret);
    expect(config.textBytes).toBe(6);
  });

  test("keys of a newer server are kept, whatever they hold", () => {
    expect(write(5, "a2" + "1818" + "83010203" + "20" + "a101fb3ff199999999999a")).toBe(true);
    config.load();
    config.confirm();
    expect(write(6, "a103187b")).toBe(true);
    config.load();
    expect(config.unsigned(ConfigKey.ServerPort, 0)).toBe(123);
    expect(config.setting(0, 0, 16, 1)).toBe(12);
  });

  test("a key twice: the last one counts", () => {
    expect(write(5, "a2030a030b")).toBe(true);
    config.load();
    expect(config.unsigned(ConfigKey.ServerPort, 0)).toBe(11);
  });

  test("no values at all: the version changes", () => {
    expect(write(5, "a0")).toBe(true);
    config.load();
    expect(config.version).toBe(5);
    expect(config.unsigned(ConfigKey.ServerPort, 0)).toBe(1883);
  });

  test("over one whose head is longer than it needs to be", () => {
    begin("b806" + IN_USE.substr(2));
    expect(write(5, VALUES)).toBe(true);
    expect(copyHex(0, MERGED.length >> 1)).toBe(MERGED);
  });
});

describe("values that make no sense", () => {
  test("wrong types", () => {
    expectRefused("a10005", ConfigKey.Ssid);
    expectRefused("a101f5", ConfigKey.Passphrase);
    expectRefused("a10240", ConfigKey.ServerHost);
    expectRefused("a1036161", ConfigKey.ServerPort);
    expectRefused("a104a0", ConfigKey.Secret);
    expectRefused("a10580", ConfigKey.Product);
    expectRefused("a105a1616101", ConfigKey.Product);
  });

  test("out of range", () => {
    expectRefused("a10060", ConfigKey.Ssid);
    expectRefused(longText("00", 33), ConfigKey.Ssid);
    expectRefused("a10260", ConfigKey.ServerHost);
    expectRefused(longText("02", 65), ConfigKey.ServerHost);
    expectRefused(longText("01", 65), ConfigKey.Passphrase);
    expectRefused(longText("04", 65), ConfigKey.Secret);
    expectRefused("a10300", ConfigKey.ServerPort);
    expectRefused("a1031a00010000", ConfigKey.ServerPort);
    expectRefused("a1031b0000000100000000", ConfigKey.ServerPort);
  });

  test("a bad one after good ones changes nothing either", () => {
    expectRefused("a20269622e6578616d706c650300", ConfigKey.ServerPort);
  });

  test("the limits themselves", () => {
    expect(write(5, longText("00", 32))).toBe(true);
    begin(IN_USE);
    expect(write(5, longText("02", 64))).toBe(true);
    begin(IN_USE);
    expect(write(5, "a20160" + "0319ffff")).toBe(true);
  });

  test("the version among the values", () => {
    expectRefused("a10607", ConfigKey.Version);
  });

  test("no map, keys that are no integers", () => {
    expectRefused("80", ConfigRefusal.NoMap);
    expectRefused("05", ConfigRefusal.NoMap);
    expectRefused("a1616101", ConfigRefusal.NoMap);
    expectRefused("a11b000000010000000001", ConfigRefusal.NoMap);
  });

  test("cut short anywhere", () => {
    for (let length = 0; length < VALUES.length; length += 2) {
      expect(write(5, VALUES.substr(0, length))).toBe(false);
      expect(copyHex(0, 4)).toBe(ERASED_WORD);
      expect(config.unsigned(ConfigKey.ServerPort, 0)).toBe(1883);
    }
    expectRefused(VALUES + "00", ConfigRefusal.NoMap);
  });
});

describe("size", () => {
  test("the largest one fits, one byte more does not, and the one in use stays", () => {
    // The map in use is 40 bytes; {7: bytes} has four bytes around the string's own, and room is kept for any version.
    const room = CONFIG_MAX_BYTES - 40 - 4 - 6;
    let zeros = "";
    for (let i = 0; i < room; i++) zeros += "00";
    const head = "a10759";
    const more = room + 1;
    expectRefused(head + lengthHex(more >> 8) + lengthHex(more & 255) + zeros + "00", ConfigRefusal.TooLarge);
    expect(write(u32.MAX_VALUE, head + lengthHex(room >> 8) + lengthHex(room & 255) + zeros)).toBe(true);
    config.load();
    expect(config.version).toBe(u32.MAX_VALUE);
    expect(config.unsigned(ConfigKey.ServerPort, 0)).toBe(1883);
  });

  test("more entries than the head can count", () => {
    // Six are in use and the version is one.
    const room = CONFIG_ENTRIES_MAX - 7;
    let entries = "";
    for (let i = 0; i < room; i++) entries += "18" + lengthHex(32 + i) + "01";
    expectRefused("b8" + lengthHex(room + 1) + entries + "187801", ConfigRefusal.TooLarge);
    expect(write(5, lengthHex(0xa0 + room) + entries)).toBe(true);
    config.load();
    expect(config.version).toBe(5);
  });
});
