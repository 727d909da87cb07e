/**
 * 1-Wire on one pin: the CRC, transactions with a device by its ROM code, and the search for the codes of all devices. The search
 * is the one of Maxim's application note 187: each pass finds one code, by turning off at the last place where there was a choice.
 */
import { HostError } from "../../contract/error-codes.ts";
import { OneWireTriplet } from "../../contract/host-abi.ts";
import { ONEWIRE_TRANSFER_MAX_BYTES } from "../../contract/limits.ts";
import { SensorStatus } from "../../contract/sensor-reading.ts";
import { onewire_transfer, onewire_triplet } from "../imports/host.ts";

const CRC_POLYNOMIAL: u32 = 0x8c;
const MATCH_ROM: u8 = 0x55;
const SKIP_ROM: u8 = 0xcc;
const SEARCH_ROM: u8 = 0xf0;
const ROM_BYTES = 8;
const ROM_BITS: u32 = 64;
/** For a device that is alone on its wire. */
export const ANY_ROM: u64 = 0;

/** x^8 + x^5 + x^4 + 1, lowest bit first; 0 over bytes that end with their own CRC (application note 27). */
export function crc8(pointer: usize, length: u32): u32 {
  let crc: u32 = 0;
  for (let i: u32 = 0; i < length; i++) {
    crc ^= load<u8>(pointer + i);
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (CRC_POLYNOMIAL & -(crc & 1));
  }
  return crc;
}

/** What an error of the host means for a device on a wire. */
export function wireStatus(result: i32): SensorStatus {
  if (result >= 0) return SensorStatus.Good;
  if (result == HostError.NoDevice) return SensorStatus.NoAnswer;
  return result == HostError.Broken ? SensorStatus.LineHeld : SensorStatus.PinUnusable;
}

/** Commands to one device. What it has read stays until the next command. */
export class OneWirePort {
  private readonly buffer: StaticArray<u8> = new StaticArray<u8>(ONEWIRE_TRANSFER_MAX_BYTES);
  private length: i32 = 0;

  constructor(
    private readonly pin: i32,
    public rom: u64,
  ) {}

  /** Selects the device; what follows is for it. */
  select(): this {
    const bytes = changetype<usize>(this.buffer);
    const isAny = this.rom == ANY_ROM;
    store<u8>(bytes, isAny ? SKIP_ROM : MATCH_ROM);
    if (!isAny) {
      this.putWord(bytes + 1, <u32>this.rom);
      this.putWord(bytes + 5, <u32>(this.rom >> 32));
    }
    this.length = isAny ? 1 : 1 + ROM_BYTES;
    return this;
  }

  put(byte: u8): this {
    unchecked((this.buffer[this.length++] = byte));
    return this;
  }

  /** At an odd address, where the chip cannot store a word. */
  private putWord(pointer: usize, word: u32): void {
    for (let i: u32 = 0; i < 4; i++) store<u8>(pointer + i, <u8>(word >>> (8 * i)));
  }

  /** Sends what was put, then reads so many bytes to `data`. */
  run(readBytes: i32 = 0): i32 {
    const bytes = changetype<usize>(this.buffer);
    return onewire_transfer(this.pin, bytes, this.length, bytes, readBytes);
  }

  get data(): usize {
    return changetype<usize>(this.buffer);
  }
}

export enum SearchState {
  /** Call `poll` again. */
  UnderWay = 0,
  /** `rom` is a device; `poll` goes on to the next. */
  Found = 1,
  /** There are no more. */
  End = 2,
  /** What was read is no ROM code, or a device has left meanwhile: the search has begun anew. */
  Failed = 3,
}

/** A byte of the code with each poll: none takes longer than 2 ms. */
export class OneWireSearch {
  rom: u64 = 0;
  /** The code as far as it is known, and behind it the command. */
  private readonly code: StaticArray<u8> = new StaticArray<u8>(ROM_BYTES + 1);
  private position: u32 = 0;
  /** Where this pass and the one before last had a choice and took 0; counted from 1, 0 = nowhere. */
  private choice: u32 = 0;
  private lastChoice: u32 = 0;
  private isLast: bool = false;

  constructor(private readonly pin: i32) {}

  /** From the first device on. */
  restart(): void {
    this.position = 0;
    this.lastChoice = 0;
    this.isLast = false;
  }

  poll(): SearchState {
    if (this.position == 0 && !this.beginPass()) return SearchState.End;
    for (let bit: u32 = 0; bit < 8; bit++) if (!this.takeBit()) return this.failed();
    if (this.position < ROM_BITS) return SearchState.UnderWay;
    this.position = 0;
    this.lastChoice = this.choice;
    this.isLast = this.choice == 0;
    const code = changetype<usize>(this.code);
    if (crc8(code, ROM_BYTES) != 0 || load<u8>(code) == 0) return this.failed();
    this.rom = ((<u64>load<u32>(code, 4)) << 32) | load<u32>(code);
    return SearchState.Found;
  }

  /** False: there is nobody, or nobody more. The next poll begins anew. */
  private beginPass(): bool {
    if (this.isLast) {
      this.restart();
      return false;
    }
    const code = changetype<usize>(this.code);
    this.choice = 0;
    store<u8>(code + ROM_BYTES, SEARCH_ROM);
    if (onewire_transfer(this.pin, code + ROM_BYTES, 1, 0, 0) >= 0) return true;
    this.restart();
    return false;
  }

  private takeBit(): bool {
    const at = changetype<usize>(this.code) + (this.position >>> 3);
    const mask: u32 = 1 << (this.position & 7);
    const place = ++this.position;
    const isOneBefore = (load<u8>(at) & mask) != 0;
    const direction = place < this.lastChoice ? isOneBefore : place == this.lastChoice;
    const bits = onewire_triplet(this.pin, i32(direction));
    const isOne = (bits & OneWireTriplet.Taken) != 0;
    const both = OneWireTriplet.Bit | OneWireTriplet.Complement;
    if (bits < 0 || (bits & both) == both) return false;
    if ((bits & both) == 0 && !isOne) this.choice = place;
    store<u8>(at, <u8>(isOne ? load<u8>(at) | mask : load<u8>(at) & ~mask));
    return true;
  }

  private failed(): SearchState {
    this.restart();
    return SearchState.Failed;
  }
}
