/** The table against what the datasheet's pin list says in words. */
import { expect, test } from "vitest";
import { PIN_MAX } from "../contract/host-abi.ts";
import { CHIP_PINS, type ChipPin } from "./chip-pins.ts";

const those = (holds: (pin: ChipPin) => boolean) => CHIP_PINS.filter(holds).map(({ gpio }) => gpio);

test("a row for each GPIO, by number", () => {
  expect(CHIP_PINS.map(({ gpio }) => gpio)).toEqual(Array.from({ length: PIN_MAX + 1 }, (_, gpio) => gpio));
});

test("the chip starts from flash with GPIO0 and GPIO2 high and GPIO15 low, whatever the others are", () => {
  expect(those(({ atStart }) => atStart === 1)).toEqual([0, 2]);
  expect(those(({ atStart }) => atStart === 0)).toEqual([15]);
});

test("GPIO6 to GPIO11 carry the flash", () => {
  expect(those(({ carriesFlash }) => carriesFlash === true)).toEqual([6, 7, 8, 9, 10, 11]);
});

test("GPIO1 and GPIO3 are the serial port", () => {
  expect(those(({ serial }) => serial === "TX")).toEqual([1]);
  expect(those(({ serial }) => serial === "RX")).toEqual([3]);
});

test("GPIO16 alone has no interrupt, and a pull-down instead of a pull-up", () => {
  expect(those(({ hasInterrupt }) => !hasInterrupt)).toEqual([16]);
  expect(those(({ pull }) => pull === "down")).toEqual([16]);
});
