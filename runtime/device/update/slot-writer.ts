/**
 * Writes an image into a slot, front to back: each sector is erased when its first byte comes, each piece is read back, and
 * a sector that is whole is recorded. Sectors that an earlier start left whole are stepped over.
 */
import { FLASH_SECTOR_BYTES } from "../../contract/flash-map.ts";
import { flash_erase, flash_read, flash_write } from "../imports/host.ts";
import { sameBytes, slotOffset } from "./image-id.ts";
import { SlotStates } from "./slot-states.ts";

const READ_BACK_BYTES: u32 = 64;
const WRITE_TRIES = 2;

export class SlotWriter {
  private readonly readBack: StaticArray<u8> = new StaticArray<u8>(READ_BACK_BYTES);
  /** Sectors that are whole. */
  private sectors: u32 = 0;

  /** Where in flash the image begins. */
  offset: u32 = 0;
  /** Header included. */
  imageBytes: u32 = 0;
  /** Place in the image of the next byte; may be set back before the first one. */
  position: u32 = 0;
  /** What was written does not read back. */
  failed: bool = false;

  constructor(private readonly states: SlotStates) {}

  /** Goes on with an image of `imageBytes`, header included, behind the sectors that are whole. The slot is Loading. */
  begin(slot: u32, imageBytes: u32): void {
    this.offset = slotOffset(slot);
    this.imageBytes = imageBytes;
    this.sectors = this.states.sectorsLoaded;
    this.position = min(this.sectors * <u32>FLASH_SECTOR_BYTES, imageBytes);
    this.failed = false;
  }

  get isWhole(): bool {
    return this.position == this.imageBytes;
  }

  /**
   * Takes bytes up to the end of a sector and of the image; returns how many. `pointer` is aligned to words, and a number that is
   * not of whole words is the end of the image.
   */
  put(pointer: usize, length: u32): u32 {
    const sector = this.position / FLASH_SECTOR_BYTES;
    const start = sector * FLASH_SECTOR_BYTES;
    const end = min<u32>(start + FLASH_SECTOR_BYTES, this.imageBytes);
    const bytes = min(length, end - this.position);
    if (sector >= this.sectors) {
      if (this.position == start) flash_erase(this.offset + start);
      this.write(pointer, bytes);
    }
    if (this.failed) return 0;
    this.position += bytes;
    if (this.position == end && sector >= this.sectors) {
      this.sectors = sector + 1;
      this.states.markLoaded(sector);
    }
    return bytes;
  }

  private write(pointer: usize, length: u32): void {
    const offset = this.offset + this.position;
    const words = length & ~3;
    this.writeWords(offset, pointer, words);
    if (words == length) return;
    const tail = changetype<usize>(this.readBack);
    store<u32>(tail, 0xffffffff);
    memory.copy(tail, pointer + words, length - words);
    // The buffer is read back into further up.
    this.writeWords(offset + words, tail, 4);
  }

  private writeWords(offset: u32, pointer: usize, length: u32): void {
    for (let tries = 0; tries < WRITE_TRIES; tries++) {
      if (length == 0) return;
      flash_write(offset, pointer, length);
      if (this.isWritten(offset, pointer, length)) return;
    }
    this.failed = true;
  }

  private isWritten(offset: u32, pointer: usize, length: u32): bool {
    // The first word is the tail's.
    const buffer = changetype<usize>(this.readBack) + 4;
    for (let at: u32 = 0; at < length; at += READ_BACK_BYTES - 4) {
      const bytes = min(length - at, READ_BACK_BYTES - 4);
      flash_read(offset + at, buffer, bytes);
      if (!sameBytes(pointer + at, buffer, bytes)) return false;
    }
    return true;
  }
}
