/**
 * The ring of sectors: appends at its head, forgets at its tail. All state that outlasts a power cut is in flash; what is
 * here is found again by log-start.ts.
 *
 * Acknowledgements are written down lazily, once for 64 readings and in each new sector. A start may so believe that up
 * to 64 readings, or more when the head had no room for the mark, were not acknowledged yet. Nothing is lost or doubled
 * by that: the server's answer to `hello` says how far it has come before a single reading is sent, and it would drop
 * what it has already.
 */

import { FLASH_SECTOR_BYTES } from "../../contract/flash-map.ts";
import { LogLevel } from "../../contract/host-abi.ts";
import {
  QUEUE_ACKNOWLEDGED_OFFSET,
  QUEUE_BOOT_OFFSET,
  QUEUE_BOOT_UNIX_OFFSET,
  QUEUE_COMMAND_OFFSET,
  QUEUE_DROPPED_OFFSET,
  QUEUE_EPOCH_OFFSET,
  QUEUE_FIRST_OFFSET,
  QUEUE_HEADER_BYTES,
  QUEUE_KNOWN_UNIX_OFFSET,
  QUEUE_LONG_BYTES,
  QUEUE_SECTOR_SEQUENCE_OFFSET,
  QUEUE_SHIFT_OFFSET,
  QUEUE_SHORT_BYTES,
  QUEUE_TIME_ERROR_OFFSET,
  QUEUE_UPTIME_OFFSET,
  QueueRecord,
} from "../../contract/queue-format.ts";
import { logValue } from "../hal/log.ts";
import { distance, driftS } from "./boot-time.ts";
import { LogCursor } from "./log-cursor.ts";
import { LogRecord } from "./log-record.ts";
import { QueueFlash } from "./queue-flash.ts";
import { SectorHeader } from "./sector-header.ts";

const SECTOR_BYTES: u32 = FLASH_SECTOR_BYTES;
/** Readings that fit into one sector. */
export const SECTOR_READINGS_MAX: u32 = (FLASH_SECTOR_BYTES - QUEUE_HEADER_BYTES) / QUEUE_SHORT_BYTES;
export const NO_SPAN: u32 = u32.MAX_VALUE;
/** Newly acknowledged readings that are worth a mark in flash. */
const ACKNOWLEDGED_EVERY: u32 = 64;
/** Places that are tried for a record before it is given up, and erases of a sector before it is. */
const PLACES_MAX = 8;
const ERASES_MAX = 3;
/** Sectors that are tried for a head, one after the other: those whose header cannot be written stay empty. */
const SECTORS_MAX: u32 = 3;

/**
 * Sequence numbers compare by their distance: after a new epoch has begun, an older sector's first reading, long
 * acknowledged, may have one below zero.
 */
export function isBefore(a: u32, b: u32): bool {
  return <i32>(a - b) < 0;
}

function later(a: u32, b: u32): u32 {
  return isBefore(a, b) ? b : a;
}

export class ReadingLog {
  readonly flash: QueueFlash = new QueueFlash();
  /** For whoever needs one just now. */
  readonly header: SectorHeader = new SectorHeader(this.flash);
  /** What is to be written. */
  readonly record: LogRecord = new LogRecord();
  /** Before the oldest reading held. */
  readonly tail: LogCursor = new LogCursor(this.flash, new LogRecord());
  /** Shares the tail's record. */
  readonly scout: LogCursor = new LogCursor(this.flash, this.tail.record);

  /** The head: where the next record goes. */
  slot: u32 = 0;
  at: u32 = SECTOR_BYTES;
  sectorSequence: u32 = 0;
  epoch: u32 = 0;
  /** Sequence number of the first reading in the head, and of the next one. */
  first: u32 = 1;
  next: u32 = 1;
  /** Acknowledged up to here, as flash knows it. */
  saved: u32 = 0;
  dropped: u32 = 0;
  command: u32 = 0;

  /** This boot: its number, the uptime of its last record, and what is known of the time (QUEUE_* of the header). */
  boot: u32 = 0;
  uptimeS: u32 = 0;
  knownUnixS: u32 = 0;
  bootUnixS: u32 = 0;
  learntS: u32 = 0;
  errorS: u32 = 0;
  /** Of the last `span`. */
  private headerless: u32 = 0;

  /** Writes `record` to the head; false, and logged, when flash does not keep it. */
  append(): bool {
    const size = this.record.sizeBytes;
    for (let place = 0; place < PLACES_MAX; place++) {
      if (this.at + size > SECTOR_BYTES && !this.advance(this.epoch)) break;
      const at = this.at;
      this.at += size;
      if (this.flash.write(this.slot, at, this.record.pointer, size)) return true;
      // A worn-out place is voided. If even that fails, nothing may follow it in this sector.
      if (!this.flash.void(this.slot, at, at + size)) this.at = SECTOR_BYTES;
    }
    this.logFault();
    return false;
  }

  logFault(): void {
    logValue(LogLevel.Error, "queue: flash fault, sector ", this.slot);
  }

  /**
   * Makes the next sector of the ring the head; what it held is dropped. In another epoch than the present one, the
   * readings held are numbered from 1, which the new header alone decides: a cut before it changes nothing.
   */
  advance(epoch: u32): bool {
    const tail = this.tail;
    const head = this.slot;
    let slot = head;
    let shift: u32 = 0;
    let isWritten = false;
    for (let sectors: u32 = 1; sectors <= SECTORS_MAX && sectors < this.flash.slots && !isWritten; sectors++) {
      slot = this.flash.slotAfter(slot);
      if (tail.slot == slot) {
        this.dropped += tail.end - tail.sequence;
        this.leaveTail(tail.end);
      }
      if (tail.slot == head) tail.end = this.next;
      shift = epoch == this.epoch ? 0 : tail.sequence - 1;
      isWritten = this.begin(slot, this.sectorSequence + sectors, epoch, shift);
      if (isWritten) this.sectorSequence += sectors;
    }
    if (!isWritten) return false;
    this.slot = slot;
    this.at = QUEUE_HEADER_BYTES;
    this.epoch = epoch;
    this.next -= shift;
    this.first = this.next;
    tail.sequence -= shift;
    tail.end -= shift;
    this.saved = tail.sequence - 1;
    return true;
  }

  /** Erases a sector and writes its header; false, and no header, where cells are worn out. */
  private begin(slot: u32, sequence: u32, epoch: u32, shift: u32): bool {
    const flash = this.flash;
    // A cut within the erase could leave a valid header before readings that are no longer what they were.
    flash.void(slot, 0, QUEUE_HEADER_BYTES);
    for (let erases = 0; erases < ERASES_MAX; erases++) {
      if (!flash.erase(slot)) continue;
      // One worn bit is put right whenever the header is read. What is read may be the old one, if nothing was erased.
      if (this.saveHeader(slot, sequence, epoch, shift) || this.header.load(slot, sequence - 1)) return true;
    }
    flash.void(slot, 0, QUEUE_HEADER_BYTES);
    return false;
  }

  private saveHeader(slot: u32, sequence: u32, epoch: u32, shift: u32): bool {
    const header = this.header;
    header.clear();
    header.set(QUEUE_SECTOR_SEQUENCE_OFFSET, sequence);
    header.set(QUEUE_EPOCH_OFFSET, epoch);
    header.set(QUEUE_FIRST_OFFSET, this.next - shift);
    header.set(QUEUE_ACKNOWLEDGED_OFFSET, this.tail.sequence - 1 - shift);
    header.set(QUEUE_DROPPED_OFFSET, this.dropped);
    header.set(QUEUE_COMMAND_OFFSET, this.command);
    header.set(QUEUE_BOOT_OFFSET, this.boot);
    header.set(QUEUE_UPTIME_OFFSET, this.uptimeS);
    header.set(QUEUE_BOOT_UNIX_OFFSET, this.bootUnixS);
    header.set(QUEUE_KNOWN_UNIX_OFFSET, this.knownUnixS);
    header.set(QUEUE_TIME_ERROR_OFFSET, this.errorS + driftS(distance(this.uptimeS, this.learntS)));
    header.set(QUEUE_SHIFT_OFFSET, shift);
    return header.save(slot);
  }

  /** Reads the header of a slot; false when there is none that belongs there in the ring. */
  loadHeader(slot: u32): bool {
    const sectors = slot <= this.slot ? this.slot - slot : this.slot + this.flash.slots - slot;
    return this.header.load(slot) && this.header.sequence == this.sectorSequence - sectors;
  }

  /**
   * Readings from the slot whose header is loaded to the next good header, which tells by its `first`. Leaves the number of
   * sectors without a good one in between. NO_SPAN: these headers contradict each other.
   */
  span(slot: u32): u32 {
    const header = this.header;
    const first = header.get(QUEUE_FIRST_OFFSET);
    const epoch = header.get(QUEUE_EPOCH_OFFSET);
    let after = this.flash.slotAfter(slot);
    this.headerless = 0;
    while (!this.loadHeader(after)) {
      // A good header that does not belong there shows that the sector is not what was written there.
      if (after == this.slot || header.load(after)) return NO_SPAN;
      after = this.flash.slotAfter(after);
      this.headerless++;
    }
    // In another epoch numbers may have been shifted by a header that cannot be read.
    if (this.headerless != 0 && header.get(QUEUE_EPOCH_OFFSET) != epoch) return NO_SPAN;
    const readings = header.get(QUEUE_FIRST_OFFSET) + header.get(QUEUE_SHIFT_OFFSET) - first;
    return readings <= (this.headerless + 1) * SECTOR_READINGS_MAX ? readings : NO_SPAN;
  }

  /** Where the readings of a cursor's sector end. */
  endOf(cursor: LogCursor): u32 {
    return cursor.slot == this.slot ? this.next : cursor.end;
  }

  /** Takes a cursor behind its sector and those of its span, past sectors that have gone bad; false when readings are passed. */
  leave(cursor: LogCursor): bool {
    const end = this.endOf(cursor);
    let slot = cursor.slot;
    for (let sectors = cursor.headerless + 1; sectors > 0; sectors--) slot = this.flash.slotAfter(slot);
    const next = slot;
    for (; slot != this.slot; slot = this.flash.slotAfter(slot)) {
      if (!this.loadHeader(slot)) continue;
      // Numbers of this epoch are as the header says; those of another are known only from what came right before them.
      const isOurs = this.header.get(QUEUE_EPOCH_OFFSET) == this.epoch;
      const sequence = isOurs ? this.header.get(QUEUE_FIRST_OFFSET) : end;
      if ((isOurs || slot == next) && this.open(cursor, slot, sequence)) return sequence == end;
    }
    this.open(cursor, slot, this.first);
    return this.first == end;
  }

  /** Takes a cursor to the first reading of a slot, number `sequence`; false when its header makes no sense. */
  open(cursor: LogCursor, slot: u32, sequence: u32): bool {
    const isGood = this.loadHeader(slot);
    cursor.enter(slot, this.header);
    cursor.sequence = sequence;
    if (slot == this.slot || !isGood) return isGood;
    const readings = this.span(slot);
    cursor.end = sequence + readings;
    cursor.headerless = this.headerless;
    return readings != NO_SPAN;
  }

  /** Moves the tail to the first reading from number `to` on that can be read; those that cannot are dropped. */
  forget(to: u32): void {
    const tail = this.tail;
    for (let hops: u32 = 0; hops <= this.flash.slots; hops++) {
      const end = this.endOf(tail);
      if (isBefore(to, end)) {
        let isReadable = true;
        while (isReadable && isBefore(tail.sequence, to)) isReadable = tail.next();
        if (isReadable) {
          this.scout.copy(tail);
          if (this.scout.next()) return;
        }
        this.dropped += end - later(tail.sequence, to);
      }
      if (tail.slot == this.slot) {
        tail.sequence = end;
        tail.at = this.at;
        tail.uptimeS = this.uptimeS;
        tail.boot = this.boot;
        return;
      }
      this.leaveTail(later(end, to));
    }
  }

  /** Takes the tail to the next sector; readings from number `from` on that lie in between cannot be reached any more. */
  private leaveTail(from: u32): void {
    if (!this.leave(this.tail) && isBefore(from, this.tail.sequence)) this.dropped += this.tail.sequence - from;
  }

  /** Writes down what was acknowledged, when it is much and needs no sector of its own. */
  saveAcknowledged(): void {
    if (this.tail.sequence - 1 - this.saved < ACKNOWLEDGED_EVERY) return;
    if (this.at + QUEUE_LONG_BYTES <= SECTOR_BYTES) this.taken(this.command);
  }

  /** Appends a Taken mark. */
  taken(command: u32): bool {
    this.record.long(QueueRecord.Taken, 0, this.tail.sequence - 1, command);
    if (!this.append()) return false;
    this.saved = this.tail.sequence - 1;
    return true;
  }
}
