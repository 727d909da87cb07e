/**
 * Which pin each function of a product has on a board: the one that was asked for, else the board's default, else the
 * product's. What would not work is an error that says why, and which pins would.
 */

import { CHIP_PINS } from "../../runtime/board/chip-pins.ts";
import { NO_PIN } from "../../runtime/contract/host-abi.ts";
import { findPin, gpioNumber, pinText } from "./board-pins.ts";
import type { Board, BoardPin } from "./board-schema.ts";
import { BuildError } from "./build-error.ts";
import { reasonAgainst, reservationAbout } from "./pin-uses.ts";
import { BOARD_PINS, type PinFunction, type PinNumbers, type Product, readProduct } from "./product.ts";

/** Functions and the pins that were asked for: a label, GPIO and number, or NONE. */
export type PinWishes = ReadonlyMap<string, string>;

export interface PinPlan {
  pins: PinNumbers;
  /** For people; empty where the product declares nothing. */
  text: string;
  warnings: string[];
}

/** Asks for no pin where the board or the product has one by default. */
export const NONE = "none";

/** For the program at `path`, as compileProgram takes it. */
export function planPins(path: string, board: Board, wishes: PinWishes = new Map()): PinPlan {
  const product = readProduct(path);
  if (product !== undefined) return placePins(product, board, wishes);
  if (wishes.size > 0)
    throw new BuildError(`${path} has no product.json that declares pins, so there is none to choose`);
  return { pins: new Map(), text: "", warnings: [] };
}

interface Place {
  name: string;
  use: PinFunction;
  /** What names the pin. */
  text: string;
  pin: BoardPin | undefined;
}

export function placePins(product: Product, board: Board, wishes: PinWishes): PinPlan {
  const defaults = new Map(Object.entries(board.defaults[product.name] ?? {}));
  checkNames(product, wishes, "--pin");
  checkNames(product, defaults, `board ${board.name}`);
  const places = Object.entries(product.pins).map(([name, use]): Place => {
    const otherwise = use.default === undefined ? NONE : `GPIO${use.default}`;
    const text = wishes.get(name) ?? defaults.get(name) ?? otherwise;
    return { name, use, text, pin: text === NONE ? undefined : findPin(board.pins, text) };
  });
  const faults = places.flatMap((place) => {
    const reason = faultOf(place, places, board);
    const what = `${product.name}: ${place.use.title} (${place.name})`;
    return reason === undefined ? [] : [`${what} ${reason}; ${adviceFor(place, places, board)}`];
  });
  if (faults.length > 0) throw new BuildError(faults.join("\n"));
  const pins = new Map(places.map(({ name, pin }) => [name, pin?.gpio ?? NO_PIN]));
  if (product.anyPins === true)
    pins.set(
      BOARD_PINS,
      board.pins.reduce((mask, { gpio }) => mask | (1 << gpio), 0),
    );
  return {
    pins,
    text: places.map(({ name, pin }) => (pin === undefined ? `${name} none` : `${name} ${pinText(pin)}`)).join(", "),
    warnings: places.flatMap(({ name, use, pin }) => {
      const reservation = pin === undefined ? undefined : reservationAbout(pin);
      return pin === undefined || reservation === undefined
        ? []
        : [`${use.title} (${name}) is at ${pinText(pin)} of ${board.name}: ${reservation}`];
    }),
  };
}

function checkNames(product: Product, names: ReadonlyMap<string, string>, whose: string): void {
  for (const name of names.keys()) {
    if (Object.hasOwn(product.pins, name)) continue;
    const known = Object.keys(product.pins).join(", ") || "none";
    throw new BuildError(
      `${product.name} has no function ${name} that ${whose} could place: its functions are ${known}`,
    );
  }
}

function faultOf(place: Place, places: readonly Place[], board: Board): string | undefined {
  const { use, text, pin } = place;
  if (text === NONE) return use.optional ? undefined : `has no pin on ${board.name}`;
  if (pin === undefined) return `cannot be at ${text} of ${board.name}: ${reasonForNone(text, board)}`;
  const before = places.slice(0, places.indexOf(place)).find((other) => other.pin === pin);
  const reason = reasonAgainst(pin, use) ?? (before && `${before.use.title} (${before.name}) is there already`);
  return reason && `cannot be at ${pinText(pin)} of ${board.name}: ${reason}`;
}

/** Why the board has no pin of this name. */
function reasonForNone(text: string, { adc }: Board): string {
  const gpio = gpioNumber(text);
  if (gpio !== undefined && CHIP_PINS[gpio]?.carriesFlash)
    return `GPIO${gpio} carries the flash that the program runs from`;
  if (text.toUpperCase() === adc?.label.toUpperCase()) return "that is the analogue input, which is no GPIO";
  return gpio !== undefined && CHIP_PINS[gpio] !== undefined
    ? "the board does not lead it out"
    : "there is no such pin";
}

function adviceFor({ name, use }: Place, places: readonly Place[], { pins }: Board): string {
  const taken = new Set(places.filter((other) => other.name !== name).map(({ pin }) => pin));
  const free = pins.filter((pin) => !taken.has(pin) && reasonAgainst(pin, use) === undefined);
  const good = free.filter((pin) => reservationAbout(pin) === undefined);
  const [first, ...others] = good.length > 0 ? good : free;
  if (first === undefined) return `no pin of the board is free for it${use.optional ? `: --pin ${name}=${NONE}` : ""}`;
  return `free for it: ${[first, ...others].map(({ label }) => label).join(", ")}, as --pin ${name}=${first.label}`;
}
