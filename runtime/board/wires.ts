/**
 * The pins of a board that have devices on a wire, and what the host does there: 1-Wire and pulses, as contract/host-abi.ts has
 * them and with the times of contract/wire-timing.ts. The board's clock goes on by what a transfer takes.
 */
import { HostError } from "../contract/error-codes.ts";
import { OneWireTriplet, PinMode } from "../contract/host-abi.ts";
import { ONEWIRE_TRANSFER_MAX_BYTES, PULSE_READ_MAX_US } from "../contract/limits.ts";
import * as timing from "../contract/wire-timing.ts";
import { CHIP_PINS } from "./chip-pins.ts";
import type { Clock } from "./clock.ts";
import type { PinLevel, Pins } from "./pins.ts";
import { Wire, type WireDevice } from "./wire.ts";

const WIDTH_BYTES = 2;

export class Wires {
  readonly #pins: Pins;
  readonly #clock: Clock;
  readonly #devices = new Map<number, WireDevice[]>();

  constructor(pins: Pins, clock: Clock) {
    this.#pins = pins;
    this.#clock = clock;
  }

  /** Puts a device on the wire at a pin; returns what takes it off. */
  attach(pin: number, device: WireDevice): () => void {
    if (faultOf(pin) < 0) throw new RangeError(`No wire can be at pin ${pin}: pins 0 to 5 and 12 to 15 can have one.`);
    this.#devices.set(pin, [...this.devicesAt(pin), device]);
    return () => {
      this.#devices.set(
        pin,
        this.devicesAt(pin).filter((other) => other !== device),
      );
    };
  }

  devicesAt(pin: number): readonly WireDevice[] {
    return this.#devices.get(pin) ?? [];
  }

  oneWireTransfer(pin: number, bytes: Uint8Array, into: Uint8Array): number {
    const fault = faultOf(pin);
    if (fault < 0) return fault;
    if (bytes.length + into.length > ONEWIRE_TRANSFER_MAX_BYTES) return HostError.BadArgument;
    return this.#use(pin, (wire) => {
      const result = reset(wire);
      if (result < 0) return result;
      for (const byte of bytes) {
        for (let bit = 0; bit < 8; bit++) writeBit(wire, (byte >> bit) & 1);
      }
      for (let index = 0; index < into.length; index++) {
        let byte = 0;
        for (let bit = 0; bit < 8; bit++) byte |= readBit(wire) << bit;
        into[index] = byte;
      }
      return into.length;
    });
  }

  oneWireTriplet(pin: number, direction: number): number {
    const fault = faultOf(pin);
    if (fault < 0) return fault;
    if (direction !== 0 && direction !== 1) return HostError.BadArgument;
    return this.#use(pin, (wire) => {
      if (!wire.waitWhile(0, timing.WIRE_RISE_MAX_US)) return HostError.Broken;
      const bit = readBit(wire);
      const complement = readBit(wire);
      const taken = bit === 0 && complement === 0 ? direction : bit;
      writeBit(wire, taken);
      return (
        (bit === 1 ? OneWireTriplet.Bit : 0) |
        (complement === 1 ? OneWireTriplet.Complement : 0) |
        (taken === 1 ? OneWireTriplet.Taken : 0)
      );
    });
  }

  pulseRead(pin: number, startLowUs: number, quietUs: number, into: Uint8Array): number {
    const fault = faultOf(pin);
    if (fault < 0) return fault;
    if (startLowUs < 0 || startLowUs > PULSE_READ_MAX_US) return HostError.BadArgument;
    if (quietUs <= 0 || into.length < WIDTH_BYTES) return HostError.BadArgument;
    return this.#use(pin, (wire) => {
      if (startLowUs > 0) {
        wire.drive(0);
        wire.wait(startLowUs);
        wire.drive(1);
      }
      return record(wire, quietUs, into);
    });
  }

  #use(pin: number, work: (wire: Wire) => number): number {
    this.#pins.watch(pin, 0, 0);
    this.#pins.setMode(pin, PinMode.InputPullup);
    const wire = new Wire(this.devicesAt(pin), this.#pins.level(pin) === 0, this.#clock.us());
    const result = work(wire);
    this.#clock.spend(wire.passedUs);
    return result;
  }
}

/** 0, or what a host answers for a pin that can have no wire. */
function faultOf(pin: number): number {
  const chip = CHIP_PINS[pin];
  if (chip === undefined || chip.carriesFlash) return HostError.BadArgument;
  return chip.hasInterrupt ? 0 : HostError.Unsupported;
}

function reset(wire: Wire): number {
  if (!wire.waitWhile(0, timing.WIRE_RISE_MAX_US)) return HostError.Broken;
  wire.drive(0);
  wire.wait(timing.ONEWIRE_RESET_LOW_US);
  wire.drive(1);
  wire.wait(timing.ONEWIRE_PRESENCE_SAMPLE_US);
  const isPresent = wire.level() === 0;
  wire.wait(timing.ONEWIRE_RESET_HIGH_US - timing.ONEWIRE_PRESENCE_SAMPLE_US);
  if (wire.level() === 0) return HostError.Broken;
  return isPresent ? 0 : HostError.NoDevice;
}

function writeBit(wire: Wire, bit: number): void {
  const lowUs = bit === 1 ? timing.ONEWIRE_START_LOW_US : timing.ONEWIRE_ZERO_LOW_US;
  wire.drive(0);
  wire.wait(lowUs);
  wire.drive(1);
  wire.wait(timing.ONEWIRE_SLOT_US - lowUs);
}

function readBit(wire: Wire): PinLevel {
  wire.drive(0);
  wire.wait(timing.ONEWIRE_START_LOW_US);
  wire.drive(1);
  wire.wait(timing.ONEWIRE_READ_SAMPLE_US - timing.ONEWIRE_START_LOW_US);
  const bit = wire.level();
  wire.wait(timing.ONEWIRE_SLOT_US - timing.ONEWIRE_READ_SAMPLE_US);
  return bit;
}

/** Widths of the levels in turn, high first; bytes. */
function record(wire: Wire, quietUs: number, into: Uint8Array): number {
  const view = new DataView(into.buffer, into.byteOffset, into.byteLength);
  let bytes = 0;
  for (let level: PinLevel = 1; bytes + WIDTH_BYTES <= into.length; level = level === 1 ? 0 : 1) {
    const fromUs = wire.passedUs;
    if (!wire.waitWhile(level, Math.min(quietUs, PULSE_READ_MAX_US - fromUs))) break;
    view.setUint16(bytes, Math.round(wire.passedUs - fromUs), true);
    bytes += WIDTH_BYTES;
  }
  return bytes;
}
