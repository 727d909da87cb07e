/** Pins of a board, as people name them. */
import type { BoardPin } from "./board-schema.ts";

/** The pin by its label, or by its number: D5, GPIO14 or 14. */
export function findPin(pins: readonly BoardPin[], text: string): BoardPin | undefined {
  const wanted = text.toUpperCase();
  const gpio = gpioNumber(text);
  return pins.find(({ label }) => label.toUpperCase() === wanted) ?? pins.find((pin) => pin.gpio === gpio);
}

/** Undefined: the text is no GPIO and no number. */
export function gpioNumber(text: string): number | undefined {
  const [, digits] = /^(?:(?:GP)?IO)?(\d{1,2})$/i.exec(text) ?? [];
  return digits === undefined ? undefined : Number(digits);
}

/** The label, and the number where that tells something else. */
export function pinText({ label, gpio }: BoardPin): string {
  return gpioNumber(label) === gpio ? label : `${label} (GPIO${gpio})`;
}
