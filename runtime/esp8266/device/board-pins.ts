/** The pins of a virtual board as the chip's GPIO unit and RTC see them. */
import type { Pins } from "../../board/pins.ts";
import { PinMode } from "../../contract/host-abi.ts";
import type { Level, PinPort } from "../peripherals/gpio.ts";

export class BoardPins implements PinPort {
  readonly #pins: Pins;

  constructor(pins: Pins) {
    this.#pins = pins;
  }

  /** The pins that carry the flash are low here: a virtual board has none of them. */
  level(pin: number): Level {
    return this.#pins.level(pin) ?? 0;
  }

  configure(pin: number, driven: Level | undefined, pullUp: boolean): void {
    if (this.#pins.level(pin) === undefined) return;
    if (driven === undefined) {
      this.#pins.setMode(pin, pullUp ? PinMode.InputPullup : PinMode.Input);
      return;
    }
    this.#pins.write(pin, driven);
    this.#pins.setMode(pin, PinMode.Output);
  }

  onChange(listener: (pin: number) => void): void {
    this.#pins.onLevel(listener);
  }
}
