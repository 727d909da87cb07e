/**
 * The two hardware timers (ESP8266 technical reference, chapter 10, and the SDK's timer_register.h): FRC1 counts 23 bits
 * down to zero, FRC2 counts 32 bits up and compares with FRC2_ALARM.
 *
 * Reverse-engineered (esp-open-rtos, timer_regs.h): bit 0 of CTRL keeps the interrupt status until it is cleared, without
 * it the status goes at once; FRCx_INT reads as FRCx_LOAD; FRC1 without reload runs on from its largest value; a write to
 * FRCx_LOAD sets the count. Assumed: a load of n gives a period of n ticks; divider 3 is 256, as 2 is.
 */
import type { CycleClock, Peripheral } from "../bus.ts";
import type { InterruptInput } from "./interrupt-input.ts";
import { unknownRegister } from "./unknown-register.ts";

const FRC1_LOAD = 0x00;
const FRC1_COUNT = 0x04;
const FRC1_CTRL = 0x08;
const FRC1_INT = 0x0c;
const FRC2_LOAD = 0x20;
const FRC2_COUNT = 0x24;
const FRC2_CTRL = 0x28;
const FRC2_INT = 0x2c;
const FRC2_ALARM = 0x30;

const FRC_CTRL_INT_HOLD = 1 << 0;
const FRC_CTRL_CLKDIV_SHIFT = 2;
const FRC_CTRL_RELOAD = 1 << 6;
const FRC_CTRL_EN = 1 << 7;
const FRC_CTRL_INT = 1 << 8;
const FRC_CTRL_DATA_MASK = 0xff;

const FRC1_COUNTS = 0x800000;
const FRC2_COUNTS = 0x1_0000_0000;
const DIVIDERS = [1, 16, 256, 256];

export interface FrcTimersOptions {
  /** The peripheral bus. */
  clock: CycleClock;
  frc1: InterruptInput;
  frc2: InterruptInput;
}

/** What both counters have in common: a control register, a count that time moves, an event when it is met. */
abstract class Counter {
  load = 0;
  /** The count at `#sinceTick`. */
  #count = 0;
  #sinceTick = 0;
  #ctrl = 0;
  #isInterrupt = false;
  #cancel: (() => void) | undefined;
  readonly #clock: CycleClock;
  readonly #interrupt: InterruptInput;

  constructor(clock: CycleClock, interrupt: InterruptInput) {
    this.#clock = clock;
    this.#interrupt = interrupt;
  }

  get ctrl(): number {
    return this.#ctrl | (this.#isInterrupt ? FRC_CTRL_INT : 0);
  }

  set ctrl(value: number) {
    this.setCount(this.count());
    this.#ctrl = value & FRC_CTRL_DATA_MASK;
    this.plan();
  }

  get reloads(): boolean {
    return (this.#ctrl & FRC_CTRL_RELOAD) !== 0;
  }

  count(): number {
    if ((this.#ctrl & FRC_CTRL_EN) === 0) return this.#count;
    return this.moved(this.#count, Math.floor((this.#clock.cycles - this.#sinceTick) / this.#divider()));
  }

  setCount(count: number): void {
    // A part of a divided tick is not lost when a register is touched in between.
    const elapsed = this.#clock.cycles - this.#sinceTick;
    const isRunning = (this.#ctrl & FRC_CTRL_EN) !== 0;
    this.#sinceTick = this.#clock.cycles - (isRunning ? elapsed % this.#divider() : 0);
    this.#count = count;
    this.plan();
  }

  clearInterrupt(): void {
    this.#isInterrupt = false;
    this.#interrupt(false);
  }

  /** Plans the next event anew. */
  plan(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    if ((this.#ctrl & FRC_CTRL_EN) === 0) return;
    const tick = this.#sinceTick + this.countsToEvent(this.#count) * this.#divider();
    this.#cancel = this.#clock.at(tick, () => this.#meet(tick));
  }

  /** `count` after so many counts, events between them left out. */
  protected abstract moved(count: number, counts: number): number;
  /** At least 1. */
  protected abstract countsToEvent(count: number): number;
  /** The count right after an event. */
  protected abstract countAfterEvent(): number;

  #meet(tick: number): void {
    this.#sinceTick = tick;
    this.#count = this.countAfterEvent();
    this.plan();
    this.#interrupt(true);
    if ((this.#ctrl & FRC_CTRL_INT_HOLD) === 0) this.#interrupt(false);
    else this.#isInterrupt = true;
  }

  #divider(): number {
    return DIVIDERS[(this.#ctrl >>> FRC_CTRL_CLKDIV_SHIFT) & 3] as number;
  }
}

class DownCounter extends Counter {
  protected override moved(count: number, counts: number): number {
    return (count - counts) & (FRC1_COUNTS - 1);
  }

  protected override countsToEvent(count: number): number {
    return count === 0 ? FRC1_COUNTS : count;
  }

  protected override countAfterEvent(): number {
    return this.reloads ? this.load : 0;
  }
}

class UpCounter extends Counter {
  alarm = 0;

  protected override moved(count: number, counts: number): number {
    return (count + counts) % FRC2_COUNTS;
  }

  protected override countsToEvent(count: number): number {
    const distance = (this.alarm - count + FRC2_COUNTS) % FRC2_COUNTS;
    return distance === 0 ? FRC2_COUNTS : distance;
  }

  protected override countAfterEvent(): number {
    return this.alarm;
  }
}

export class FrcTimers implements Peripheral {
  readonly name = "FRC";
  readonly address = 0x60000600;
  readonly sizeBytes = 0x40;
  readonly #frc1: DownCounter;
  readonly #frc2: UpCounter;

  constructor(options: FrcTimersOptions) {
    this.#frc1 = new DownCounter(options.clock, options.frc1);
    this.#frc2 = new UpCounter(options.clock, options.frc2);
  }

  read(offset: number): number {
    switch (offset) {
      case FRC1_LOAD:
      case FRC1_INT:
        return this.#frc1.load;
      case FRC1_COUNT:
        return this.#frc1.count();
      case FRC1_CTRL:
        return this.#frc1.ctrl;
      case FRC2_LOAD:
      case FRC2_INT:
        return this.#frc2.load;
      case FRC2_COUNT:
        return this.#frc2.count();
      case FRC2_CTRL:
        return this.#frc2.ctrl;
      case FRC2_ALARM:
        return this.#frc2.alarm;
      default:
        throw unknownRegister(this.name, this.address, offset, "read");
    }
  }

  write(offset: number, value: number): void {
    switch (offset) {
      case FRC1_LOAD:
        this.#frc1.load = value & (FRC1_COUNTS - 1);
        this.#frc1.setCount(this.#frc1.load);
        break;
      case FRC1_CTRL:
        this.#frc1.ctrl = value;
        break;
      case FRC1_INT:
        this.#frc1.clearInterrupt();
        break;
      case FRC2_LOAD:
        this.#frc2.load = value >>> 0;
        this.#frc2.setCount(this.#frc2.load);
        break;
      case FRC2_CTRL:
        this.#frc2.ctrl = value;
        break;
      case FRC2_INT:
        this.#frc2.clearInterrupt();
        break;
      case FRC2_ALARM:
        this.#frc2.alarm = value >>> 0;
        this.#frc2.setCount(this.#frc2.count());
        break;
      default:
        throw unknownRegister(this.name, this.address, offset, "write");
    }
  }
}
