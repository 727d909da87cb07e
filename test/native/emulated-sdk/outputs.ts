/**
 * The core's pins and I2C, with the pins and the bus of the virtual board behind them, and the registers by which the host pulls a
 * line low and lets go. Devices on wires live in the chip's own cycles: what the host's code makes of microseconds is what they get.
 */
import type { I2cBus } from "../../../runtime/board/i2c-bus.ts";
import { type PinLevel, Pins } from "../../../runtime/board/pins.ts";
import type { TimeSource } from "../../../runtime/board/time-source.ts";
import type { WireDevice } from "../../../runtime/board/wire.ts";
import { HostError } from "../../../runtime/contract/error-codes.ts";
import { I2C_SCL_PIN, I2C_SDA_PIN, PIN_MAX, PinMode } from "../../../runtime/contract/host-abi.ts";
import type { CycleClock, Peripheral } from "../../../runtime/esp8266/bus.ts";
import { CPU_CYCLES_PER_MS } from "../../../runtime/esp8266/device/native-machine.ts";
import { NOTHING, type Sdk, type ServedByName } from "./sdk.ts";

/** Arduino.h; every other number is an input here. */
const MODES: Record<number, PinMode> = { 1: PinMode.Output, 2: PinMode.InputPullup };
/** GPIO_ENABLE_W1TS, GPIO_ENABLE_W1TC, GPIO_IN. */
const GPIO_ENABLE_SET_ADDRESS = 0x60000310;
const GPES = 0;
const GPI = 8;
const GPIO_PINS = 16;
const US_PER_MS = 1000;
const CYCLES_PER_US = CPU_CYCLES_PER_MS / US_PER_MS;

/** What hangs on single pins. */
export type WiresAt = (pin: number) => readonly WireDevice[];

/** The core's twi_writeTo. */
const TWI_NO_ANSWER = 2;

export class EmulatedOutputs {
  readonly pins: Pins;
  /** What the analogue input reads. */
  adc = 0;
  readonly #sdk: Sdk;
  readonly #i2c: I2cBus;
  readonly #time: TimeSource;
  readonly #wiresAt: WiresAt;
  /** Pins whose lines the host pulls low. */
  readonly #pulled = new Set<number>();
  readonly #interrupts = new Map<number, { routine: number; argument: number }>();
  readonly #seen: (PinLevel | undefined)[] = [];
  /** What each pin shows as an output. */
  readonly #latches: number[] = [];
  #areOff = false;
  /** Of a millisecond. */
  #waitedUs = 0;

  constructor(sdk: Sdk, time: TimeSource, i2c: I2cBus, wiresAt: WiresAt) {
    this.#sdk = sdk;
    this.#i2c = i2c;
    this.#time = time;
    this.#wiresAt = wiresAt;
    this.pins = new Pins({ time, clockMs: () => sdk.nowMs, wake: () => {} });
    for (let pin = 0; pin <= PIN_MAX; pin++) this.#seen.push(this.pins.level(pin));
    this.pins.onLevel((pin) => this.#levelMayHaveChanged(pin));
  }

  /** The registers of the GPIO unit that the host uses itself. */
  registers(clock: CycleClock): Peripheral {
    return {
      name: "GPIO",
      address: GPIO_ENABLE_SET_ADDRESS,
      sizeBytes: GPI + 4,
      read: (offset) => {
        if (offset !== GPI) throw new Error("Of the GPIO unit only the levels are read.");
        return this.#levels(this.#wireUs(clock.cycles));
      },
      write: (offset, mask) => {
        if (offset === GPI) throw new Error("The levels of pins cannot be written.");
        for (let pin = 0; pin < GPIO_PINS; pin++) {
          if (((mask >>> pin) & 1) === 1) this.#pull(pin, offset === GPES, this.#wireUs(clock.cycles));
        }
      },
    };
  }

  #pull(pin: number, isLow: boolean, atUs: number): void {
    if (isLow && this.#latches[pin] === 1) throw new Error(`The line of pin ${pin} cannot be pulled low.`);
    if (isLow) this.#pulled.add(pin);
    else this.#pulled.delete(pin);
    for (const device of this.#wiresAt(pin)) device.hostDrives(isLow ? 0 : 1, atUs);
  }

  #levels(atUs: number): number {
    let levels = 0;
    for (let pin = 0; pin < GPIO_PINS; pin++) {
      const isLow = this.#pulled.has(pin) || this.#wiresAt(pin).some((device) => device.pulls(atUs));
      if (!isLow && this.pins.level(pin) === 1) levels |= 1 << pin;
    }
    return levels;
  }

  /** Never goes back: the world's time, which stands still while the host's code runs, and the cycles of that code. */
  #wireUs(cycles: number): number {
    return this.#time.nowMs() * US_PER_MS + cycles / CYCLES_PER_US;
  }

  reset(): void {
    this.#pulled.clear();
    this.#interrupts.clear();
    this.pins.reset();
  }

  served(): ServedByName {
    const { pins } = this;
    const sdk = this.#sdk;
    return {
      analogRead: () => this.adc,
      analogWriteRange: NOTHING,
      analogWrite: (core) => {
        // As the core does, whatever the host has made of the pin before.
        pins.setMode(core.argument(0), PinMode.Output);
        return pins.pulse(core.argument(0), core.argument(1));
      },
      pinMode: (core) => {
        // The core's leaves pulses as they are: whoever relies on it to end them is found out.
        const duty = pins.duty(core.argument(0));
        pins.setMode(core.argument(0), MODES[core.argument(1)] ?? PinMode.Input);
        if (duty !== undefined && MODES[core.argument(1)] === PinMode.Output) pins.pulse(core.argument(0), duty);
      },
      digitalWrite: (core) => {
        this.#latches[core.argument(0)] = core.argument(1);
        return pins.write(core.argument(0), core.argument(1));
      },
      micros: () => Math.floor(this.#wireUs(this.#sdk.chip.cycles)) >>> 0,
      delayMicroseconds: (core) => {
        core.spend(core.argument(0) * CYCLES_PER_US);
        this.#waitedUs += core.argument(0);
        sdk.nowMs += Math.floor(this.#waitedUs / US_PER_MS);
        this.#waitedUs %= US_PER_MS;
      },
      digitalRead: (core) => Math.max(0, pins.read(core.argument(0))),
      attachInterruptArg: (core) => {
        this.#interrupts.set(core.argument(0), { routine: core.argument(1), argument: core.argument(2) });
      },
      detachInterrupt: (core) => {
        this.#interrupts.delete(core.argument(0));
      },
      noInterrupts: () => {
        this.#areOff = true;
      },
      interrupts: () => {
        this.#areOff = false;
      },
      twi_init: () => {
        for (const pin of [I2C_SDA_PIN, I2C_SCL_PIN]) pins.setMode(pin, PinMode.InputPullup);
        return 0;
      },
      twi_setClockStretchLimit: NOTHING,
      twi_writeTo: (core) => {
        const bytes = this.#sdk.read(core.argument(1), core.argument(2));
        return this.#transfer(core.argument(0), bytes, new Uint8Array(0));
      },
      twi_readFrom: (core) => {
        const into = new Uint8Array(core.argument(2));
        const status = this.#transfer(core.argument(0), new Uint8Array(0), into);
        this.#sdk.write(core.argument(1), into);
        return status;
      },
    };
  }

  /** The core pulls a line low by making an output of its pin: what the pin shows as one has to be low. */
  #transfer(address: number, bytes: Uint8Array, into: Uint8Array): number {
    if (this.#latches[I2C_SDA_PIN] === 1 || this.#latches[I2C_SCL_PIN] === 1) {
      throw new Error("A line of the bus cannot be pulled low.");
    }
    const result = this.#i2c.transfer(address, bytes, into);
    if (result === HostError.BadArgument) throw new Error("The host has asked for a transfer that is none.");
    return result < 0 ? TWI_NO_ANSWER : 0;
  }

  #levelMayHaveChanged(pin: number): void {
    const level = this.pins.level(pin);
    if (level === this.#seen[pin]) return;
    this.#seen[pin] = level;
    const interrupt = this.#interrupts.get(pin);
    if (interrupt === undefined) return;
    if (this.#areOff) throw new Error(`Pin ${pin} changes while interrupts are off.`);
    this.#sdk.call(interrupt.routine, interrupt.argument);
  }
}
