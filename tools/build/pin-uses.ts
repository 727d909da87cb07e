/** Whether a function of a product can have a pin: what the chip does there, and what the board has there. */
import { CHIP_PINS } from "../../runtime/board/chip-pins.ts";
import type { BoardPin } from "./board-schema.ts";
import type { PinFunction } from "./product.ts";

export const LEVELS = ["low", "high"] as const;

/** Why the function cannot be at the pin; undefined: it can. */
export function reasonAgainst(
  { gpio, pull, wired }: BoardPin,
  { mode, part, watched, atStart }: PinFunction,
): string | undefined {
  const chip = CHIP_PINS[gpio];
  if (chip === undefined || chip.carriesFlash) return `GPIO${gpio} carries the flash that the program runs from`;
  if (wired !== undefined && wired.part !== part) return `the board has its ${wired.title} there`;
  if (watched && !chip.hasInterrupt) return `GPIO${gpio} has no interrupt, so its edges cannot be counted`;
  if (mode === "input-pullup" && chip.pull !== "up") return `GPIO${gpio} has no pull-up`;
  if (chip.atStart !== undefined) {
    const needed = LEVELS[chip.atStart];
    const holds = atStart === undefined || atStart === needed ? undefined : atStart === "any" ? "may hold" : "holds";
    const must = `GPIO${gpio} must be ${needed} while the board starts`;
    const end = "the board would not start";
    if (holds !== undefined) return `${must}, and what is wired to it ${holds} it ${LEVELS[1 - chip.atStart]}: ${end}`;
    if (chip.atStart === 0 && mode === "input-pullup") return `${must}, and a pulled-up input is high: ${end}`;
  }
  if (mode === "input-pullup" && pull === "down")
    return "a resistor of the board pulls it down, against the chip's pull-up";
  return undefined;
}

/** What works, but is in the way of something else. */
export function reservationAbout({ gpio }: BoardPin): string | undefined {
  const line = CHIP_PINS[gpio]?.serial;
  if (line === undefined) return undefined;
  return `it is ${line} of the serial port: what is wired to it is in the way of the log and of flashing`;
}

const USES: Record<string, PinFunction> = {
  input: { title: "", mode: "input" },
  "pull-up": { title: "", mode: "input-pullup" },
  edges: { title: "", mode: "input", watched: true },
  output: { title: "", mode: "output" },
};

/** What a pin is free for, as long as nothing that is wired to it holds it at a wrong level while the board starts. */
export function usesOf(pin: BoardPin): string[] {
  return Object.keys(USES).filter((use) => USES[use] !== undefined && reasonAgainst(pin, USES[use]) === undefined);
}
