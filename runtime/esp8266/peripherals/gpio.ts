/**
 * GPIO0 to GPIO15 (ESP8266 technical reference, chapter 3, names of the SDK's gpio_register.h). GPIO16 belongs to the RTC
 * (rtc.ts). What a pin drives also depends on IO_MUX, which says whether the pin is a GPIO at all (io-mux.ts).
 *
 * Interrupt status is latched; while a level interrupt's level lasts it comes back at once. Not emulated: sigma-delta and
 * the calibration of the RTC clock.
 */
import type { Peripheral } from "../bus.ts";
import type { InterruptInput } from "./interrupt-input.ts";
import { unknownRegister } from "./unknown-register.ts";

const GPIO_OUT = 0x00;
const GPIO_OUT_W1TS = 0x04;
const GPIO_OUT_W1TC = 0x08;
const GPIO_ENABLE = 0x0c;
const GPIO_ENABLE_W1TS = 0x10;
const GPIO_ENABLE_W1TC = 0x14;
const GPIO_IN = 0x18;
const GPIO_STATUS = 0x1c;
const GPIO_STATUS_W1TS = 0x20;
const GPIO_STATUS_W1TC = 0x24;
const GPIO_PIN0 = 0x28;
const GPIO_PIN15 = 0x64;

const GPIO_STRAPPING_SHIFT = 16;
const GPIO_PIN_INT_TYPE_SHIFT = 7;
const GPIO_PIN_INT_TYPE_MASK = 7;
const GPIO_PIN_DRIVER_OPEN_DRAIN = 1 << 2;
const GPIO_DATA_MASK = 0xffff;
const PINS = 16;

enum InterruptType {
  Off = 0,
  Rising = 1,
  Falling = 2,
  Any = 3,
  Low = 4,
  High = 5,
}

export type Level = 0 | 1;

/** The pins of the package. */
export interface PinPort {
  /** The level that a pin has, whoever drives it. */
  level(pin: number): Level;
  /** What the chip does with a pin: a level, or nothing, with or without its pull-up. */
  configure(pin: number, driven: Level | undefined, pullUp: boolean): void;
  /** Calls back when the level of a pin has changed, or may have. */
  onChange(listener: (pin: number) => void): void;
}

/** The straps at reset, from bit 2 down: GPIO15, GPIO0, GPIO2. */
export const STRAP_GPIO15 = 0b100;
export const STRAP_GPIO0 = 0b010;
export const STRAP_GPIO2 = 0b001;
export const STRAPS_FLASH = 0b011;
export const STRAPS_SERIAL = 0b001;

export interface GpioOptions {
  pins: PinPort;
  interrupt: InterruptInput;
  straps?: number;
}

export class Gpio implements Peripheral {
  readonly name = "GPIO";
  readonly address = 0x60000300;
  readonly sizeBytes = 0x74;
  readonly #pins: PinPort;
  readonly #interrupt: InterruptInput;
  /** As sampled at the last reset. */
  straps: number;
  readonly #pinRegisters = new Uint32Array(PINS);
  readonly #levels: number[] = [];
  readonly #isGpio: boolean[] = new Array<boolean>(PINS).fill(false);
  readonly #hasPullUp: boolean[] = new Array<boolean>(PINS).fill(false);
  #out = 0;
  #enable = 0;
  #status = 0;

  constructor(options: GpioOptions) {
    this.#pins = options.pins;
    this.#interrupt = options.interrupt;
    this.straps = options.straps ?? STRAPS_FLASH;
    for (let pin = 0; pin < PINS; pin++) this.#levels.push(this.#pins.level(pin));
    this.#pins.onChange((pin) => {
      if (pin < PINS) this.#look(pin);
    });
  }

  /** From IO_MUX: what the pin is used for. */
  setFunction(pin: number, isGpio: boolean, hasPullUp: boolean): void {
    this.#isGpio[pin] = isGpio;
    this.#hasPullUp[pin] = hasPullUp;
    this.#drive(pin);
  }

  read(offset: number): number {
    switch (offset) {
      case GPIO_OUT:
        return this.#out;
      case GPIO_ENABLE:
        return this.#enable;
      case GPIO_IN:
        return ((this.straps << GPIO_STRAPPING_SHIFT) | this.#input()) >>> 0;
      case GPIO_STATUS:
        return this.#status;
      default:
        return this.#pinRegisters[this.#pinOf(offset, "read")] as number;
    }
  }

  write(offset: number, value: number): void {
    const data = value & GPIO_DATA_MASK;
    switch (offset) {
      case GPIO_OUT:
        return this.#setOutput(data, this.#enable);
      case GPIO_OUT_W1TS:
        return this.#setOutput(this.#out | data, this.#enable);
      case GPIO_OUT_W1TC:
        return this.#setOutput(this.#out & ~data, this.#enable);
      case GPIO_ENABLE:
        return this.#setOutput(this.#out, data);
      case GPIO_ENABLE_W1TS:
        return this.#setOutput(this.#out, this.#enable | data);
      case GPIO_ENABLE_W1TC:
        return this.#setOutput(this.#out, this.#enable & ~data);
      case GPIO_STATUS:
        return this.#setStatus(data);
      case GPIO_STATUS_W1TS:
        return this.#setStatus(this.#status | data);
      case GPIO_STATUS_W1TC:
        return this.#setStatus(this.#status & ~data);
      default: {
        const pin = this.#pinOf(offset, "write");
        this.#pinRegisters[pin] = value;
        this.#drive(pin);
        this.#setStatus(this.#status);
      }
    }
  }

  #pinOf(offset: number, access: "read" | "write"): number {
    if (offset < GPIO_PIN0 || offset > GPIO_PIN15) throw unknownRegister(this.name, this.address, offset, access);
    return (offset - GPIO_PIN0) / 4;
  }

  #input(): number {
    return this.#levels.reduce((word, level, pin) => word | (level << pin), 0);
  }

  #setOutput(out: number, enable: number): void {
    const changed = (this.#out ^ out) | (this.#enable ^ enable);
    this.#out = out;
    this.#enable = enable;
    for (let pin = 0; pin < PINS; pin++) {
      if (((changed >>> pin) & 1) === 1) this.#drive(pin);
    }
  }

  #drive(pin: number): void {
    const latch = ((this.#out >>> pin) & 1) as Level;
    const isOpenDrain = ((this.#pinRegisters[pin] as number) & GPIO_PIN_DRIVER_OPEN_DRAIN) !== 0;
    const drives = this.#isGpio[pin] === true && ((this.#enable >>> pin) & 1) === 1 && !(isOpenDrain && latch === 1);
    this.#pins.configure(pin, drives ? latch : undefined, this.#hasPullUp[pin] === true);
    this.#look(pin);
  }

  #look(pin: number): void {
    const level = this.#pins.level(pin);
    if (level === this.#levels[pin]) return;
    this.#levels[pin] = level;
    const type = this.#interruptType(pin);
    const edge = level === 1 ? InterruptType.Rising : InterruptType.Falling;
    const isMet = type === edge || type === InterruptType.Any;
    this.#setStatus(isMet ? this.#status | (1 << pin) : this.#status);
  }

  #interruptType(pin: number): InterruptType {
    return ((this.#pinRegisters[pin] as number) >>> GPIO_PIN_INT_TYPE_SHIFT) & GPIO_PIN_INT_TYPE_MASK;
  }

  #setStatus(status: number): void {
    this.#status = status;
    for (let pin = 0; pin < PINS; pin++) {
      const type = this.#interruptType(pin);
      const level = this.#levels[pin];
      const isMet = (type === InterruptType.Low && level === 0) || (type === InterruptType.High && level === 1);
      if (isMet) this.#status |= 1 << pin;
    }
    this.#interrupt(this.#status !== 0);
  }
}
