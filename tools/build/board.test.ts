/** The boards that come with Lintel, and what is wrong with files that are none. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import {
  FLASH_REGION_BYTES,
  FLASH_REGION_CHIP_OFFSET,
  FLASH_REGION_MAX_BYTES,
  FLASH_SLOT_BYTES,
} from "../../runtime/contract/flash-map.ts";
import { IMAGE_HEADER_BYTES } from "../../runtime/contract/image-header.ts";
import { PROGRAM_RAM_BYTES } from "../../runtime/contract/limits.ts";
import { boardNames, findBoard, flashRegionBytes, readBoard } from "./board.ts";
import { findPin, pinText } from "./board-pins.ts";
import { SCHEMA_FILES } from "./generate-schemas.ts";
import { settingFiles } from "./generate-settings.ts";
import { PACKAGE_ROOT } from "./package-root.ts";
import { planPins } from "./pin-plan.ts";

const COUNTER = "firmware/counter";
const MIB = 1024 * 1024;

const folder = mkdtempSync(join(tmpdir(), "lintel-board-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function boardFile(file: object | string): string {
  const path = join(folder, "mine.json");
  writeFileSync(path, typeof file === "string" ? file : JSON.stringify({ name: "mine", ...file }));
  return path;
}

test("the committed schemas and settings are those that files are checked by; if not: npm run generate", () => {
  for (const [path, text] of Object.entries({ ...SCHEMA_FILES, ...settingFiles() })) {
    expect(readFileSync(join(PACKAGE_ROOT, path), "utf8"), path).toBe(text);
  }
});

describe("the boards of boards/", () => {
  test("are these, the generic one first", () => {
    expect(boardNames()).toEqual([
      ...["generic", "esp-01", "esp-12f", "nodemcu-v2", "retail", "sonoff-basic", "wemos-d1-mini", "witty"],
    ]);
    const files = readdirSync(join(PACKAGE_ROOT, "boards")).filter((file) => !file.endsWith(".schema.json"));
    expect(files).toHaveLength(boardNames().length);
  });

  test.each(boardNames())("%s is whole, and has the name of its file and its schema", (name) => {
    const board = readBoard(name);
    expect(board.name).toBe(name);
    for (const text of [board.title, board.description]) expect(text.length).toBeGreaterThan(0);
    expect(board.title).not.toBe(name);
    const file = JSON.parse(readFileSync(join(PACKAGE_ROOT, "boards", `${name}.json`), "utf8"));
    expect(file.$schema).toBe("./board.schema.json");
    if (name !== "generic")
      expect(file).toMatchObject({ pins: expect.anything(), defaults: { counter: expect.anything() } });
  });

  test("have an id of their own each, and 0 is the generic one", () => {
    const ids = boardNames().map((name) => readBoard(name).id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids[0]).toBe(0);
    expect(Math.max(...ids)).toBeLessThan(1000);
    for (const name of boardNames()) expect(findBoard(String(readBoard(name).id)).name).toBe(name);
  });

  // Labels and numbers from the boards' pinouts, not from the files.
  test.each([
    ["generic", { barrierA: 14, barrierB: 255 }],
    ["esp-01", { barrierA: 3, barrierB: 255 }],
    ["esp-12f", { barrierA: 14, barrierB: 255 }],
    ["nodemcu-v2", { barrierA: 14, barrierB: 255 }],
    ["retail", { barrierA: 14, barrierB: 12 }],
    ["sonoff-basic", { barrierA: 14, barrierB: 255 }],
    ["wemos-d1-mini", { barrierA: 14, barrierB: 255 }],
    ["witty", { barrierA: 14, barrierB: 255 }],
  ])("%s has a place for the counter", (name, pins) => {
    expect(Object.fromEntries(planPins(COUNTER, readBoard(name)).pins)).toEqual(pins);
  });

  test.each(["nodemcu-v2", "wemos-d1-mini"])("D0 to D8 of %s", (name) => {
    const { pins } = readBoard(name);
    const gpios = ["D0", "D1", "D2", "D3", "D4", "D5", "D6", "D7", "D8", "RX", "TX"].map(
      (label) => findPin(pins, label)?.gpio,
    );
    expect(gpios).toEqual([16, 5, 4, 0, 2, 14, 12, 13, 15, 3, 1]);
  });

  test("LEDs that are on while their pin is low say so", () => {
    const leds = boardNames().flatMap((name) =>
      readBoard(name).pins.flatMap(({ gpio, wired }) =>
        wired?.part === "led" ? [[name, gpio, wired.activeLow ?? false]] : [],
      ),
    );
    expect(leds).toEqual([
      ["esp-01", 1, true],
      ["esp-12f", 2, true],
      ["nodemcu-v2", 16, true],
      ["nodemcu-v2", 2, true],
      ["retail", 4, false],
      ["retail", 2, true],
      ["sonoff-basic", 13, true],
      ["wemos-d1-mini", 2, true],
      ["witty", 12, false],
      ["witty", 13, false],
      ["witty", 15, false],
      ["witty", 2, true],
    ]);
  });

  test("budgets are what slot and RAM hold", () => {
    for (const name of boardNames()) {
      const { imageBytes, ramBytes } = readBoard(name).budgets;
      expect({ imageBytes, ramBytes }).toEqual({
        imageBytes: FLASH_SLOT_BYTES - IMAGE_HEADER_BYTES,
        ramBytes: PROGRAM_RAM_BYTES,
      });
    }
  });
});

test("a file that says little is a generic board for the rest", () => {
  const generic = readBoard("generic");
  expect(readBoard(boardFile({}))).toEqual({ ...generic, name: "mine", title: "mine", description: "" });
  expect(readBoard(boardFile({ adc: null, budgets: {} }))).toMatchObject({ adc: null, budgets: {} });
});

test("the region of a flash: from its place to the 16 KiB at the end, of 4 MiB at most", () => {
  const regionOf = (sizeMiB: number) =>
    flashRegionBytes(readBoard(boardFile({ flash: { sizeMiB, mode: "dio", frequencyMHz: 40 } })));
  expect(regionOf(1)).toBe(FLASH_REGION_BYTES);
  expect(regionOf(2)).toBe(2 * MIB - FLASH_REGION_CHIP_OFFSET - 16 * 1024);
  expect(regionOf(4)).toBe(FLASH_REGION_MAX_BYTES);
  expect(regionOf(16)).toBe(FLASH_REGION_MAX_BYTES);
});

test("a board that no file has is known by its id alone", () => {
  expect(findBoard("4711")).toEqual({ ...readBoard("generic"), id: 4711 });
  expect(() => findBoard("4294967296")).toThrow("a board's id is a number up to 4294967295, not 4294967296");
});

test("pins are found by label and by number, whatever the case, and shown with both where they differ", () => {
  const { pins } = readBoard("wemos-d1-mini");
  for (const text of ["D5", "d5", "GPIO14", "gpio14", "IO14", "14"]) expect(findPin(pins, text)?.gpio).toBe(14);
  for (const text of ["D9", "GPIO6", "A0", ""]) expect(findPin(pins, text)).toBeUndefined();
  expect(pins.map(pinText).slice(4, 6)).toEqual(["D4 (GPIO2)", "D5 (GPIO14)"]);
  expect(readBoard("generic").pins.map(pinText)[0]).toBe("GPIO0");
});

describe("no board file", () => {
  const flash = { sizeMiB: 1, mode: "dio", frequencyMHz: 40 };
  const cases: [string, object | string, string][] = [
    ["no JSON", "{", "is not JSON"],
    ["no name", JSON.stringify({ id: 3 }), "it must have required properties name"],
    ["a name that there is not", { budget: {} }, "/budget is a name that there is not"],
    ["half a megabyte of flash", { flash: { ...flash, sizeMiB: 0.5 } }, "/flash/sizeMiB"],
    ["no flash", { flash: { ...flash, sizeMiB: 0 } }, "/flash/sizeMiB must be >= 1"],
    ["a mode of flash", { flash: { ...flash, mode: "fast" } }, "/flash/mode is none of: qio, qout, dio, dout"],
    [
      "a flash chip of another size",
      { flash: { ...flash, chips: [{ manufacturer: "ef", device: "4016" }] } },
      "flash chip ef 4016 is not one of 1 MiB",
    ],
    ["a GPIO beyond the last", { pins: [{ gpio: 17, label: "X" }] }, "/pins/0/gpio must be <= 16"],
    ["a pin of the flash", { pins: [{ gpio: 9, label: "SD2" }] }, "GPIO9 carries the flash"],
    [
      "a GPIO twice",
      {
        pins: [
          { gpio: 4, label: "A" },
          { gpio: 4, label: "B" },
        ],
      },
      "GPIO4 is there twice",
    ],
    [
      "a label twice",
      {
        pins: [
          { gpio: 4, label: "a" },
          { gpio: 5, label: "A" },
        ],
      },
      "A is there twice",
    ],
    ["a label of another GPIO", { pins: [{ gpio: 4, label: "GPIO5" }] }, "GPIO5 is the label of GPIO4"],
    [
      "a strap pulled the wrong way",
      { pins: [{ gpio: 0, label: "A", pull: "down" }] },
      "pulls GPIO0 down does not start",
    ],
    ["another one", { pins: [{ gpio: 15, label: "A", pull: "up" }] }, "pulls GPIO15 up does not start"],
    [
      "a default without a pin",
      { defaults: { counter: { barrierA: "D5" } } },
      "counter has barrierA at D5, and there is no",
    ],
    [
      "a part that there is not",
      { pins: [{ gpio: 4, label: "A", wired: { part: "siren", title: "x" } }] },
      "is none of: barrier",
    ],
  ];

  test.each(cases)("%s", (_, file, message) => {
    const path = boardFile(file);
    expect(() => readBoard(path)).toThrow(path);
    expect(() => readBoard(path)).toThrow(message);
  });

  test("an unknown name says which there are", () => {
    expect(() => readBoard("none")).toThrow(
      /there is no board none: name a file of boards\/ \(generic, .*witty\), or the path/,
    );
  });
});
