/**
 * The two copies of a record in flash (contract/config-record.ts: the configuration, the sensor graph), and the one that is
 * in use in memory. Nothing here looks into what it carries.
 *
 * Power may go away inside any write or erase, and leave bits that read differently each time. So a copy is judged by what
 * was read of it into memory once, and written again with just that at the start, before anything is decided from it: then
 * its zero bits are firm. The copy in use is never erased; a new one goes into the other sector, whose CRC holds only once
 * everything is there, and is read back.
 */
import {
  CONFIG_CRC_OFFSET,
  CONFIG_HEADER_BYTES,
  CONFIG_LENGTH_OFFSET,
  CONFIG_SEQUENCE_OFFSET,
  CONFIG_TRIAL_ATTEMPTS,
  CONFIG_TRIAL_OFFSET,
  ConfigTrial,
} from "../../contract/config-record.ts";
import { FLASH_SECTOR_BYTES } from "../../contract/flash-map.ts";
import { ResetReason } from "../../contract/host-abi.ts";
import { crc32 } from "../hal/crc32.ts";
import { flash_erase, flash_read, flash_write, reset_reason } from "../imports/host.ts";

const WORD_BYTES: u32 = 4;
/** Trial words of a new copy. */
export const ON_TRIAL: u32 = 0xffffffff;
export const CONFIRMED: u32 = ~ConfigTrial.Confirmed;
/** The attempt bits of the trial word. */
const ATTEMPTS: u32 = ((1 << CONFIG_TRIAL_ATTEMPTS) - 1) * ConfigTrial.FirstAttempt;

export enum CopyState {
  /** Not whole. */
  Invalid = 0,
  /** Was tried and given up, at an earlier start. */
  Refused = 1,
  /** Its last attempt was the start before this one: given up now. */
  GivenUp = 2,
  Usable = 3,
}

export class RecordStore {
  private readonly record: StaticArray<u8>;
  private readonly word: StaticArray<u32> = new StaticArray<u32>(1);
  /** Which copy the record in memory was read from. */
  private copy: i32 = 0;
  /** Length of the content in memory; 0 = there is none. */
  lengthBytes: u32 = 0;

  /** The first copy is at `flashOffset`, the other one in the sector behind it; the content takes `mostBytes` at most. */
  constructor(
    private readonly flashOffset: i32,
    private readonly magic: u32,
    private readonly mostBytes: u32,
  ) {
    this.record = new StaticArray<u8>(CONFIG_HEADER_BYTES + mostBytes);
  }

  private get start(): usize {
    return changetype<usize>(this.record);
  }

  get content(): usize {
    return this.start + CONFIG_HEADER_BYTES;
  }

  private offsetOf(copy: i32): i32 {
    return this.flashOffset + copy * FLASH_SECTOR_BYTES;
  }

  private get trial(): u32 {
    return load<u32>(this.start, CONFIG_TRIAL_OFFSET);
  }

  get isConfirmed(): bool {
    return (this.trial & ConfigTrial.Confirmed) == 0;
  }

  /** The copy with the higher sequence of those that are valid. */
  newest(): i32 {
    const isFirstValid = this.read(0);
    const sequence = load<u32>(this.start, CONFIG_SEQUENCE_OFFSET);
    return this.read(1) && (!isFirstValid || load<u32>(this.start, CONFIG_SEQUENCE_OFFSET) > sequence) ? 1 : 0;
  }

  /** Reads a copy into memory and makes it firm; one on trial loses an attempt, unless it has none left. */
  open(copy: i32): CopyState {
    const state = this.look(copy);
    if (state == CopyState.Invalid) return state;
    // After deep sleep power was never away: an earlier start has done this.
    if (reset_reason() != ResetReason.DeepSleep) this.program(copy);
    if (state == CopyState.GivenUp) this.clear(ConfigTrial.Refused);
    else if (state == CopyState.Usable && !this.isConfirmed) this.clear(this.attempts & -this.attempts);
    return state;
  }

  /** As `open`, but flash stays as it is. */
  look(copy: i32): CopyState {
    if (!this.read(copy)) return CopyState.Invalid;
    if (this.isConfirmed) return CopyState.Usable;
    if ((this.trial & ConfigTrial.Refused) == 0) return CopyState.Refused;
    return this.attempts == 0 ? CopyState.GivenUp : CopyState.Usable;
  }

  private get attempts(): u32 {
    return this.trial & ATTEMPTS;
  }

  /** Reads a copy; without a valid one there is no content in memory. */
  private read(copy: i32): bool {
    this.copy = copy;
    this.lengthBytes = 0;
    const start = this.start;
    const offset = this.offsetOf(copy);
    if (flash_read(offset, start, CONFIG_HEADER_BYTES) < 0) return false;
    const length = load<u32>(start, CONFIG_LENGTH_OFFSET);
    if (load<u32>(start) != this.magic || length > this.mostBytes) return false;
    if (flash_read(offset + CONFIG_HEADER_BYTES, this.content, length) < 0) return false;
    if (this.check(length) != load<u32>(start, CONFIG_CRC_OFFSET)) return false;
    this.lengthBytes = length;
    return true;
  }

  private check(length: u32): u32 {
    const head = crc32(0, this.start + CONFIG_SEQUENCE_OFFSET, CONFIG_CRC_OFFSET - CONFIG_SEQUENCE_OFFSET);
    return crc32(head, this.content, length);
  }

  private clear(bits: u32): void {
    store<u32>(this.start, this.trial & ~bits, CONFIG_TRIAL_OFFSET);
    flash_write(this.offsetOf(this.copy) + CONFIG_TRIAL_OFFSET, this.start + CONFIG_TRIAL_OFFSET, WORD_BYTES);
  }

  /** The server has answered a device that uses this record. */
  confirm(): void {
    this.clear(ConfigTrial.Confirmed);
  }

  /** Takes back what was done to the content in memory. */
  revert(): void {
    this.read(this.copy);
  }

  /**
   * An empty content in memory, where no copy counts. What may be left of one that `write` would not touch is erased: it
   * could read as valid later, and count beside the new one.
   */
  beginFirst(): bool {
    const start = this.start;
    store<u32>(start, this.magic);
    store<u32>(start, 0, CONFIG_SEQUENCE_OFFSET);
    this.lengthBytes = 0;
    return flash_erase(this.offsetOf(this.copy)) >= 0;
  }

  /** A content of one byte. */
  putByte(byte: u8): void {
    store<u8>(this.content, byte);
    this.lengthBytes = 1;
  }

  /**
   * Writes the content in memory, `length` bytes of it, over the other copy: with all attempts, or confirmed. False when it did
   * not get there; the copy in use counts in either case until the next start.
   */
  write(length: u32, trial: u32): bool {
    const start = this.start;
    const target = 1 - this.copy;
    store<u32>(start, load<u32>(start, CONFIG_SEQUENCE_OFFSET) + 1, CONFIG_SEQUENCE_OFFSET);
    store<u32>(start, length, CONFIG_LENGTH_OFFSET);
    store<u32>(start, this.check(length), CONFIG_CRC_OFFSET);
    store<u32>(start, trial, CONFIG_TRIAL_OFFSET);
    this.lengthBytes = length;
    return flash_erase(this.offsetOf(target)) >= 0 && this.program(target) && this.matches(target);
  }

  /** Length of the record in memory, filled up with ones to whole words. */
  private wholeBytes(): u32 {
    const bytes = <u32>CONFIG_HEADER_BYTES + this.lengthBytes;
    const whole = (bytes + WORD_BYTES - 1) & -WORD_BYTES;
    memory.fill(this.start + bytes, 0xff, whole - bytes);
    return whole;
  }

  private program(copy: i32): bool {
    return flash_write(this.offsetOf(copy), this.start, this.wholeBytes()) >= 0;
  }

  private matches(copy: i32): bool {
    const word = changetype<usize>(this.word);
    const bytes = this.wholeBytes();
    for (let at: u32 = 0; at < bytes; at += WORD_BYTES) {
      if (flash_read(this.offsetOf(copy) + at, word, WORD_BYTES) < 0) return false;
      if (load<u32>(word) != load<u32>(this.start + at)) return false;
    }
    return true;
  }
}
