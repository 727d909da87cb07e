/** Which pin a function gets, and every kind of wrong use, each with what it says. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { NO_PIN } from "../../runtime/contract/host-abi.ts";
import { readBoard } from "./board.ts";
import type { Board, BoardPin } from "./board-schema.ts";
import { placePins, planPins } from "./pin-plan.ts";
import { usesOf } from "./pin-uses.ts";
import { type PinFunction, type Product, pinConstants, readProduct } from "./product.ts";

const D1_MINI = readBoard("wemos-d1-mini");
const INPUT: PinFunction = { title: "gate", mode: "input" };

const product = (use: Partial<PinFunction>, others: Product["pins"] = {}): Product => ({
  name: "door",
  pins: { gate: { ...INPUT, ...use }, ...others },
});
const wish = (...wishes: [string, string][]) => new Map(wishes);

function gpioOf(use: Partial<PinFunction>, { board = D1_MINI, pin }: { board?: Board; pin?: string } = {}) {
  return placePins(product(use), board, pin === undefined ? wish() : wish(["gate", pin])).pins.get("gate");
}

/** What is said of a function that is asked for at a pin. */
function refusal(use: Partial<PinFunction>, pin: string, board = D1_MINI): string {
  try {
    placePins(product(use), board, wish(["gate", pin]));
  } catch (error) {
    return (error as Error).message;
  }
  return "nothing";
}

test("asked for, else the board's default, else the product's", () => {
  const board = { ...D1_MINI, defaults: { door: { gate: "D6" } } };
  expect(gpioOf({ default: 14 }, { board, pin: "D1" })).toBe(5);
  expect(gpioOf({ default: 14 }, { board })).toBe(12);
  expect(gpioOf({ default: 14 })).toBe(14);
  expect(gpioOf({ optional: true })).toBe(NO_PIN);
  expect(gpioOf({ optional: true }, { board, pin: "none" })).toBe(NO_PIN);
});

test("the pins as a person reads them", () => {
  const two = product({ default: 14 }, { bell: { title: "bell", mode: "output", optional: true } });
  expect(placePins(two, D1_MINI, wish()).text).toBe("gate D5 (GPIO14), bell none");
});

describe("wrong use says function, pin, board, reason and what would do", () => {
  const COUNTED: Partial<PinFunction> = { watched: true, mode: "input-pullup" };
  const FREE = "free for it: D1, D2, D5, D6, D7, as --pin gate=D1";
  const AT = (pin: string) => `door: gate (gate) cannot be at ${pin} of wemos-d1-mini:`;
  const cases: [string, Partial<PinFunction>, string, string][] = [
    [
      "pulled down at GPIO0",
      { ...COUNTED, atStart: "low" },
      "D3",
      `${AT("D3 (GPIO0)")} GPIO0 must be high while the board starts, and what is wired to it holds it low: ` +
        `the board would not start; ${FREE}`,
    ],
    [
      "driven at GPIO2",
      { ...COUNTED, atStart: "any", part: "led" },
      "D4",
      `${AT("D4 (GPIO2)")} GPIO2 must be high while the board starts, and what is wired to it may hold it low: `,
    ],
    [
      "pulled up outside at GPIO15",
      { watched: true, atStart: "high" },
      "D8",
      `${AT("D8 (GPIO15)")} GPIO15 must be low while the board starts, and what is wired to it holds it high: ` +
        "the board would not start; ",
    ],
    [
      "pulled up inside at GPIO15",
      COUNTED,
      "D8",
      `${AT("D8 (GPIO15)")} GPIO15 must be low while the board starts, and a pulled-up input is high: `,
    ],
    [
      "edges at GPIO16",
      { watched: true },
      "D0",
      `${AT("D0 (GPIO16)")} GPIO16 has no interrupt, so its edges cannot be counted; `,
    ],
    ["a pull-up at GPIO16", { mode: "input-pullup" }, "D0", `${AT("D0 (GPIO16)")} GPIO16 has no pull-up; `],
    ["the flash", {}, "GPIO6", `${AT("GPIO6")} GPIO6 carries the flash that the program runs from; `],
    ["the flash, at its other end", {}, "11", `${AT("11")} GPIO11 carries the flash that the program runs from; `],
    ["where the board has something", COUNTED, "d4", `${AT("D4 (GPIO2)")} the board has its blue LED there; `],
    ["a label that there is not", {}, "D9", `${AT("D9")} there is no such pin; `],
    ["the analogue input", {}, "A0", `${AT("A0")} that is the analogue input, which is no GPIO; `],
    ["no pin", { ...COUNTED, atStart: "any" }, "none", `door: gate (gate) has no pin on wemos-d1-mini; ${FREE}`],
  ];

  test.each(cases)("%s", (_, use, pin, message) => {
    expect(refusal(use, pin)).toContain(message);
  });

  test("a pin that the board does not lead out, and no other is free", () => {
    const use = { ...COUNTED, atStart: "any" } as const;
    const esp01 = readBoard("esp-01");
    expect(refusal(use, "GPIO14", esp01)).toBe(
      "door: gate (gate) cannot be at GPIO14 of esp-01: the board does not lead it out; " +
        "free for it: RX, as --pin gate=RX",
    );
    const pins = esp01.pins.filter(({ label }) => label !== "RX");
    expect(refusal(use, "GPIO14", { ...esp01, pins })).toContain("lead it out; no pin of the board is free for it");
    expect(refusal({ ...use, optional: true }, "GPIO14", { ...esp01, pins })).toMatch(/: --pin gate=none$/);
  });

  test("a pull-up against a resistor of the board", () => {
    const pins: BoardPin[] = [{ gpio: 4, label: "IN", pull: "down" }];
    expect(refusal({ mode: "input-pullup" }, "IN", { ...D1_MINI, pins })).toContain(
      "a resistor of the board pulls it down",
    );
    expect(gpioOf({}, { board: { ...D1_MINI, pins }, pin: "IN" })).toBe(4);
  });

  test("two functions on one pin; all that is wrong is told at once", () => {
    const two = product({ default: 14 }, { bell: { title: "bell", mode: "output", default: 14 } });
    expect(() => placePins(two, D1_MINI, wish())).toThrow(
      "door: bell (bell) cannot be at D5 (GPIO14) of wemos-d1-mini: gate (gate) is there already; free for it: D0, D1, D2",
    );
    expect(() => placePins(two, D1_MINI, wish(["gate", "D9"], ["bell", "SD1"]))).toThrow(
      /gate\) cannot.*\n.*bell\) cannot/,
    );
    expect(placePins(two, D1_MINI, wish(["bell", "D1"])).pins.get("bell")).toBe(5);
  });

  test("a function that there is not: asked for, or in the board file", () => {
    expect(() => placePins(product({}), D1_MINI, wish(["bell", "D1"]))).toThrow(
      "door has no function bell that --pin could place: its functions are gate",
    );
    const board = { ...D1_MINI, defaults: { door: { bell: "D1" } } };
    expect(() => placePins(product({}), board, wish())).toThrow(
      "door has no function bell that board wemos-d1-mini could place",
    );
  });
});

test("what the board has at a pin is there for a function with that part", () => {
  const led = { mode: "output", part: "led" } as const;
  expect(gpioOf(led, { pin: "D4" })).toBe(2);
  expect(refusal({ mode: "output", part: "buzzer" }, "D4")).toContain("the board has its blue LED there");
  const retail = readBoard("retail");
  expect(
    gpioOf({ part: "barrier", watched: true, mode: "input-pullup", atStart: "any" }, { board: retail, pin: "IN2" }),
  ).toBe(12);
});

test("straps are good for what leaves them alone", () => {
  expect(gpioOf({ mode: "input-pullup" }, { pin: "D3" })).toBe(0);
  expect(gpioOf({ mode: "input", atStart: "high" }, { pin: "D3" })).toBe(0);
  expect(gpioOf({ mode: "output" }, { pin: "D8" })).toBe(15);
  expect(gpioOf({ mode: "input", atStart: "low" }, { pin: "D8" })).toBe(15);
});

test("the serial port can be had, with a warning, and is not proposed where anything else is free", () => {
  for (const [label, line] of [
    ["RX", "RX"],
    ["TX", "TX"],
  ] as const) {
    const { pins, warnings } = placePins(product({}), D1_MINI, wish(["gate", label]));
    expect(pins.get("gate")).toBe(line === "RX" ? 3 : 1);
    expect(warnings).toEqual([expect.stringContaining(`of wemos-d1-mini: it is ${line} of the serial port`)]);
  }
  expect(placePins(product({}), D1_MINI, wish(["gate", "D5"])).warnings).toEqual([]);
});

test("what a pin is free for", () => {
  const uses = (label: string) => usesOf(D1_MINI.pins.find((pin) => pin.label === label) as BoardPin);
  expect(uses("D5")).toEqual(["input", "pull-up", "edges", "output"]);
  expect(uses("D0")).toEqual(["input", "output"]);
  expect(uses("D8")).toEqual(["input", "edges", "output"]);
  expect(uses("D4")).toEqual([]);
});

test("the counter's declaration, and the constants that its program gets", () => {
  const counter = readProduct("firmware/counter");
  expect(counter && pinConstants(counter)).toEqual([
    ["PIN_BARRIER_A", 14],
    ["PIN_BARRIER_B", 255],
  ]);
  expect(counter && pinConstants(counter, new Map([["barrierB", 5]]))).toEqual([
    ["PIN_BARRIER_A", 14],
    ["PIN_BARRIER_B", 5],
  ]);
});

describe("a program", () => {
  const folder = mkdtempSync(join(tmpdir(), "lintel-product-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, "main.ts"), "");

  test("that declares nothing has no pins, and none can be chosen", () => {
    expect(planPins(folder, D1_MINI)).toEqual({ pins: new Map(), text: "", warnings: [] });
    expect(() => planPins(folder, D1_MINI, wish(["gate", "D1"]))).toThrow("has no product.json that declares pins");
  });

  test.each([
    ["{", "is not JSON"],
    [
      JSON.stringify({ name: "door", pins: { gate: { title: "gate", mode: "analog" } } }),
      "/pins/gate/mode is none of: input",
    ],
    [JSON.stringify({ name: "door", pins: { "the gate": INPUT } }), "/pins/the gate is a name that there is not"],
  ])("whose declaration is none: %s", (text, message) => {
    writeFileSync(join(folder, "product.json"), text);
    expect(() => planPins(folder, D1_MINI)).toThrow(message);
    rmSync(join(folder, "product.json"));
  });
});
