/**
 * The header of a sector: sixteen words in memory, named by their offsets (contract/queue-format.ts). One wrong bit in flash
 * is put right: the CRC tells which one it is.
 */
import {
  QUEUE_CRC_OFFSET,
  QUEUE_HEADER_BYTES,
  QUEUE_MAGIC,
  QUEUE_SECTOR_SEQUENCE_OFFSET,
} from "../../contract/queue-format.ts";
import { CRC32_POLYNOMIAL, crc32 } from "../hal/crc32.ts";
import { QueueFlash } from "./queue-flash.ts";

export class SectorHeader {
  private readonly words: StaticArray<u32> = new StaticArray<u32>(QUEUE_HEADER_BYTES / 4);

  constructor(private readonly flash: QueueFlash) {}

  get(offset: u32): u32 {
    return load<u32>(changetype<usize>(this.words) + offset);
  }

  set(offset: u32, value: u32): void {
    store<u32>(changetype<usize>(this.words) + offset, value);
  }

  get sequence(): u32 {
    return this.get(QUEUE_SECTOR_SEQUENCE_OFFSET);
  }

  copy(from: SectorHeader): void {
    memory.copy(changetype<usize>(this.words), changetype<usize>(from.words), QUEUE_HEADER_BYTES);
  }

  private check(): u32 {
    return crc32(0, changetype<usize>(this.words), QUEUE_CRC_OFFSET);
  }

  /** All ones, but for the magic. */
  clear(): void {
    memory.fill(changetype<usize>(this.words), 0xff, QUEUE_HEADER_BYTES);
    this.set(0, QUEUE_MAGIC);
  }

  /** Reads the header of a slot; false when it has none that is valid and above sector sequence `above`. */
  load(slot: u32, above: u32 = 0): bool {
    for (let at: u32 = 0; at < <u32>QUEUE_HEADER_BYTES; at += 4) this.set(at, this.flash.word(slot, at));
    if (popcnt<u32>(this.get(0) ^ QUEUE_MAGIC) > 1) return false;
    const errors = this.get(QUEUE_CRC_OFFSET) ^ this.check();
    return (errors == 0 || this.correct(errors)) && this.get(0) == QUEUE_MAGIC && this.sequence > above;
  }

  /** Turns over the one bit whose error makes this difference of the CRCs; false when there is no such bit. */
  private correct(errors: u32): bool {
    // An error in the last bit runs through one step of the CRC, one in the bit before it through two.
    let syndrome: u32 = CRC32_POLYNOMIAL;
    for (let bit = 8 * QUEUE_CRC_OFFSET - 1; bit >= 0; bit--) {
      if (syndrome == errors) {
        const at = (bit / 32) * 4;
        this.set(at, this.get(at) ^ (1 << (bit & 31)));
        return true;
      }
      syndrome = (syndrome >>> 1) ^ (CRC32_POLYNOMIAL & -(syndrome & 1));
    }
    return popcnt<u32>(errors) == 1;
  }

  /** Writes what is here, with its CRC; over the same header it makes all its bits firm. */
  save(slot: u32): bool {
    this.set(QUEUE_CRC_OFFSET, this.check());
    return this.flash.write(slot, 0, changetype<usize>(this.words), QUEUE_HEADER_BYTES);
  }
}
