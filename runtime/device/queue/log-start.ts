/**
 * Finds the queue in flash when a program starts. Power may have gone away in any operation before, so what is read may
 * read differently later (runtime/board/flash.ts): whatever is decided from is first made firm.
 *
 * - The head's header and the last record of the head may have been the last write: they are written again as read.
 * - The sector after the head may have a header that was cut short and only reads as invalid now: it is voided.
 * - A record may have been cut short and read as invalid, or as blank: queue-format.ts says how Boot marks deal with it.
 *
 * A Boot mark is the last record until something is appended after it, so only then can the cleaning before it be unfinished.
 */
import { FLASH_SECTOR_BYTES } from "../../contract/flash-map.ts";
import { LogLevel } from "../../contract/host-abi.ts";
import {
  QUEUE_ACKNOWLEDGED_OFFSET,
  QUEUE_COMMAND_OFFSET,
  QUEUE_DROPPED_OFFSET,
  QUEUE_EPOCH_OFFSET,
  QUEUE_FIRST_OFFSET,
  QUEUE_HEADER_BYTES,
  QUEUE_LONG_BYTES,
  QUEUE_MAGIC,
  QUEUE_SHORT_BYTES,
  QueueRecord,
} from "../../contract/queue-format.ts";
import { randomU32 } from "../hal/chance.ts";
import { logText } from "../hal/log.ts";
import { distance, driftS } from "./boot-time.ts";
import { BLANK, Step } from "./log-cursor.ts";
import { recordBytes } from "./log-record.ts";
import { isBefore, NO_SPAN, ReadingLog } from "./reading-log.ts";
import { SectorHeader } from "./sector-header.ts";

const SECTOR_BYTES: u32 = FLASH_SECTOR_BYTES;
/** Left alone behind what reads as written: a record that was cut reaches no further, however little of it shows. */
const GAP_BYTES: u32 = 16;
/**
 * Voided before a Boot mark. Should the mark be cut too, the next start sees that something was here; and whatever a cut
 * leaves of the cleaning before it can be no record that reaches into the mark, for its check would be zero.
 */
const GUARD_BYTES: u32 = 12;
const PASSES_MAX = 3;
/** Wrong bits of a word that is still taken for what it was. */
const ROTTEN_BITS_MAX: u32 = 4;

export class LogStart {
  /** Where the last valid record begins and ends; equal when there is none. */
  private lastSlot: u32 = 0;
  private lastAt: u32 = 0;
  private lastEnd: u32 = 0;
  /** Words before the last valid record that are no record. */
  private badWords: u32 = 0;
  /** Header of the head; the log's own serves to look at others. */
  private readonly head: SectorHeader;

  constructor(private readonly log: ReadingLog) {
    this.head = new SectorHeader(log.flash);
  }

  run(): void {
    const log = this.log;
    log.flash.begin();
    if (log.flash.slots < 2) {
      logText(LogLevel.Error, "no room for a queue: readings are lost");
      return;
    }
    if (this.findHead()) this.resume();
    else this.create();
    log.forget(log.tail.sequence);
  }

  /** Fills `head` with the valid header of the highest sector sequence. */
  private findHead(): bool {
    const log = this.log;
    let highest: u32 = 0;
    for (let slot: u32 = 0; slot < log.flash.slots; slot++) {
      if (!log.header.load(slot, highest)) continue;
      highest = log.header.sequence;
      log.slot = slot;
      this.head.copy(log.header);
    }
    log.sectorSequence = highest;
    return highest != 0;
  }

  private create(): void {
    const log = this.log;
    // There was a queue once.
    if (log.flash.word(0, QUEUE_HEADER_BYTES) != BLANK) log.logFault();
    log.slot = log.flash.slots - 1;
    log.tail.slot = log.slot;
    log.boot = 1;
    log.epoch = randomU32();
    log.advance(log.epoch);
  }

  private resume(): void {
    const log = this.log;
    const head = this.head;
    head.save(log.slot);
    const after = log.flash.slotAfter(log.slot);
    const isOldest = log.header.load(after) && log.header.sequence + log.flash.slots == log.sectorSequence + 1;
    const isHead = !isOldest && this.isHeadOf(after);
    if (!isOldest && !isHead) log.flash.void(after, 0, QUEUE_HEADER_BYTES);

    log.epoch = head.get(QUEUE_EPOCH_OFFSET);
    log.first = head.get(QUEUE_FIRST_OFFSET);
    log.dropped = head.get(QUEUE_DROPPED_OFFSET);
    // A weak Boot mark can come to light in the second pass; then it is cleaned before, and the third one counts.
    for (let cleanedAt: u32 = 0, passes = 0; passes < PASSES_MAX; passes++) {
      this.scan(isHead ? 1 : 0);
      if (!this.cleanBeforeBoot() || this.lastAt == cleanedAt) break;
      cleanedAt = this.lastAt;
    }
    this.beginBoot();
    // A record in the middle is damaged, and whether it was a reading is not known. Numbers must never be given twice:
    // as many as there may have been are stepped over, and the next sector begins with what follows.
    if (this.badWords > 0) log.next += (this.badWords + 1) / 2;
    log.tail.sequence = min(log.saved, log.next - 1) + 1;
    if (isHead) {
      log.slot = after;
      log.sectorSequence++;
      log.logFault();
    }
    if (isHead || this.badWords > 0 || !this.markBoot()) {
      log.at = SECTOR_BYTES;
      if (!log.advance(log.epoch) && isHead) {
        log.slot = log.flash.slotBefore(after);
        log.sectorSequence--;
      }
    }
    this.placeTail();
  }

  /**
   * The slot after the head is the true head, and its header, loaded, has rotted. Not a header that was cut short: before one is
   * written all records are erased. Not one that was about to be erased either: it was voided.
   */
  private isHeadOf(slot: u32): bool {
    const log = this.log;
    const header = log.header;
    const sequence = header.sequence;
    const errors = popcnt<u32>(sequence ^ (log.sectorSequence + 1));
    return (
      popcnt<u32>(header.get(0) ^ QUEUE_MAGIC) <= ROTTEN_BITS_MAX &&
      popcnt<u32>(header.get(QUEUE_EPOCH_OFFSET) ^ this.head.get(QUEUE_EPOCH_OFFSET)) <= ROTTEN_BITS_MAX &&
      errors <= ROTTEN_BITS_MAX &&
      errors < popcnt<u32>(sequence ^ (log.sectorSequence + 1 - log.flash.slots)) &&
      log.flash.word(slot, QUEUE_HEADER_BYTES) != BLANK
    );
  }

  /** Reads the whole head, and this many sectors behind it that have no good header. */
  private scan(headerless: u32): void {
    const log = this.log;
    const cursor = log.tail;
    cursor.enter(log.slot, this.head);
    cursor.sequence = log.first;
    cursor.headerless = headerless;
    log.saved = this.head.get(QUEUE_ACKNOWLEDGED_OFFSET);
    log.command = this.head.get(QUEUE_COMMAND_OFFSET);
    this.lastSlot = log.slot;
    this.lastAt = QUEUE_HEADER_BYTES;
    this.lastEnd = QUEUE_HEADER_BYTES;
    this.badWords = 0;
    let badWords: u32 = 0;
    for (let step = cursor.step(); step != Step.End; step = cursor.step()) {
      if (step == Step.Bad) {
        // Stepped over whole: what its last word would have made valid may hold the pattern of another record.
        const size = max<u32>(recordBytes(log.flash.word(cursor.slot, cursor.at)), 4);
        cursor.at += size;
        badWords += size / 4;
        continue;
      }
      const record = cursor.record;
      this.badWords = badWords;
      this.lastEnd = cursor.at;
      this.lastSlot = cursor.slot;
      this.lastAt = cursor.at - record.sizeBytes;
      log.record.copy(record);
      // One that acknowledges readings of the future is damaged. Some of those before it may not be readable.
      if (record.kind == QueueRecord.Taken && isBefore(record.word(1), cursor.sequence + (badWords + 1) / 2)) {
        log.saved = record.word(1);
        log.command = record.word(2);
      }
    }
    log.next = cursor.sequence;
  }

  /** Makes the last record firm. If it is a Boot mark, voids what was cut short before it, and says so. */
  private cleanBeforeBoot(): bool {
    const log = this.log;
    if (this.lastAt == this.lastEnd) return false;
    const record = log.record;
    log.flash.write(this.lastSlot, this.lastAt, record.pointer, record.sizeBytes);
    if (record.kind != QueueRecord.Boot) return false;
    const from = record.low & ~3;
    if (from >= <u32>QUEUE_HEADER_BYTES) log.flash.void(this.lastSlot, from, this.lastAt);
    return true;
  }

  /** What the boot before has told becomes what is known before this one: a time that has surely passed. */
  private beginBoot(): void {
    const log = this.log;
    const last = log.tail;
    log.knownUnixS = last.knownUnixS == 0 ? 0 : last.knownUnixS + last.uptimeS - driftS(last.uptimeS);
    if (last.bootUnixS != 0) {
      const errorS = last.markErrorS + driftS(distance(last.uptimeS, last.markUptimeS));
      log.knownUnixS = max(log.knownUnixS, last.bootUnixS + last.uptimeS - errorS);
    }
    log.boot = last.boot + 1;
  }

  /** Finds the sector of the oldest reading held, back from the head. */
  private placeTail(): void {
    const log = this.log;
    const wanted = log.tail.sequence;
    let slot = log.slot;
    let first = log.first;
    for (let at = log.flash.slotBefore(slot); at != log.slot; at = log.flash.slotBefore(at)) {
      if (!isBefore(wanted, first)) break;
      if (!log.loadHeader(at)) continue;
      const readings = log.span(at);
      if (readings == NO_SPAN) break;
      slot = at;
      first -= readings;
    }
    const isGone = isBefore(wanted, first);
    if (isGone) log.dropped += first - wanted;
    log.open(log.tail, slot, first);
    log.forget(isGone ? first : wanted);
  }

  /** Begins this boot in the head; false when there is no room for its mark, or cells in the way are worn out. */
  private markBoot(): bool {
    const log = this.log;
    let at = SECTOR_BYTES;
    while (at > this.lastEnd && log.flash.word(log.slot, at - 4) == BLANK) at -= 4;
    const guardAt = at + GAP_BYTES;
    const markAt = guardAt + GUARD_BYTES;
    if (markAt + QUEUE_LONG_BYTES > SECTOR_BYTES) return false;
    if (!log.flash.void(log.slot, guardAt, markAt)) return false;
    log.record.long(QueueRecord.Boot, this.lastEnd, log.boot, log.knownUnixS);
    if (!log.flash.write(log.slot, markAt, log.record.pointer, QUEUE_LONG_BYTES)) return false;
    log.at = markAt + QUEUE_LONG_BYTES;
    return log.flash.void(log.slot, this.lastEnd, guardAt);
  }
}
