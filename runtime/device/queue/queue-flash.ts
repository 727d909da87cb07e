/**
 * The queue's part of flash: sectors by number ("slots" of the ring), reads through one small window, writes that are read
 * back. A write that reads back right is firm: bits are unstable only after a power cut.
 */
import { FLASH_QUEUE_OFFSET, FLASH_SECTOR_BYTES } from "../../contract/flash-map.ts";
import { QUEUE_SECTORS_MAX } from "../../contract/queue-format.ts";
import { flash_erase, flash_read, flash_size, flash_write } from "../imports/host.ts";

const WINDOW_BYTES: u32 = 64;
/** No multiple of the window's size: nothing is in the window. */
const NOTHING: u32 = 1;
const BLANK: i32 = 0xff;

const window = memory.data(<i32>WINDOW_BYTES, 4);
const zeros = memory.data(<i32>WINDOW_BYTES, 4);
/** Offset in flash of what the window shows. */
let shown: u32 = NOTHING;

export class QueueFlash {
  /** Sectors of the ring. */
  slots: u32 = 0;

  begin(): void {
    const bytes = flash_size() - FLASH_QUEUE_OFFSET;
    this.slots = bytes < 0 ? 0 : min<u32>(bytes / FLASH_SECTOR_BYTES, QUEUE_SECTORS_MAX);
    shown = NOTHING;
  }

  slotAfter(slot: u32): u32 {
    return slot + 1 == this.slots ? 0 : slot + 1;
  }

  slotBefore(slot: u32): u32 {
    return (slot == 0 ? this.slots : slot) - 1;
  }

  /** Offset in flash of byte `at` of a slot. */
  private offset(slot: u32, at: u32): u32 {
    return <u32>FLASH_QUEUE_OFFSET + slot * <u32>FLASH_SECTOR_BYTES + at;
  }

  /** The word at byte `at`, a multiple of four, of a slot; ones if flash cannot be read. */
  word(slot: u32, at: u32): u32 {
    const offset = this.offset(slot, at);
    const start = offset & ~(WINDOW_BYTES - 1);
    if (shown != start) {
      if (flash_read(start, window, WINDOW_BYTES) < 0) memory.fill(window, <u8>BLANK, WINDOW_BYTES);
      shown = start;
    }
    return load<u32>(window + (offset - start));
  }

  /** Writes whole words; false when flash does not hold them. */
  write(slot: u32, at: u32, pointer: usize, sizeBytes: u32): bool {
    shown = NOTHING;
    if (flash_write(this.offset(slot, at), pointer, sizeBytes) < 0) return false;
    for (let i: u32 = 0; i < sizeBytes; i += 4) {
      if (this.word(slot, at + i) != load<u32>(pointer + i)) return false;
    }
    return true;
  }

  /** Writes zeros from byte `at` to before byte `end`. */
  void(slot: u32, at: u32, end: u32): bool {
    let isVoid = true;
    for (let from = at; from < end; from += WINDOW_BYTES) {
      if (!this.write(slot, from, zeros, min<u32>(WINDOW_BYTES, end - from))) isVoid = false;
    }
    return isVoid;
  }

  erase(slot: u32): bool {
    shown = NOTHING;
    return flash_erase(this.offset(slot, 0)) >= 0;
  }
}
