import { Encoder } from "cbor-x";
import { expect, test } from "vitest";
import type { Setting, Settings } from "./setting.ts";
import { encodeSettings, faultsOf, nameOfKey } from "./settings-codec.ts";

const title = "";
const SETTINGS: Settings = {
  pin: { key: 1, title, type: "integer", minimum: 0, maximum: 16, none: 255, unit: "GPIO" },
  isOn: { key: 0, title, type: "boolean" },
  name: { key: 2, title, type: "text", minimum: 1, maximum: 4 },
  oui: { key: 3, title, type: "bytes", minimum: 3, maximum: 3 },
  levels: { key: 40, title, type: "integers", minimum: -100, maximum: -1, maxItems: 3, unit: "dBm" },
  names: { key: 5, title, type: "texts", maximum: 2, maxItems: 2 },
};
const one = (setting: Setting) => ({ it: setting });

test("what fits is encoded by key, in the order of the schema", () => {
  const values = { levels: [-1, -100], name: "é", pin: 255, isOn: false, oui: "0a0B0c", names: ["", "ab"] };
  expect(faultsOf(SETTINGS, values)).toEqual([]);
  const encoded = encodeSettings(SETTINGS, values);
  expect([...encoded.keys()]).toEqual([1, 0, 2, 3, 40, 5]);
  // Read by RFC 8949: a6, 01 18ff, 00 f4, 02 62 c3a9, 03 43 0a0b0c, 1828 82 20 3863, 05 82 60 62 6162.
  const bytes = new Encoder({ useRecords: false, mapsAsObjects: false, variableMapSize: true, tagUint8Array: false });
  expect(bytes.encode(encoded).toString("hex")).toBe("a60118ff00f40262c3a903430a0b0c182882203863058260626162");
});

test.each([
  ["pin", 17, "must be an integer from 0 to 16 (GPIO), or 255 for none"],
  ["pin", -1, "must be an integer from 0 to 16 (GPIO), or 255 for none"],
  ["pin", 1.5, "must be an integer from 0 to 16 (GPIO), or 255 for none"],
  ["pin", "4", "must be an integer from 0 to 16 (GPIO), or 255 for none"],
  ["pin", null, "must be an integer from 0 to 16 (GPIO), or 255 for none"],
  ["isOn", 1, "must be true or false"],
  ["name", "", "must be text of 1 to 4 bytes"],
  ["name", "ééé", "must be text of 1 to 4 bytes"],
  ["oui", "0a0b", "must be 3 to 3 bytes in hexadecimal"],
  ["oui", "0a0b0", "must be 3 to 3 bytes in hexadecimal"],
  ["oui", "0a0b0g", "must be 3 to 3 bytes in hexadecimal"],
  ["levels", -5, "must be a list: an integer from -100 to -1 (dBm), 3 of them at most"],
  ["levels", [-1, -2, -3, -4], "has 4 items, 3 are the most"],
  ["levels", [-1, 0], "has 0 as number 2, which must be an integer from -100 to -1 (dBm), 3 of them at most"],
  ["names", ["abc"], 'has "abc" as number 1, which must be text of 0 to 2 bytes, 2 of them at most'],
  ["colour", 1, "is no setting of it; those are pin, isOn, name, oui, levels, names"],
  ["constructor", 1, "is no setting of it; those are pin, isOn, name, oui, levels, names"],
])("%s = %j is refused, with what is allowed", (name, value, reason) => {
  expect(faultsOf(SETTINGS, { [name]: value })).toEqual([{ name, reason }]);
});

test("a value within the bounds can be left out, and two settings be kept apart", () => {
  const pin: Setting = { key: 0, title, type: "integer", minimum: 0, maximum: 16, except: [6, 16], none: 255 };
  const settings: Settings = { a: pin, b: { ...pin, key: 1, differsFrom: "a" } };
  const reason = "must be an integer from 0 to 16, but not 6, 16, or 255 for none";
  expect(faultsOf(settings, { a: 16, b: 6 })).toEqual([
    { name: "a", reason },
    { name: "b", reason },
  ]);
  expect(faultsOf(settings, { a: 5, b: 5 })).toEqual([
    { name: "b", reason: "must not be 5 as a is: give them different values, or unset one" },
  ]);
  for (const values of [{ a: 5, b: 7 }, { b: 5 }, { a: 255, b: 255 }]) expect(faultsOf(settings, values)).toEqual([]);
});

test.each([
  ["opening-hours", [9_002_030, 0, 2400, 22_000_200, 23_592_400], true],
  ["opening-hours", [9_602_030], false],
  ["opening-hours", [9_002_060], false],
  ["opening-hours", [9_002_401], false],
  ["opening-hours", [24_002_400], false],
  // Berlin; Sydney: from the first Sunday of October at 2:00 until the first of April at 3:00.
  ["daylight-saving", [35_002, 105_003], true],
  ["daylight-saving", [101_002, 41_003], true],
  ["daylight-saving", [], true],
  ["daylight-saving", [35_002], false],
  ["daylight-saving", [135_002, 105_003], false],
  ["daylight-saving", [30_002, 105_003], false],
  ["daylight-saving", [36_002, 105_003], false],
  ["daylight-saving", [35_702, 105_003], false],
  ["daylight-saving", [35_024, 105_003], false],
  ["daylight-saving", [35_002, 105_000], false],
] as const)("%s: %j", (form, it, isRight) => {
  const settings = one({ key: 0, title, type: "integers", minimum: 0, maximum: 99_999_999, maxItems: 7, form });
  expect(faultsOf(settings, { it: [...it] })).toHaveLength(isRight ? 0 : 1);
});

test("an integer is one that 32 bits with sign can hold", () => {
  const settings = one({ key: 0, title, type: "integer" });
  for (const it of [2 ** 31 - 1, -(2 ** 31)]) expect(faultsOf(settings, { it })).toEqual([]);
  for (const it of [2 ** 31, -(2 ** 31) - 1, Number.NaN]) expect(faultsOf(settings, { it })).toHaveLength(1);
});

test("a key that came back has its name", () => {
  expect(nameOfKey(SETTINGS, 40)).toBe("levels");
  expect(nameOfKey(SETTINGS, 41)).toBeUndefined();
});
