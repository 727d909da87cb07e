/** The core's pins and I2C, with the pins and the bus of the virtual board behind them. */
import type { I2cBus } from "../../../runtime/board/i2c-bus.ts";
import { type PinLevel, Pins } from "../../../runtime/board/pins.ts";
import type { TimeSource } from "../../../runtime/board/time-source.ts";
import { HostError } from "../../../runtime/contract/error-codes.ts";
import { I2C_SCL_PIN, I2C_SDA_PIN, PIN_MAX, PinMode } from "../../../runtime/contract/host-abi.ts";
import { NOTHING, type Sdk, type ServedByName } from "./sdk.ts";

/** Arduino.h; every other number is an input here. */
const MODES: Record<number, PinMode> = { 1: PinMode.Output, 2: PinMode.InputPullup };
/** The core's twi_writeTo. */
const TWI_NO_ANSWER = 2;

export class EmulatedOutputs {
  readonly pins: Pins;
  /** What the analogue input reads. */
  adc = 0;
  readonly #sdk: Sdk;
  readonly #i2c: I2cBus;
  readonly #interrupts = new Map<number, { routine: number; argument: number }>();
  readonly #seen: (PinLevel | undefined)[] = [];
  /** What each pin shows as an output. */
  readonly #latches: number[] = [];
  #areOff = false;

  constructor(sdk: Sdk, time: TimeSource, i2c: I2cBus) {
    this.#sdk = sdk;
    this.#i2c = i2c;
    this.pins = new Pins({ time, clockMs: () => sdk.nowMs, wake: () => {} });
    for (let pin = 0; pin <= PIN_MAX; pin++) this.#seen.push(this.pins.level(pin));
    this.pins.onLevel((pin) => this.#levelMayHaveChanged(pin));
  }

  reset(): void {
    this.#interrupts.clear();
    this.pins.reset();
  }

  served(): ServedByName {
    const { pins } = this;
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
