/**
 * A 1-Wire device by the edges of its line: reset and presence, slots, ROM commands. What a function command does is a subclass's.
 * A low that is no slot of the standard makes it deaf until the next reset, and is counted: a host whose timing is wrong is seen.
 *
 * Source: DS18B20 datasheet, "1-Wire bus system", "1-Wire signaling", "AC electrical characteristics"; where the datasheet gives a
 * range, a device here has a value within it.
 */
import type { PinLevel } from "../pins.ts";
import type { WireDevice } from "../wire.ts";
import { oneWireCrc } from "./crc8.ts";

const RESET_MIN_US = 480;
const ONE_MAX_US = 15;
const ZERO_MIN_US = 60;
const ZERO_MAX_US = 120;
/** After the reset pulse; then it lasts so long. */
const PRESENCE_AFTER_US = 30;
const PRESENCE_US = 120;
/** A zero that is read, from the beginning of the slot. */
const ZERO_SENT_US = 30;

enum RomCommand {
  Read = 0x33,
  Match = 0x55,
  Skip = 0xcc,
  Search = 0xf0,
}

export const ROM_BYTES = 8;

/** What the device does with the next slots. */
type Phase =
  | { kind: "deaf" }
  | { kind: "receive"; bits: number[]; count: number; done: (bytes: number[], atUs: number) => void }
  | { kind: "send"; bits: number[]; done: () => void }
  | { kind: "status"; isDone: (atUs: number) => boolean }
  | { kind: "search"; position: number; slot: 0 | 1 | 2 };

const DEAF: Phase = { kind: "deaf" };

export abstract class OneWireDevice implements WireDevice {
  /** Family code, six bytes of serial number, CRC. */
  readonly rom: Uint8Array;
  /** False: it has no power, or its wire is broken. */
  isPresent = true;
  /** Lows that the standard does not know. */
  badSlots = 0;
  #phase: Phase = DEAF;
  #fellUs = Number.NEGATIVE_INFINITY;
  #pullFromUs = 0;
  #pullToUs = 0;
  /** The slot under way is one that the device sends in. */
  #isSending = false;

  constructor(family: number, serial: number) {
    const bytes = [family, ...Array.from({ length: 6 }, (_, index) => Math.floor(serial / 256 ** index) % 256)];
    this.rom = Uint8Array.from([...bytes, oneWireCrc(bytes)]);
  }

  /** A function command has come. */
  protected abstract command(code: number, atUs: number): void;

  protected send(bytes: Iterable<number>): void {
    this.#phase = { kind: "send", bits: bitsOf(bytes), done: () => this.deafen() };
  }

  protected receive(count: number, done: (bytes: number[], atUs: number) => void): void {
    this.#phase = { kind: "receive", bits: [], count: 8 * count, done };
  }

  /** Answers zeros until this is so, then ones. */
  protected tell(isDone: (atUs: number) => boolean): void {
    this.#phase = { kind: "status", isDone };
  }

  protected deafen(): void {
    this.#phase = DEAF;
  }

  pulls(atUs: number): boolean {
    return atUs >= this.#pullFromUs && atUs < this.#pullToUs;
  }

  nextChangeUs(afterUs: number): number {
    if (afterUs < this.#pullFromUs) return this.#pullFromUs;
    return afterUs < this.#pullToUs ? this.#pullToUs : Number.POSITIVE_INFINITY;
  }

  hostDrives(level: PinLevel, atUs: number): void {
    if (!this.isPresent) return;
    if (level === 0) {
      this.#fellUs = atUs;
      const bit = this.#bitToSend(atUs);
      this.#isSending = bit !== undefined;
      if (bit === 0) this.#pull(atUs, ZERO_SENT_US);
      return;
    }
    const lowUs = atUs - this.#fellUs;
    if (lowUs >= RESET_MIN_US) this.#reset(atUs);
    else if (this.#phase !== DEAF) this.#endSlot(lowUs, atUs);
  }

  #reset(atUs: number): void {
    this.#pull(atUs + PRESENCE_AFTER_US, PRESENCE_US);
    this.receive(1, ([code = 0]) => this.#romCommand(code));
  }

  #pull(fromUs: number, us: number): void {
    this.#pullFromUs = fromUs;
    this.#pullToUs = fromUs + us;
  }

  #endSlot(lowUs: number, atUs: number): void {
    const bit = lowUs <= ONE_MAX_US ? 1 : lowUs >= ZERO_MIN_US && lowUs <= ZERO_MAX_US ? 0 : undefined;
    if (bit === undefined || (this.#isSending && bit === 0)) {
      this.badSlots++;
      this.deafen();
    } else if (!this.#isSending) {
      this.#take(bit, atUs);
    }
  }

  #bitToSend(atUs: number): number | undefined {
    const phase = this.#phase;
    if (phase.kind === "status") return phase.isDone(atUs) ? 1 : 0;
    if (phase.kind === "send") {
      const bit = phase.bits.shift();
      if (phase.bits.length === 0) phase.done();
      return bit;
    }
    if (phase.kind !== "search" || phase.slot === 2) return undefined;
    const bit = this.#romBit(phase.position);
    const sent = phase.slot === 0 ? bit : 1 - bit;
    phase.slot = phase.slot === 0 ? 1 : 2;
    return sent;
  }

  #take(bit: number, atUs: number): void {
    const phase = this.#phase;
    if (phase.kind === "receive") {
      phase.bits.push(bit);
      if (phase.bits.length < phase.count) return;
      this.deafen();
      phase.done(bytesOf(phase.bits), atUs);
    } else if (phase.kind === "search") {
      if (bit !== this.#romBit(phase.position)) return this.deafen();
      phase.position++;
      phase.slot = 0;
      if (phase.position === 8 * ROM_BYTES) this.#selected();
    }
  }

  #romBit(position: number): number {
    return ((this.rom[position >> 3] as number) >> (position & 7)) & 1;
  }

  #romCommand(code: number): void {
    switch (code) {
      case RomCommand.Skip:
        return this.#selected();
      case RomCommand.Read:
        this.#phase = { kind: "send", bits: bitsOf(this.rom), done: () => this.#selected() };
        return;
      case RomCommand.Match:
        return this.receive(ROM_BYTES, (bytes) => {
          if (bytes.every((byte, index) => byte === this.rom[index])) this.#selected();
        });
      case RomCommand.Search:
        this.#phase = { kind: "search", position: 0, slot: 0 };
    }
  }

  #selected(): void {
    this.receive(1, ([code = 0], atUs) => this.command(code, atUs));
  }
}

function bitsOf(bytes: Iterable<number>): number[] {
  return Array.from(bytes).flatMap((byte) => Array.from({ length: 8 }, (_, bit) => (byte >> bit) & 1));
}

function bytesOf(bits: readonly number[]): number[] {
  const bytes = new Array<number>(bits.length / 8).fill(0);
  bits.forEach((bit, index) => {
    bytes[index >> 3] = (bytes[index >> 3] as number) | (bit << (index & 7));
  });
  return bytes;
}
