/**
 * IO_MUX: what each pin is used for and whether its pull-up is on (ESP8266 technical reference, chapter 2 and its pin
 * list; names of the SDK's pin_mux_register.h). GPIO0, 2, 4 and 5 are GPIOs as function 0, the others as function 3.
 *
 * Reset values: function 0; pull-ups of GPIO0, GPIO1, GPIO2, GPIO3 and GPIO12 to GPIO15 on (the pin list's column "at
 * reset", wpu). Functions other than GPIO take the pin from the GPIO unit and connect nothing here.
 */
import type { Peripheral } from "../bus.ts";
import { unknownRegister } from "./unknown-register.ts";

const PERIPHS_IO_MUX_CONF = 0x00;
/** Which GPIO the register at 4 * (index + 1) belongs to. */
const PINS_OF_REGISTERS = [12, 13, 14, 15, 3, 1, 6, 7, 8, 9, 10, 11, 0, 2, 4, 5];
const PERIPHS_IO_MUX_PULLUP = 1 << 7;
const PULLED_UP_AT_RESET = [0, 1, 2, 3, 12, 13, 14, 15];
const GPIO_IS_FUNCTION_0 = [0, 2, 4, 5];
const FUNC_GPIO = 3;

/** The GPIO unit. */
export interface PinUser {
  setFunction(pin: number, isGpio: boolean, hasPullUp: boolean): void;
}

export class IoMux implements Peripheral {
  readonly name = "IO_MUX";
  readonly address = 0x60000800;
  readonly sizeBytes = 0x44;
  readonly #user: PinUser;
  readonly #registers: number[];
  #conf = 0;

  constructor(user: PinUser) {
    this.#user = user;
    this.#registers = PINS_OF_REGISTERS.map((pin) => (PULLED_UP_AT_RESET.includes(pin) ? PERIPHS_IO_MUX_PULLUP : 0));
    this.#registers.forEach((_, index) => {
      this.#apply(index);
    });
  }

  read(offset: number): number {
    if (offset === PERIPHS_IO_MUX_CONF) return this.#conf;
    return this.#registers[this.#indexOf(offset, "read")] as number;
  }

  write(offset: number, value: number): void {
    if (offset === PERIPHS_IO_MUX_CONF) {
      this.#conf = value >>> 0;
      return;
    }
    const index = this.#indexOf(offset, "write");
    this.#registers[index] = value >>> 0;
    this.#apply(index);
  }

  #indexOf(offset: number, access: "read" | "write"): number {
    const index = offset / 4 - 1;
    if (index >= this.#registers.length) throw unknownRegister(this.name, this.address, offset, access);
    return index;
  }

  #apply(index: number): void {
    const pin = PINS_OF_REGISTERS[index] as number;
    const value = this.#registers[index] as number;
    // PERIPHS_IO_MUX_FUNC: bits 4 and 5, and bit 8 as the function's bit 2.
    const selected = ((value >>> 4) & 3) | ((value >>> 6) & 4);
    this.#user.setFunction(
      pin,
      selected === (GPIO_IS_FUNCTION_0.includes(pin) ? 0 : FUNC_GPIO),
      (value & PERIPHS_IO_MUX_PULLUP) !== 0,
    );
  }
}
