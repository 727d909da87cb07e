/**
 * The hardware watchdog. There is no chapter on it: registers and the feeding value 0x73 are those of the RTOS SDK's
 * eagle_soc.h, the times are those of its esp_task_wdt.c (2^n times 0.8 ms, which we take for 2^16 ticks of 80 MHz,
 * 0.8192 ms). Two stages: after WDT_OP an interrupt, after another WDT_OP_ND the chip is reset, unless it was fed.
 *
 * Assumed: another value than 0x73 feeds nothing; only response mode 0 (interrupt, then reset) is known.
 */
import type { CycleClock, Peripheral } from "../bus.ts";
import { EmulatorError } from "../emulator-error.ts";
import type { InterruptInput } from "./interrupt-input.ts";
import { unknownRegister } from "./unknown-register.ts";

const WDT_CTL = 0x00;
const WDT_OP = 0x04;
const WDT_OP_ND = 0x08;
const WDT_RST = 0x14;

const WDT_CTL_EN_MASK = 0x1;
const WDT_CTL_RSPMOD_MASK = 0x6;
const WDT_CTL_MASK = 0x3f;
const WDT_OP_MASK = 0xf;
export const WDT_FEED_VALUE = 0x73;
const STAGE_TICKS = 1 << 16;

export interface WatchdogOptions {
  /** The peripheral bus. */
  clock: CycleClock;
  interrupt: InterruptInput;
  /** Nobody fed it: the chip is reset. */
  bite: () => void;
}

export class Watchdog implements Peripheral {
  readonly name = "WDT";
  readonly address = 0x60000900;
  readonly sizeBytes = 0x18;
  readonly #options: WatchdogOptions;
  #ctl = 0;
  #op = 0;
  #opNd = 0;
  #cancel: (() => void) | undefined;

  constructor(options: WatchdogOptions) {
    this.#options = options;
  }

  read(offset: number): number {
    switch (offset) {
      case WDT_CTL:
        return this.#ctl;
      case WDT_OP:
        return this.#op;
      case WDT_OP_ND:
        return this.#opNd;
      default:
        throw unknownRegister(this.name, this.address, offset, "read");
    }
  }

  write(offset: number, value: number): void {
    switch (offset) {
      case WDT_CTL:
        this.#ctl = value & WDT_CTL_MASK;
        this.#restart();
        return;
      case WDT_OP:
        this.#op = value & WDT_OP_MASK;
        return;
      case WDT_OP_ND:
        this.#opNd = value & WDT_OP_MASK;
        return;
      case WDT_RST:
        if ((value & 0xff) === WDT_FEED_VALUE) this.#restart();
        return;
      default:
        throw unknownRegister(this.name, this.address, offset, "write");
    }
  }

  /** After a reset of the chip: off. */
  reset(): void {
    this.#ctl = 0;
    this.#restart();
  }

  #restart(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    if ((this.#ctl & WDT_CTL_EN_MASK) === 0) return;
    if ((this.#ctl & WDT_CTL_RSPMOD_MASK) !== 0) {
      throw new EmulatorError("not-emulated", "The watchdog's response modes other than 0 are not emulated.");
    }
    this.#cancel = this.#after(this.#op, () => {
      this.#options.interrupt(true);
      this.#options.interrupt(false);
      this.#cancel = this.#after(this.#opNd, () => {
        this.#cancel = undefined;
        this.#options.bite();
      });
    });
  }

  #after(exponent: number, run: () => void): () => void {
    const { clock } = this.#options;
    return clock.at(clock.cycles + STAGE_TICKS * 2 ** exponent, run);
  }
}
