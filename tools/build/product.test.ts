/** What product.json may say of settings, and what it may not. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { CHIP_PINS } from "../../runtime/board/chip-pins.ts";
import { productSettings, readProduct } from "./product.ts";

const folder = mkdtempSync(join(tmpdir(), "lintel-product-"));
writeFileSync(join(folder, "main.ts"), "");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const INTEGER = { key: 1, title: "period", type: "integer", minimum: 1, maximum: 9 };

function write(settings: object): string {
  writeFileSync(join(folder, "product.json"), JSON.stringify({ name: "kettle", pins: {}, settings }));
  return folder;
}

test("a product of somebody else is known beside those of the package", () => {
  const settings = { period: { ...INTEGER, unit: "s", default: 5 }, names: { ...TEXTS, default: ["a"] } };
  const all = productSettings([write(settings)]);
  expect(all.find(({ name }) => name === "kettle")).toEqual({ name: "kettle", settings });
  expect(all.find(({ name }) => name === "counter")?.settings["periodS"]).toMatchObject({ key: 4, unit: "s" });
});

const TEXTS = { key: 2, title: "names", type: "texts", maximum: 32, maxItems: 4 };

test("the pins that a counter can be told are those that a program can watch", () => {
  const unusable = CHIP_PINS.filter(
    ({ carriesFlash, serial, hasInterrupt }) => carriesFlash || serial || !hasInterrupt,
  );
  const settings = productSettings().find(({ name }) => name === "counter")?.settings;
  for (const name of ["pinA", "pinB"]) expect(settings?.[name]?.except).toEqual(unusable.map(({ gpio }) => gpio));
});

test("a product without settings is known as one", () => {
  expect(productSettings()).toContainEqual({ name: "streamer", settings: {} });
});

test.each([
  ["a key twice", { a: INTEGER, b: INTEGER }, /setting b has the key of a: 1/],
  ["a minimum above the maximum", { a: { ...INTEGER, minimum: 10 } }, /a has a minimum above its maximum/],
  ["a list without an end", { a: { ...TEXTS, maxItems: undefined } }, /a list, and nothing else, needs maxItems/],
  ["an integer with items", { a: { ...INTEGER, maxItems: 2 } }, /a list, and nothing else, needs maxItems/],
  [
    "a text for none",
    { a: { key: 1, title: "t", type: "text", none: 3 } },
    /only an integer can have a value for none/,
  ],
  ["a default that does not fit", { a: { ...INTEGER, default: 10 } }, /a: its default must be an integer from 1 to 9/],
  ["a list with exceptions", { a: { ...TEXTS, except: [1] } }, /a: only an integer can have except/],
  ["an integer that differs from nothing", { a: { ...INTEGER, differsFrom: "b" } }, /a differs from b, which is no/],
  ["an integer with a form", { a: { ...INTEGER, form: "opening-hours" } }, /a: only integers can have a form/],
  ["a key beyond the table", { a: { ...INTEGER, key: 256 } }, /is not a product file: .*key/],
  ["a type that there is not", { a: { ...INTEGER, type: "float" } }, /is not a product file: .*type/],
  ["a word that there is not", { a: { ...INTEGER, units: "s" } }, /is not a product file/],
  ["a name that is none", { "a-b": INTEGER }, /is not a product file/],
])("%s is an error that says where", (_what, settings, message) => {
  expect(() => readProduct(write(settings))).toThrow(message);
});
