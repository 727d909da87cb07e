/** What is wrong with a board that its schema cannot tell. */
import { CHIP_PINS } from "../../runtime/board/chip-pins.ts";
import { findPin, gpioNumber } from "./board-pins.ts";
import type { Board, BoardPin } from "./board-schema.ts";

const MIB = 1024 * 1024;

/** A sentence each. */
export function boardFaults({ pins, flash, adc, defaults }: Board): string[] {
  return [
    ...pins.flatMap(pinFaults),
    ...repeated(pins.map(({ gpio }) => `GPIO${gpio}`)),
    ...repeated([...pins, ...(adc ? [adc] : [])].map(({ label }) => label.toUpperCase())),
    ...flash.chips.flatMap(({ manufacturer, device }) =>
      capacityBytes(device) === flash.sizeMiB * MIB
        ? []
        : [`flash chip ${manufacturer} ${device} is not one of ${flash.sizeMiB} MiB`],
    ),
    ...Object.entries(defaults).flatMap(([product, places]) =>
      Object.entries(places)
        .filter(([, label]) => findPin(pins, label) === undefined)
        .map(([name, label]) => `${product} has ${name} at ${label}, and there is no such pin`),
    ),
  ];
}

function pinFaults({ gpio, label, pull }: BoardPin): string[] {
  const chip = CHIP_PINS[gpio];
  const named = gpioNumber(label);
  const faults: string[] = [];
  if (chip?.carriesFlash) faults.push(`GPIO${gpio} carries the flash, so it is no pin to use`);
  if (named !== undefined && named !== gpio)
    faults.push(`${label} is the label of GPIO${gpio}: programs would mix them up`);
  if (pull !== undefined && chip?.atStart === (pull === "up" ? 0 : 1)) {
    faults.push(`a board that pulls GPIO${gpio} ${pull} does not start`);
  }
  return faults;
}

/** The last byte of a JEDEC id is the power of two of the size: 0x14 is 1 MB, 0x16 is 4 MB. */
function capacityBytes(device: string): number {
  return 2 ** Number.parseInt(device.slice(2), 16);
}

function repeated(names: string[]): string[] {
  const twice = names.filter((name, index) => names.indexOf(name) !== index);
  return [...new Set(twice)].map((name) => `${name} is there twice`);
}
