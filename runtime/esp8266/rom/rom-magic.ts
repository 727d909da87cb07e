/**
 * The one word of the mask ROM that tools read: they know the chip by it (esptool, CHIP_DETECT_MAGIC_VALUE). The other bytes of
 * the ROM are not there.
 */
import type { Peripheral } from "../bus.ts";
import { EmulatorError } from "../emulator-error.ts";

/** Of an ESP8266. */
const MAGIC_VALUE = 0xfff0c101;

export class RomMagic implements Peripheral {
  readonly name = "mask ROM";
  readonly address = 0x40001000;
  readonly sizeBytes = 4;

  readonly #value: number;

  constructor(value = MAGIC_VALUE) {
    this.#value = value;
  }

  read(): number {
    return this.#value;
  }

  write(): void {
    throw new EmulatorError("not-emulated", "A write to the mask ROM is not emulated.", { address: this.address });
  }
}
