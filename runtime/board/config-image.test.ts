import { decode } from "cbor-x";
import { describe, expect, test } from "vitest";
import { CONFIG_HEADER_BYTES } from "../contract/config-record.ts";
import { FLASH_CONFIG_OFFSET, FLASH_SECTOR_BYTES } from "../contract/flash-map.ts";
import { CounterSetting } from "../contract/product-settings.ts";
import { type DeviceConfig, encodeConfigRecord, readSettings, writeConfig } from "./config-image.ts";
import { Flash } from "./flash.ts";

const CONFIG: DeviceConfig = {
  ssid: "shop",
  passphrase: "12345678",
  serverHost: "hub",
  serverPort: 1883,
  secret: "s",
  product: new Map<number, number | boolean | string>([
    [CounterSetting.PinA, 4],
    [CounterSetting.ActiveHigh, true],
    [CounterSetting.PeriodS, 60],
  ]),
};

/** Written out by hand from RFC 8949: {0: "shop", 1: "12345678", 2: "hub", 3: 1883, 4: "s", 5: {0: 4, 2: true, 4: 60}}. */
const MAP_HEX = "a6006473686f700168313233343536373802636875620319075b04617305a3000402f504183c";

/** CRC-32 (ISO-HDLC), bit by bit, as the polynomial says: an expected value that is not zlib's. */
function crc32BitByBit(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return ~crc >>> 0;
}

describe("the configuration record", () => {
  test("is a header and a CBOR map", () => {
    const record = encodeConfigRecord(CONFIG, 7);
    const map = record.subarray(CONFIG_HEADER_BYTES);
    expect(Buffer.from(map).toString("hex")).toBe(MAP_HEX);
    const view = new DataView(record.buffer);
    expect(Buffer.from(record.subarray(0, 4)).toString("latin1")).toBe("LCFG");
    expect(view.getUint32(4, true)).toBe(7);
    expect(view.getUint32(8, true)).toBe(map.length);
    expect(view.getUint32(12, true)).toBe(crc32BitByBit(Buffer.concat([record.subarray(4, 12), map])));
    expect(view.getUint32(16, true)).toBe(0xfffffffe);
    expect(record.length).toBe(20 + map.length);
  });

  test("lies in one of two sectors, and the other copy stays", () => {
    const flash = new Flash();
    writeConfig(flash, CONFIG, 2);
    writeConfig(flash, { ...CONFIG, ssid: "other" }, 3);
    const ssids = [0, 1].map((copy) => {
      const bytes = new Uint8Array(CONFIG_HEADER_BYTES + 64);
      flash.read(FLASH_CONFIG_OFFSET + copy * FLASH_SECTOR_BYTES, bytes);
      const size = new DataView(bytes.buffer).getUint32(8, true);
      return decode(bytes.subarray(CONFIG_HEADER_BYTES, CONFIG_HEADER_BYTES + size))[0];
    });
    expect(ssids).toEqual(["shop", "other"]);
  });

  test.each([
    ["a long ssid", { ssid: "ß".repeat(17) }, "ssid takes 34 bytes, more than 32"],
    ["a long secret", { secret: "x".repeat(65) }, "secret takes 65 bytes"],
    ["no port", { serverPort: 0 }, "port"],
    ["a large port", { serverPort: 65536 }, "port"],
    ["a fraction", { product: new Map([[0, 1.5]]) }, "setting 0"],
    ["a map too large", { product: new Map([[0, "x".repeat(512)]]) }, "more than 512"],
  ])("%s is refused by name", (_, change, message) => {
    expect(() => encodeConfigRecord({ ...CONFIG, ...change }, 1)).toThrow(message);
  });

  test("a sequence is a u32", () => {
    expect(() => encodeConfigRecord(CONFIG, -1)).toThrow("sequence");
    expect(() => encodeConfigRecord(CONFIG, 2 ** 32)).toThrow("sequence");
  });
});

test("settings are read from every whole copy, and from no other", () => {
  const flash = new Flash();
  expect(readSettings(flash)).toEqual([]);
  writeConfig(flash, CONFIG, 2);
  writeConfig(flash, { ...CONFIG, product: new Map([[CounterSetting.PeriodS, 300]]) }, 3);
  const periods = () => readSettings(flash).map((settings) => settings.get(CounterSetting.PeriodS));
  expect(periods()).toEqual([60, 300]);
  flash.write(FLASH_CONFIG_OFFSET + CONFIG_HEADER_BYTES, new Uint8Array(4));
  expect(periods()).toEqual([300]);
});
