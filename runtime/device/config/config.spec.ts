import { CONFIG_MAX_BYTES, CONFIG_TRIAL_OFFSET, ConfigKey } from "../../contract/config-record.ts";
import { FLASH_CONFIG_OFFSET, FLASH_SECTOR_BYTES } from "../../contract/flash-map.ts";
import { CounterSetting } from "../../contract/product-settings.ts";
import { buffer, CONFIRMED, putCopy, recordOf } from "../testing/config-copies.ts";
import { hexOf } from "../testing/hex.ts";
import { putFlash, resetStage } from "../testing/stage.ts";
import { Config } from "./config.ts";

/**
 * Written by Python's struct and zlib. Sequence 7, {0: "shop", 1: "correct horse battery staple", 2: "lintel.example",
 * 3: 8883, 4: "s3cret", 5: {0: 12, 2: true, 4: 60}}
 */
const RECORD =
  "4c434647070000004b00000008850ab1" +
  "feffffff" +
  "a6006473686f7001781c636f727265637420686f727365206261747465727920737461706c65026e6c696e74656c2e6578616d706c65031922b304" +
  "66733363726574" +
  "05a3000c02f504183c";

/** {3: `port`}, `port` below 24. */
function portRecord(sequence: u32, port: u32): string {
  store<u8>(buffer, port);
  return recordOf(sequence, CONFIRMED, "a103" + hexOf(buffer, 1));
}

/** The configuration of one copy with this map. */
function loaded(mapHex: string): Config {
  putCopy(0, recordOf(1, CONFIRMED, mapHex));
  const config = new Config();
  expect(config.load()).toBe(true);
  return config;
}

function textOf(config: Config, key: ConfigKey): string {
  config.text(key);
  return String.UTF8.decodeUnsafe(config.textPointer, config.textBytes);
}

beforeEach(() => {
  resetStage();
});

describe("Config: a valid copy", () => {
  test("every kind of value", () => {
    putCopy(0, RECORD);
    const config = new Config();
    expect(config.load()).toBe(true);
    expect(textOf(config, ConfigKey.Ssid)).toBe("shop");
    expect(textOf(config, ConfigKey.Passphrase)).toBe("correct horse battery staple");
    expect(textOf(config, ConfigKey.ServerHost)).toBe("lintel.example");
    expect(config.unsigned(ConfigKey.ServerPort, 1883)).toBe(8883);
    expect(textOf(config, ConfigKey.Secret)).toBe("s3cret");
    expect(config.setting(CounterSetting.PinA, 0, 16, 14)).toBe(12);
    expect(config.switch(CounterSetting.ActiveHigh, false)).toBe(true);
    expect(config.setting(CounterSetting.PeriodS, 1, 86400, 30)).toBe(60);
  });

  test("what it does not name has its default", () => {
    putCopy(0, RECORD);
    const config = new Config();
    config.load();
    expect(config.setting(CounterSetting.PinB, 0, 16, 255)).toBe(255);
    expect(config.switch(CounterSetting.PinB, true)).toBe(true);
    expect(config.unsigned(99, 5)).toBe(5);
  });

  test("a setting outside of its limits counts as absent; the limits themselves do not", () => {
    putCopy(0, RECORD);
    const config = new Config();
    config.load();
    expect(config.setting(CounterSetting.PinA, 13, 16, 14)).toBe(14);
    expect(config.setting(CounterSetting.PinA, 0, 11, 10)).toBe(10);
    expect(config.setting(CounterSetting.PinA, 12, 12, 14)).toBe(12);
  });
});

describe("Config: two copies", () => {
  test("the higher sequence counts, wherever it lies", () => {
    const config = new Config();
    putCopy(0, portRecord(1, 10));
    putCopy(1, portRecord(2, 20));
    config.load();
    expect(config.unsigned(ConfigKey.ServerPort, 0)).toBe(20);
    putCopy(0, portRecord(3, 15));
    config.load();
    expect(config.unsigned(ConfigKey.ServerPort, 0)).toBe(15);
  });

  test("a newer one that is damaged anywhere but in its trial word gives way to the older one", () => {
    const newer = portRecord(2, 20);
    for (let at = 0; at < newer.length; at += 2) {
      if (at >> 1 >= CONFIG_TRIAL_OFFSET && at >> 1 < CONFIG_TRIAL_OFFSET + 4) continue;
      putCopy(0, portRecord(1, 10));
      putCopy(1, newer);
      const damaged = buffer + (at >> 1);
      store<u8>(damaged, load<u8>(damaged) ^ 0x10);
      putFlash(FLASH_CONFIG_OFFSET + FLASH_SECTOR_BYTES + (at >> 1), damaged, 1);
      const config = new Config();
      expect(config.load()).toBe(true);
      expect(config.unsigned(ConfigKey.ServerPort, 0)).toBe(10, newer.substr(0, at));
    }
  });

  test("one that power failed on, in part still erased, gives way too", () => {
    const newer = portRecord(2, 20);
    for (let length = 0; length < newer.length; length += 2) {
      resetStage();
      putCopy(0, portRecord(1, 10));
      putCopy(1, newer.substr(0, length));
      const config = new Config();
      expect(config.load()).toBe(true);
      expect(config.unsigned(ConfigKey.ServerPort, 0)).toBe(10);
    }
  });

  test("both damaged, or none: not loaded, and every value is its default", () => {
    const config = new Config();
    expect(config.load()).toBe(false);
    putCopy(0, RECORD.substr(0, 40));
    putCopy(1, "4c434647ffffffffffffffff00000000");
    expect(config.load()).toBe(false);
    config.text(ConfigKey.ServerHost);
    expect(config.textBytes).toBe(0);
    expect(config.unsigned(ConfigKey.ServerPort, 1883)).toBe(1883);
    expect(config.setting(CounterSetting.PinA, 0, 16, 14)).toBe(14);
    expect(config.switch(CounterSetting.ActiveHigh, true)).toBe(true);
  });

  test("what was loaded before is gone when nothing valid is left", () => {
    putCopy(0, RECORD);
    const config = new Config();
    config.load();
    resetStage();
    expect(config.load()).toBe(false);
    expect(config.unsigned(ConfigKey.ServerPort, 1883)).toBe(1883);
  });
});

describe("Config: size", () => {
  test("a map of the largest size is read, one byte more is not", () => {
    // {0: bytes, 3: 9}: seven bytes around the string's own.
    const filler = CONFIG_MAX_BYTES - 7;
    let zeros = "";
    for (let i = 0; i < filler; i++) zeros += "00";
    const config = loaded("a200" + "5901f9" + zeros + "0309");
    expect(config.unsigned(ConfigKey.ServerPort, 0)).toBe(9);
    putCopy(0, recordOf(1, CONFIRMED, "a200" + "5901fa" + zeros + "00" + "0309"));
    expect(config.load()).toBe(false);
  });
});

describe("Config: values of the wrong type", () => {
  test("a number for a text, a text for a number, a negative or too large one: defaults", () => {
    const config = loaded("a3" + "0205" + "03626162" + "0420");
    config.text(ConfigKey.ServerHost);
    expect(config.textBytes).toBe(0);
    expect(config.unsigned(ConfigKey.ServerPort, 1883)).toBe(1883);
    expect(config.unsigned(ConfigKey.Secret, 7)).toBe(7);
    expect(loaded("a1031b0000000100000000").unsigned(ConfigKey.ServerPort, 1883)).toBe(1883);
  });

  test("settings: a boolean for a number and the reverse, no map at all, a map that ends early", () => {
    const config = loaded("a105a2" + "00f5" + "0201");
    expect(config.setting(CounterSetting.PinA, 0, 16, 14)).toBe(14);
    expect(config.switch(CounterSetting.ActiveHigh, true)).toBe(true);
    expect(loaded("a10507").setting(CounterSetting.PinA, 0, 16, 14)).toBe(14);
    expect(loaded("a105a3000c").setting(CounterSetting.PinB, 0, 16, 14)).toBe(14);
  });

  test("the configuration is no map, or is empty", () => {
    expect(loaded("8203190050").unsigned(ConfigKey.ServerPort, 1883)).toBe(1883);
    expect(loaded("a0").unsigned(ConfigKey.ServerPort, 1883)).toBe(1883);
    expect(loaded("").unsigned(ConfigKey.ServerPort, 1883)).toBe(1883);
  });

  test("values between that this version does not know are stepped over", () => {
    const config = loaded("a3" + "182a" + "a1018201f6" + "20" + "fb3ff199999999999a" + "0309");
    expect(config.unsigned(ConfigKey.ServerPort, 1883)).toBe(9);
  });
});
