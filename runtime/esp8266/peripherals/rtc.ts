/**
 * The RTC: a slow counter, scratch registers, GPIO16 and the reset reason (names of the SDK's eagle_soc.h and
 * rtc_register.h). Its memory is in rtc-memory.ts.
 *
 * Reverse-engineered (esp-open-rtos, rtc_regs.h): the low four bits of RTC_STATE1 tell the reset reason; bit 31 of RTC_CTRL
 * resets the chip. Assumed: the slow clock ticks every 5.75 microseconds, the mean that system_rtc_clock_cali_proc shows.
 * Not emulated: sleep, the RTC interrupt.
 */
import type { CycleClock, Peripheral } from "../bus.ts";
import type { Level } from "./gpio.ts";
import { unknownRegister } from "./unknown-register.ts";

const RTC_CTRL = 0x00;
const RTC_SLP_VAL = 0x04;
const RTC_STATE1 = 0x14;
const RTC_STATE2 = 0x18;
const RTC_SLP_CNT_VAL = 0x1c;
const RTC_SCRATCH0 = 0x30;
const RTC_SCRATCH3 = 0x3c;
const RTC_GPIO_OUT = 0x68;
const RTC_GPIO_ENABLE = 0x74;
const RTC_GPIO_IN_DATA = 0x8c;
const RTC_GPIO_CONF = 0x90;
const PAD_XPD_DCDC_CONF = 0xa0;

const RTC_CTRL_SW_RESET = 1 << 31;
/** 5.75 microseconds at 80 MHz. */
const SLOW_CLOCK_TICKS = 460;

/** RTC_STATE1, the SDK's RESET_REASON. */
export enum RtcResetReason {
  PowerOn = 1,
  External = 2,
  Software = 3,
  Watchdog = 4,
  DeepSleep = 5,
}

export interface RtcOptions {
  /** The peripheral bus. */
  clock: CycleClock;
  gpio16: { level(): Level; drive(level: Level | undefined): void };
  /** The chip asks for a reset of itself. */
  reset: () => void;
}

export class Rtc implements Peripheral {
  readonly name = "RTC";
  readonly address = 0x60000700;
  readonly sizeBytes = 0xac;
  resetReason = RtcResetReason.PowerOn;
  readonly #options: RtcOptions;
  /** Registers that only keep what is written. */
  readonly #kept = new Map<number, number>(
    [RTC_SLP_VAL, RTC_GPIO_OUT, RTC_GPIO_ENABLE, RTC_GPIO_CONF, PAD_XPD_DCDC_CONF].map((offset) => [offset, 0]),
  );

  constructor(options: RtcOptions) {
    this.#options = options;
    for (let offset = RTC_SCRATCH0; offset <= RTC_SCRATCH3; offset += 4) this.#kept.set(offset, 0);
  }

  read(offset: number): number {
    switch (offset) {
      case RTC_CTRL:
        return 0;
      case RTC_STATE1:
        return this.resetReason;
      case RTC_STATE2:
        return 0;
      case RTC_SLP_CNT_VAL:
        return Math.floor(this.#options.clock.cycles / SLOW_CLOCK_TICKS) >>> 0;
      case RTC_GPIO_IN_DATA:
        return this.#options.gpio16.level();
      default: {
        const value = this.#kept.get(offset);
        if (value === undefined) throw unknownRegister(this.name, this.address, offset, "read");
        return value;
      }
    }
  }

  write(offset: number, value: number): void {
    if (offset === RTC_CTRL && (value & RTC_CTRL_SW_RESET) !== 0) {
      this.#options.reset();
      return;
    }
    if (!this.#kept.has(offset)) throw unknownRegister(this.name, this.address, offset, "write");
    this.#kept.set(offset, value >>> 0);
    if (offset !== RTC_GPIO_OUT && offset !== RTC_GPIO_ENABLE) return;
    const isEnabled = ((this.#kept.get(RTC_GPIO_ENABLE) as number) & 1) === 1;
    const latch = ((this.#kept.get(RTC_GPIO_OUT) as number) & 1) as Level;
    this.#options.gpio16.drive(isEnabled ? latch : undefined);
  }
}
