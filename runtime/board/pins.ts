/**
 * The pins: levels that the outside world drives, outputs, pull-ups, and edges taken the way an interrupt routine takes
 * them.
 *
 * Debounce. The first edge is taken at once and starts a hold-off of `debounce_ms`. Edges within it are bounce and are
 * ignored. When it ends, the level is looked at once more: if it is not the level last taken, that change is taken then,
 * with the time of then, and starts a hold-off of its own. Two things follow. Between hold-offs the level taken is always
 * the true level, so a log never ends with a wrong one, however the contact bounced. And taken edges of one pin alternate
 * and are at least `debounce_ms` apart. What it costs: a pulse shorter than the debounce time is seen, but as long as it.
 * Both directions are followed even when only one is counted; otherwise the bounce of the other direction would count.
 *
 * What each pin of the chip can do: chip-pins.ts.
 */
import { HostError } from "../contract/error-codes.ts";
import { EDGE_RECORD_BYTES, PinEdge, PinMode, PWM_DUTY_MAX } from "../contract/host-abi.ts";
import { EDGE_LOG_MAX } from "../contract/limits.ts";
import { CHIP_PINS, type ChipPin } from "./chip-pins.ts";
import type { Cancel, TimeSource } from "./time-source.ts";

const ADC_MAX = 1023;
const DROPPED_MAX = 0xffff;
const COUNT_MAX = 0x7fffffff;

export type PinLevel = 0 | 1;

interface Watch {
  edges: number;
  debounceMs: number;
  /** the level last taken */
  level: PinLevel;
  /** ends the hold-off; undefined outside of one */
  holdOff: Cancel | undefined;
  count: number;
}

class Pin {
  readonly chip: ChipPin;
  mode: PinMode = PinMode.Input;
  outputLatch: PinLevel = 0;
  /** of its pulses; undefined = it has none */
  duty: number | undefined = undefined;
  /** what the outside world drives; undefined = nothing is connected */
  driven: PinLevel | undefined = undefined;
  watch: Watch | undefined = undefined;

  constructor(chip: ChipPin) {
    this.chip = chip;
  }

  level(): PinLevel {
    if (this.mode === PinMode.Output) return this.outputLatch;
    if (this.driven !== undefined) return this.driven;
    return this.mode === PinMode.InputPullup ? 1 : 0;
  }
}

interface EdgeRecord {
  clockMs: number;
  pin: number;
  level: PinLevel;
  droppedBefore: number;
}

export interface PinsOptions {
  time: TimeSource;
  /** The board's own clock, for the edge log. */
  clockMs: () => number;
  /** An edge was taken: the program wants to be polled. */
  wake: () => void;
}

export type OutputListener = (pin: number, level: PinLevel) => void;

export class Pins {
  readonly #time: TimeSource;
  readonly #clockMs: () => number;
  readonly #wake: () => void;
  readonly #pins: (Pin | undefined)[] = [];
  readonly #listeners: OutputListener[] = [];
  readonly #levelListeners: ((pin: number) => void)[] = [];
  #log: EdgeRecord[] = [];
  #adc = 0;

  constructor(options: PinsOptions) {
    this.#time = options.time;
    this.#clockMs = options.clockMs;
    this.#wake = options.wake;
    for (const chip of CHIP_PINS) this.#pins.push(chip.carriesFlash ? undefined : new Pin(chip));
  }

  // The outside world.

  /** Drives a pin from outside; `undefined` lets it go. */
  setInput(number: number, level: PinLevel | undefined): void {
    const pin = this.#pins[number];
    if (pin === undefined) throw new RangeError(`Pin ${number} cannot be driven: pins 0 to 5 and 12 to 16 can.`);
    pin.driven = level;
    this.#levelMayHaveChanged(number, pin);
  }

  /** The level that the pin has now, whoever drives it. */
  level(number: number): PinLevel | undefined {
    return this.#pins[number]?.level();
  }

  /** The level while the chip is held in reset: what the outside world drives, or the resistor that boards have there. */
  levelAtReset(number: number): PinLevel {
    const pin = this.#pins[number];
    return pin?.driven ?? pin?.chip.atStart ?? 0;
  }

  /** The duty of the pulses on a pin; undefined: there are none. */
  duty(number: number): number | undefined {
    return this.#pins[number]?.duty;
  }

  /** Calls back on each change of an output. */
  onOutput(listener: OutputListener): void {
    this.#listeners.push(listener);
  }

  /** Calls back when the level of a pin has changed, or may have, whoever drives it. */
  onLevel(listener: (pin: number) => void): void {
    this.#levelListeners.push(listener);
  }

  setAdc(value: number): void {
    this.#adc = Math.max(0, Math.min(ADC_MAX, Math.trunc(value)));
  }

  // The program.

  setMode(number: number, mode: number): number {
    const pin = this.#pins[number];
    if (pin === undefined || PinMode[mode] === undefined) return HostError.BadArgument;
    if (mode === PinMode.InputPullup && pin.chip.pull !== "up") return HostError.Unsupported;
    const before = this.#outputOf(pin);
    pin.duty = undefined;
    pin.mode = mode;
    this.#reportOutput(number, pin, before);
    this.#levelMayHaveChanged(number, pin);
    return 0;
  }

  read(number: number): number {
    return this.#pins[number]?.level() ?? HostError.BadArgument;
  }

  /** Sets the output latch; it shows at the pin while its mode is Output, as on the chip. */
  write(number: number, level: number): number {
    const pin = this.#pins[number];
    if (pin === undefined || (level !== 0 && level !== 1)) return HostError.BadArgument;
    this.#setLatch(number, pin, level, undefined);
    return 0;
  }

  /**
   * Pulses on an output. The timer that makes them reaches GPIO0 to GPIO15. Here the pin does not swing: its level is the
   * one that it has for the longer part of a pulse.
   */
  pulse(number: number, duty: number): number {
    const pin = this.#pins[number];
    if (pin === undefined || duty < 0 || duty > PWM_DUTY_MAX) return HostError.BadArgument;
    if (!pin.chip.hasInterrupt) return HostError.Unsupported;
    if (pin.mode !== PinMode.Output) return HostError.BadArgument;
    this.#setLatch(number, pin, 2 * duty > PWM_DUTY_MAX ? 1 : 0, duty);
    return 0;
  }

  watch(number: number, edges: number, debounceMs: number): number {
    const pin = this.#pins[number];
    if (pin === undefined || edges < 0 || edges > PinEdge.Both || debounceMs < 0) return HostError.BadArgument;
    if (!pin.chip.hasInterrupt) return HostError.Unsupported;
    pin.watch?.holdOff?.();
    pin.watch = edges === 0 ? undefined : { edges, debounceMs, level: pin.level(), holdOff: undefined, count: 0 };
    return 0;
  }

  /** Edges counted since the last call; 0 for a pin that is not watched. */
  takeCount(number: number): number {
    const pin = this.#pins[number];
    if (pin === undefined) return HostError.BadArgument;
    if (pin.watch === undefined) return 0;
    const count = pin.watch.count;
    pin.watch.count = 0;
    return count;
  }

  /** Moves the oldest records of the edge log into `into`, as many as fit; returns bytes. */
  takeEdges(into: Uint8Array): number {
    const records = this.#log.splice(0, Math.floor(into.length / EDGE_RECORD_BYTES));
    const view = new DataView(into.buffer, into.byteOffset, into.byteLength);
    records.forEach((record, index) => {
      const offset = index * EDGE_RECORD_BYTES;
      view.setUint32(offset, record.clockMs, true);
      view.setUint8(offset + 4, record.pin);
      view.setUint8(offset + 5, record.level);
      view.setUint16(offset + 6, record.droppedBefore, true);
    });
    return records.length * EDGE_RECORD_BYTES;
  }

  readAdc(): number {
    return this.#adc;
  }

  /** The chip was reset: inputs, no watches, an empty log. What the outside world drives stays. */
  reset(): void {
    this.#log = [];
    this.#pins.forEach((pin, number) => {
      if (pin === undefined) return;
      pin.watch?.holdOff?.();
      pin.watch = undefined;
      const before = this.#outputOf(pin);
      pin.mode = PinMode.Input;
      pin.duty = undefined;
      pin.outputLatch = 0;
      this.#reportOutput(number, pin, before);
    });
  }

  #setLatch(number: number, pin: Pin, level: PinLevel, duty: number | undefined): void {
    const before = this.#outputOf(pin);
    pin.duty = duty;
    pin.outputLatch = level;
    this.#reportOutput(number, pin, before);
    this.#levelMayHaveChanged(number, pin);
  }

  #outputOf(pin: Pin): PinLevel | undefined {
    return pin.mode === PinMode.Output ? pin.outputLatch : undefined;
  }

  #reportOutput(number: number, pin: Pin, before: PinLevel | undefined): void {
    const after = this.#outputOf(pin);
    if (after === undefined || after === before) return;
    for (const listener of this.#listeners) listener(number, after);
  }

  #levelMayHaveChanged(number: number, pin: Pin): void {
    for (const listener of this.#levelListeners) listener(number);
    const watch = pin.watch;
    if (watch === undefined || watch.holdOff !== undefined) return;
    if (pin.level() !== watch.level) this.#takeEdge(number, pin, watch);
  }

  #takeEdge(number: number, pin: Pin, watch: Watch): void {
    watch.level = pin.level();
    if (watch.debounceMs > 0) {
      watch.holdOff = this.#time.at(watch.debounceMs, () => {
        watch.holdOff = undefined;
        this.#levelMayHaveChanged(number, pin);
      });
    }
    const direction = watch.level === 1 ? PinEdge.Rising : PinEdge.Falling;
    if ((watch.edges & direction) === 0) return;
    watch.count = Math.min(COUNT_MAX, watch.count + 1);
    this.#remember({ clockMs: this.#clockMs(), pin: number, level: watch.level, droppedBefore: 0 });
    this.#wake();
  }

  /** A full log drops its oldest record; the one that is then the oldest tells how many are missing before it. */
  #remember(record: EdgeRecord): void {
    this.#log.push(record);
    if (this.#log.length <= EDGE_LOG_MAX) return;
    const dropped = this.#log.shift();
    const oldest = this.#log[0];
    if (dropped === undefined || oldest === undefined) return;
    oldest.droppedBefore = Math.min(DROPPED_MAX, oldest.droppedBefore + dropped.droppedBefore + 1);
  }
}
