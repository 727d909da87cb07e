/**
 * What the slots hold, as the log of snapshots in flash tells it (contract/slot-record.ts). One snapshot is held in memory,
 * changed there, and appended whole; the two words behind it are cleared bit by bit in place.
 *
 * Power may go away inside of any write. Bits that it leaves half programmed read as they like, until they are programmed
 * to zero again or their sector is erased. So:
 * - the snapshot found at the start is written once more as it was read: it cannot turn invalid any more;
 * - what lies behind it and is no snapshot is set to zeros: it cannot turn valid any more;
 * - the first place that reads as blank may be no such thing: zeros go there too, before the first append of a run;
 * - a sector is begun only right after an erase.
 */
import {
  FLASH_SECTOR_BYTES,
  FLASH_SLOT_STATES_OFFSET,
  FLASH_SLOT_STATES_SECTORS,
  Slot,
} from "../../contract/flash-map.ts";
import { IMAGE_ID_BYTES } from "../../contract/image-header.ts";
import {
  SLOT_RECORD_ATTEMPTS_OFFSET,
  SLOT_RECORD_BYTES,
  SLOT_RECORD_CRC_OFFSET,
  SLOT_RECORD_FAILED_IMAGE_OFFSET,
  SLOT_RECORD_FAILURE_OFFSET,
  SLOT_RECORD_FLOOR_OFFSET,
  SLOT_RECORD_IMAGE_IDS_OFFSET,
  SLOT_RECORD_PATCH_BASE_OFFSET,
  SLOT_RECORD_PREFERRED_OFFSET,
  SLOT_RECORD_PROGRESS_OFFSET,
  SLOT_RECORD_SEQUENCE_OFFSET,
  SLOT_RECORD_SNAPSHOT_BYTES,
  SLOT_RECORD_STATES_OFFSET,
  SlotState,
  TRIAL_ATTEMPTS,
} from "../../contract/slot-record.ts";
import { UpdateFailure } from "../../contract/update-messages.ts";
import { crc32 } from "../hal/crc32.ts";
import { flash_erase, flash_read, flash_write } from "../imports/host.ts";
import { sameBytes } from "./image-id.ts";

const LOG_END: u32 = FLASH_SLOT_STATES_OFFSET + FLASH_SLOT_STATES_SECTORS * FLASH_SECTOR_BYTES;
const SECTOR_MASK: u32 = FLASH_SECTOR_BYTES - 1;
const ONES: u32 = 0xffffffff;
/** `patchBase` of a full image. */
export const NO_PATCH_BASE: u32 = ONES;
/** Places that an append tries when what it wrote does not read back. */
const APPEND_TRIES = 3;

export class SlotStates {
  private readonly record: StaticArray<u8> = new StaticArray<u8>(SLOT_RECORD_BYTES);
  private readonly place: StaticArray<u8> = new StaticArray<u8>(SLOT_RECORD_BYTES);
  /** Where the snapshot in memory stands in flash; 0 = nowhere. */
  private offset: u32 = 0;
  /** The place for the next one; the end of a sector = the sector is full. */
  private next: u32 = LOG_END;
  /** The snapshot in memory was written in this run: no bit of it or behind it is half programmed. */
  isFirm: bool = false;

  private get pointer(): usize {
    return changetype<usize>(this.record);
  }

  private get scratch(): usize {
    return changetype<usize>(this.place);
  }

  /** No snapshot was ever written. */
  get isFresh(): bool {
    return this.offset == 0;
  }

  /** Finds the snapshot that counts, and makes flash firm around it. */
  load(): void {
    this.offset = 0;
    this.isFirm = false;
    this.next = LOG_END;
    memory.fill(this.pointer, 0, SLOT_RECORD_PATCH_BASE_OFFSET);
    memory.fill(this.pointer + SLOT_RECORD_PATCH_BASE_OFFSET, 0xff, SLOT_RECORD_BYTES - SLOT_RECORD_PATCH_BASE_OFFSET);
    for (let offset: u32 = FLASH_SLOT_STATES_OFFSET; offset < LOG_END; offset += SLOT_RECORD_BYTES) {
      if (!this.readPlace(offset) || this.sequenceOf(this.scratch) <= this.sequenceOf(this.pointer)) continue;
      // The bytes that were found valid are kept: read again they might differ.
      memory.copy(this.pointer, this.scratch, SLOT_RECORD_BYTES);
      this.offset = offset;
    }
    if (this.offset == 0) return;
    flash_write(this.offset, this.pointer, SLOT_RECORD_SNAPSHOT_BYTES);
    this.next = this.offset + SLOT_RECORD_BYTES;
    while ((this.next & SECTOR_MASK) != 0 && !this.readBlank(this.next)) {
      this.clear(this.next);
      this.next += SLOT_RECORD_BYTES;
    }
    // A full sector: the first snapshot of the other one may have been cut. It may read as valid now, but it did not before.
    const other = this.otherSector(this.offset);
    const isOlder = this.readPlace(other) && this.sequenceOf(this.scratch) < this.sequenceOf(this.pointer);
    if ((this.next & SECTOR_MASK) == 0 && !isOlder) this.clear(other);
  }

  private sequenceOf(record: usize): u32 {
    return load<u32>(record, SLOT_RECORD_SEQUENCE_OFFSET);
  }

  /** Reads a place; true when a snapshot is there. */
  private readPlace(offset: u32): bool {
    const place = this.scratch;
    flash_read(offset, place, SLOT_RECORD_BYTES);
    const sequence = this.sequenceOf(place);
    if (sequence == 0 || sequence == ONES) return false;
    return crc32(0, place, SLOT_RECORD_CRC_OFFSET) == load<u32>(place, SLOT_RECORD_CRC_OFFSET);
  }

  private readBlank(offset: u32): bool {
    flash_read(offset, this.scratch, SLOT_RECORD_BYTES);
    let bits = ONES;
    for (let at = 0; at < SLOT_RECORD_BYTES; at += 4) bits &= load<u32>(this.scratch + at);
    return bits == ONES;
  }

  private clear(offset: u32): void {
    memory.fill(this.scratch, 0, SLOT_RECORD_BYTES);
    flash_write(offset, this.scratch, SLOT_RECORD_BYTES);
  }

  private otherSector(offset: u32): u32 {
    return (offset & ~SECTOR_MASK) == FLASH_SLOT_STATES_OFFSET
      ? FLASH_SLOT_STATES_OFFSET + FLASH_SECTOR_BYTES
      : FLASH_SLOT_STATES_OFFSET;
  }

  /** Writes the snapshot in memory, with the words behind it; false when flash does not take it. */
  append(): bool {
    const record = this.pointer;
    store<u32>(record, this.sequenceOf(record) + 1, SLOT_RECORD_SEQUENCE_OFFSET);
    store<u32>(record, crc32(0, record, SLOT_RECORD_CRC_OFFSET), SLOT_RECORD_CRC_OFFSET);
    for (let tries = 0; tries < APPEND_TRIES; tries++) {
      // At last in the other sector, or in this one after another erase.
      if (tries == APPEND_TRIES - 1) this.next = ((this.next - 1) & ~SECTOR_MASK) + FLASH_SECTOR_BYTES;
      const offset = this.takePlace();
      // The words behind it go first: where a snapshot is, they are too.
      const rest = SLOT_RECORD_SNAPSHOT_BYTES;
      flash_write(offset + rest, record + rest, SLOT_RECORD_BYTES - rest);
      flash_write(offset, record, rest);
      flash_read(offset, this.scratch, SLOT_RECORD_BYTES);
      if (sameBytes(this.scratch, record, SLOT_RECORD_BYTES)) {
        this.offset = offset;
        this.isFirm = true;
        return true;
      }
      this.clear(offset);
    }
    return false;
  }

  private takePlace(): u32 {
    if (!this.isFirm && (this.next & SECTOR_MASK) != 0) {
      this.clear(this.next);
      this.next += SLOT_RECORD_BYTES;
    }
    this.isFirm = true;
    if ((this.next & SECTOR_MASK) == 0) {
      // Never the one with the snapshot that counts.
      this.next = this.otherSector(this.offset == 0 ? this.next - 1 : this.offset);
      flash_erase(this.next);
    }
    const offset = this.next;
    this.next += SLOT_RECORD_BYTES;
    return offset;
  }

  state(slot: u32): SlotState {
    return <SlotState>load<u8>(this.pointer + slot, SLOT_RECORD_STATES_OFFSET);
  }

  setState(slot: u32, state: SlotState): void {
    store<u8>(this.pointer + slot, state, SLOT_RECORD_STATES_OFFSET);
  }

  /** The slot to start first. */
  get preferred(): u32 {
    return load<u8>(this.pointer, SLOT_RECORD_PREFERRED_OFFSET) == Slot.B ? Slot.B : Slot.A;
  }

  set preferred(slot: u32) {
    store<u8>(this.pointer, slot, SLOT_RECORD_PREFERRED_OFFSET);
  }

  /** Why the last image that failed did. */
  get failure(): UpdateFailure {
    return <UpdateFailure>load<u8>(this.pointer, SLOT_RECORD_FAILURE_OFFSET);
  }

  /** Id of that image. */
  get failedImage(): usize {
    return this.pointer + SLOT_RECORD_FAILED_IMAGE_OFFSET;
  }

  setFailure(failure: UpdateFailure, image: usize): void {
    store<u8>(this.pointer, failure, SLOT_RECORD_FAILURE_OFFSET);
    memory.copy(this.failedImage, image, IMAGE_ID_BYTES);
  }

  /** Least security counter that is taken. */
  get floor(): u32 {
    return load<u32>(this.pointer, SLOT_RECORD_FLOOR_OFFSET);
  }

  set floor(counter: u32) {
    store<u32>(this.pointer, counter, SLOT_RECORD_FLOOR_OFFSET);
  }

  /** Id of the image in a slot. */
  image(slot: u32): usize {
    return this.pointer + SLOT_RECORD_IMAGE_IDS_OFFSET + slot * IMAGE_ID_BYTES;
  }

  setImage(slot: u32, image: usize): void {
    memory.copy(this.image(slot), image, IMAGE_ID_BYTES);
  }

  /** First bytes of the id that a patch under way starts from, or NO_PATCH_BASE. */
  get patchBase(): u32 {
    return load<u32>(this.pointer, SLOT_RECORD_PATCH_BASE_OFFSET);
  }

  set patchBase(base: u32) {
    store<u32>(this.pointer, base, SLOT_RECORD_PATCH_BASE_OFFSET);
  }

  private get attempts(): u32 {
    return load<u32>(this.pointer, SLOT_RECORD_ATTEMPTS_OFFSET);
  }

  private get progress(): u32 {
    return load<u32>(this.pointer, SLOT_RECORD_PROGRESS_OFFSET);
  }

  /** Another start on trial is allowed. */
  get hasAttempts(): bool {
    return (this.attempts & ((1 << TRIAL_ATTEMPTS) - 1)) != 0;
  }

  /** Records a start on trial; false when flash does not keep it. */
  takeAttempt(): bool {
    const attempts = this.attempts;
    this.clearBits(SLOT_RECORD_ATTEMPTS_OFFSET, attempts & (attempts - 1));
    flash_read(this.offset + SLOT_RECORD_ATTEMPTS_OFFSET, this.scratch, 4);
    return load<u32>(this.scratch) == this.attempts || this.append();
  }

  /** All attempts are there again, and no sector is loaded; takes effect with the next append. */
  renewWords(): void {
    store<u32>(this.pointer, ONES, SLOT_RECORD_ATTEMPTS_OFFSET);
    store<u32>(this.pointer, ONES, SLOT_RECORD_PROGRESS_OFFSET);
  }

  /** Sectors of the slot being loaded that are whole, from its first one on. */
  get sectorsLoaded(): u32 {
    let sectors: u32 = 0;
    for (let rest = this.progress; (rest & 1) == 0 && sectors < 32; rest >>= 1) sectors++;
    return sectors;
  }

  /** Records that the sector is whole. */
  markLoaded(sector: u32): void {
    this.clearBits(SLOT_RECORD_PROGRESS_OFFSET, this.progress & ~((<u32>1) << sector));
  }

  private clearBits(at: u32, value: u32): void {
    const word = this.pointer + at;
    store<u32>(word, value);
    if (this.offset != 0) flash_write(this.offset + at, word, 4);
  }
}
