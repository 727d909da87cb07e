/**
 * When was a boot of before? Its clock may be known from a mark that lies before its readings, or after them. If it never
 * learnt the time, it ended before the next boot that did began, and began after the last Unix time known before it.
 *
 * Sectors in which nothing of this can change are stepped over by the headers around them; of others
 * SURVEY_SECTORS_MAX are read at most, so that a large queue full of restarts does not stop a poll for seconds.
 */
import { FLASH_SECTOR_BYTES } from "../../contract/flash-map.ts";
import { QUEUE_BOOT_OFFSET, QUEUE_BOOT_UNIX_OFFSET } from "../../contract/queue-format.ts";
import { BootTime, driftS } from "./boot-time.ts";
import { LogCursor, Step } from "./log-cursor.ts";
import { ReadingLog } from "./reading-log.ts";

const SURVEY_SECTORS_MAX = 16;

export class BootSurvey {
  /** Uptimes of the boots gone by, together, seconds. */
  private spanS: u32 = 0;

  constructor(private readonly log: ReadingLog) {}

  /** Places the boot of the readings that follow `from`; the clock of the present boot says `unixS` at `nowS`, 0 = unknown. */
  place(time: BootTime, from: LogCursor, nowS: u32, unixS: u32): void {
    const log = this.log;
    const scout = log.scout;
    this.spanS = 0;
    scout.copy(from);
    let isKnown = scout.bootUnixS != 0;
    let sectorsRead = 0;
    while (!isKnown && scout.boot != log.boot && sectorsRead < SURVEY_SECTORS_MAX) {
      const isHead = scout.slot == log.slot;
      if (isHead || !this.isUneventful()) {
        sectorsRead++;
        isKnown = this.readOn();
        if (isKnown || isHead) break;
      }
      isKnown = this.enterNext();
    }
    if (isKnown && scout.boot == from.boot) {
      time.known(scout.bootUnixS, scout.markErrorS + 1, scout.markUptimeS);
    } else if (isKnown) {
      time.between(from.knownUnixS, scout.bootUnixS, scout.markErrorS + driftS(scout.markUptimeS), this.spanS);
    } else if (unixS > nowS) {
      time.between(from.knownUnixS, unixS - nowS, log.errorS + driftS(log.learntS), this.spanS);
    } else {
      time.before(this.spanS + nowS);
    }
  }

  /** The next sector continues this boot and does not know the time either: nothing happens in what is left of this one. */
  private isUneventful(): bool {
    const log = this.log;
    const header = log.header;
    return (
      header.load(log.flash.slotAfter(log.scout.slot)) &&
      header.get(QUEUE_BOOT_OFFSET) == log.scout.boot &&
      header.get(QUEUE_BOOT_UNIX_OFFSET) == 0
    );
  }

  /** Reads this sector to its end, to the present boot, or to a clock; true for a clock. */
  private readOn(): bool {
    const scout = this.log.scout;
    while (scout.at < <u32>FLASH_SECTOR_BYTES && scout.boot != this.log.boot) {
      const boot = scout.boot;
      const uptimeS = scout.uptimeS;
      if (scout.step() <= Step.Bad) return false;
      if (scout.boot != boot) this.spanS += uptimeS;
      else if (scout.bootUnixS != 0) return true;
    }
    return false;
  }

  /** Goes on to the next sector; true when that knows the time. */
  private enterNext(): bool {
    const scout = this.log.scout;
    const boot = scout.boot;
    const uptimeS = scout.uptimeS;
    this.log.leave(scout);
    if (scout.boot != boot) this.spanS += uptimeS;
    return scout.bootUnixS != 0 && scout.boot != this.log.boot;
  }
}
