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
  ["levels", [-1, 0], "at 2 must be an integer from -100 to -1 (dBm), 3 of them at most"],
  ["names", ["abc"], "at 1 must be text of 0 to 2 bytes, 2 of them at most"],
  ["colour", 1, "is no setting of it; those are pin, isOn, name, oui, levels, names"],
  ["constructor", 1, "is no setting of it; those are pin, isOn, name, oui, levels, names"],
])("%s = %j is refused, with what is allowed", (name, value, reason) => {
  expect(faultsOf(SETTINGS, { [name]: value })).toEqual([{ name, reason }]);
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
