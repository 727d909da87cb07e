/**
 * A place in the queue, and what the records up to there have told: the next reading's sequence number, uptime, boot and
 * that boot's clock. Cursors share one record to decode into.
 */
import { FLASH_SECTOR_BYTES } from "../../contract/flash-map.ts";
import {
  QUEUE_BOOT_OFFSET,
  QUEUE_BOOT_UNIX_OFFSET,
  QUEUE_HEADER_BYTES,
  QUEUE_KNOWN_UNIX_OFFSET,
  QUEUE_LONG_BYTES,
  QUEUE_SHORT_BYTES,
  QUEUE_TIME_ERROR_OFFSET,
  QUEUE_UPTIME_OFFSET,
  QueueRecord,
} from "../../contract/queue-format.ts";
import { LogRecord, recordBytes } from "./log-record.ts";
import { QueueFlash } from "./queue-flash.ts";
import { SectorHeader } from "./sector-header.ts";

export const BLANK: u32 = 0xffffffff;

export enum Step {
  /** The sector ends here. */
  End = 0,
  /** No record: nothing was written here, or it is damaged. The cursor stays before it. */
  Bad = 1,
  Reading = 2,
  Mark = 3,
}

export class LogCursor {
  slot: u32 = 0;
  /** Byte in the sector. */
  at: u32 = 0;
  /** Sequence number of the next reading. */
  sequence: u32 = 1;
  /** The first sequence number that is not in this sector, or those of its span; the newest sector has no end yet. */
  end: u32 = 1;
  /** Sectors behind this one whose header cannot be read: their records go on where this one's end. */
  headerless: u32 = 0;
  /** Of the last record. */
  uptimeS: u32 = 0;
  boot: u32 = 0;
  /** The latest Unix time that was known to have passed before that boot; 0 = none. */
  knownUnixS: u32 = 0;
  /** Unix time of the boot's start; 0 = not known up to here. Within `markErrorS` for uptime `markUptimeS`. */
  bootUnixS: u32 = 0;
  markUptimeS: u32 = 0;
  markErrorS: u32 = 0;

  constructor(
    private readonly flash: QueueFlash,
    readonly record: LogRecord,
  ) {}

  copy(from: LogCursor): void {
    this.slot = from.slot;
    this.at = from.at;
    this.sequence = from.sequence;
    this.end = from.end;
    this.headerless = from.headerless;
    this.uptimeS = from.uptimeS;
    this.boot = from.boot;
    this.knownUnixS = from.knownUnixS;
    this.bootUnixS = from.bootUnixS;
    this.markUptimeS = from.markUptimeS;
    this.markErrorS = from.markErrorS;
  }

  /** Goes to the first record of a slot whose header is given. */
  enter(slot: u32, header: SectorHeader): void {
    this.slot = slot;
    this.at = QUEUE_HEADER_BYTES;
    this.headerless = 0;
    this.uptimeS = header.get(QUEUE_UPTIME_OFFSET);
    this.boot = header.get(QUEUE_BOOT_OFFSET);
    this.knownUnixS = header.get(QUEUE_KNOWN_UNIX_OFFSET);
    this.bootUnixS = header.get(QUEUE_BOOT_UNIX_OFFSET);
    this.markUptimeS = this.uptimeS;
    this.markErrorS = header.get(QUEUE_TIME_ERROR_OFFSET);
  }

  /** Steps over the next record. */
  step(): Step {
    for (; this.findRoom(); this.at += 4) {
      const word = this.flash.word(this.slot, this.at);
      if (word == 0) continue;
      // Too short for a record that was to follow. More is left only where a start found no room for its mark: what follows
      // belongs to that start, of which only the header told.
      if (word == BLANK && this.at + QUEUE_LONG_BYTES > <u32>FLASH_SECTOR_BYTES) continue;
      const size = recordBytes(word);
      if (size == 0 || this.at + size > <u32>FLASH_SECTOR_BYTES) return Step.Bad;
      const record = this.record;
      for (let i: u32 = 0; i < size; i += 4) record.set(i / 4, this.flash.word(this.slot, this.at + i));
      if (!record.isValid) return Step.Bad;
      this.at += size;
      return this.take(record);
    }
    return Step.End;
  }

  /** Moves to where another record may follow; false when there is no such place. */
  private findRoom(): bool {
    if (this.at + QUEUE_SHORT_BYTES <= <u32>FLASH_SECTOR_BYTES) return true;
    if (this.headerless == 0) return false;
    this.headerless--;
    this.slot = this.flash.slotAfter(this.slot);
    this.at = QUEUE_HEADER_BYTES;
    return true;
  }

  private take(record: LogRecord): Step {
    const kind = record.kind;
    if (kind == QueueRecord.Short || kind == QueueRecord.Long) {
      this.uptimeS = kind == QueueRecord.Short ? this.uptimeS + record.ageS : record.word(2);
      this.sequence++;
      return Step.Reading;
    }
    if (kind == QueueRecord.Boot) {
      this.boot = record.word(1);
      this.knownUnixS = record.word(2);
      this.bootUnixS = 0;
      this.uptimeS = 0;
    } else if (kind == QueueRecord.Clock) {
      this.bootUnixS = record.word(1);
      this.uptimeS = record.word(2);
      this.markUptimeS = this.uptimeS;
      this.markErrorS = record.low;
    }
    return Step.Mark;
  }

  /** Steps to behind the next reading of this sector; false when none follows that can be read. */
  next(): bool {
    let step = this.step();
    while (step == Step.Mark) step = this.step();
    return step == Step.Reading;
  }
}
