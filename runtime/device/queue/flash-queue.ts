/**
 * The queue of readings in flash (contract/queue-format.ts): what was pushed outlasts restarts and power cuts. It needs no RAM
 * for readings; a few hundred bytes hold its places in the log.
 */
import { LogLevel } from "../../contract/host-abi.ts";
import { QueueRecord } from "../../contract/queue-format.ts";
import { SENML_ABSOLUTE_TIME_MIN_S } from "../../contract/senml.ts";
import { randomU32 } from "../hal/chance.ts";
import { logText } from "../hal/log.ts";
import { BootSurvey } from "./boot-survey.ts";
import { BootTime } from "./boot-time.ts";
import { LogCursor } from "./log-cursor.ts";
import { LogStart } from "./log-start.ts";
import { ReadingLog, SECTOR_READINGS_MAX } from "./reading-log.ts";
import { ReadingQueue } from "./reading-queue.ts";

/** A clock that is set again is written down after this, seconds: with 100 ppm, it has drifted by two seconds then. */
const CLOCK_MARK_EVERY_S: u32 = 21600;
const ERROR_MAX_S: u32 = 0xffff;

export class FlashQueue implements ReadingQueue {
  private readonly log: ReadingLog = new ReadingLog();
  private readonly survey: BootSurvey = new BootSurvey(this.log);
  private readonly logStart: LogStart = new LogStart(this.log);
  /** Behind the reading gone to. */
  private readonly reader: LogCursor = new LogCursor(this.log.flash, this.log.tail.record);
  private packBoot: u32 = 0;
  /** Uptime of the last Clock mark. */
  private markedS: u32 = 0;
  /** The first sequence number that no server can have seen: neither held at the start nor gone to since. */
  private unseen: u32 = 1;

  /** Finds what the starts before have left; called once, before anything else. */
  begin(): void {
    this.logStart.run();
    this.unseen = this.log.next;
  }

  epoch(): u32 {
    return this.log.epoch;
  }

  oldest(): u32 {
    return this.log.tail.sequence;
  }

  count(): u32 {
    return this.log.next - this.log.tail.sequence;
  }

  dropped(): u32 {
    return this.log.dropped;
  }

  push(stream: u32, value: i32, uptimeS: u32): void {
    const log = this.log;
    // A time before the last record's has an age beyond all limits: a long reading.
    log.record.reading(stream, value, uptimeS - log.uptimeS, uptimeS);
    if (!log.append()) {
      log.dropped++;
      return;
    }
    log.uptimeS = uptimeS;
    log.next++;
  }

  acknowledge(sequence: u32): bool {
    const log = this.log;
    if (sequence >= this.unseen) return false;
    if (sequence < log.tail.sequence) return true;
    log.forget(sequence + 1);
    log.saveAcknowledged();
    return true;
  }

  /**
   * A new sector whose header says the new epoch, and by how much the numbers of all older sectors are lowered: nothing is
   * copied, and the one header is written or it is not.
   */
  renew(known: u32): void {
    const log = this.log;
    // A damaged sector hides its own numbers, no more. A server that is further ahead tells of somebody else's readings.
    if (known - this.unseen <= 2 * SECTOR_READINGS_MAX) log.forget(this.unseen);
    if (!log.advance(randomU32())) logText(LogLevel.Error, "no sector for a new epoch");
    this.unseen = log.tail.sequence;
  }

  learnTime(unixS: u32, uptimeS: u32, errorS: u32): void {
    const log = this.log;
    if (unixS < <u32>SENML_ABSOLUTE_TIME_MIN_S + uptimeS) return;
    const isNews = log.bootUnixS == 0 || uptimeS - this.markedS >= CLOCK_MARK_EVERY_S;
    log.bootUnixS = unixS - uptimeS;
    log.learntS = uptimeS;
    log.errorS = min(errorS, ERROR_MAX_S);
    if (!isNews) return;
    log.record.long(QueueRecord.Clock, log.errorS, log.bootUnixS, uptimeS);
    if (!log.append()) return;
    log.uptimeS = uptimeS;
    this.markedS = uptimeS;
  }

  rewind(): bool {
    this.reader.copy(this.log.tail);
    if (!this.step()) {
      if (this.count() == 0) return false;
      // The oldest reading has gone bad since it was last looked at.
      this.log.forget(this.oldest());
      this.reader.copy(this.log.tail);
      if (!this.step()) return false;
    }
    this.packBoot = this.reader.boot;
    return true;
  }

  next(): bool {
    return this.step() && this.reader.boot == this.packBoot;
  }

  private step(): bool {
    const log = this.log;
    const reader = this.reader;
    for (let hops: u32 = 0; hops < log.flash.slots; hops++) {
      if (reader.sequence != log.endOf(reader)) {
        if (!reader.next()) return false;
        this.unseen = max(this.unseen, reader.sequence);
        return true;
      }
      if (reader.slot == log.slot || !log.leave(reader)) return false;
    }
    return false;
  }

  sequence(): u32 {
    return this.reader.sequence - 1;
  }

  stream(): u32 {
    return this.reader.record.low;
  }

  value(): i32 {
    return this.reader.record.value;
  }

  uptimeS(): u32 {
    return this.reader.uptimeS;
  }

  /** Nobody has asked for signatures here. */
  isSigned(): bool {
    return false;
  }

  sign(_pointer: usize, _length: u32, _signature: usize): void {}

  place(time: BootTime, nowS: u32, unixS: u32): void {
    const log = this.log;
    if (this.packBoot == log.boot) {
      time.present(unixS, nowS);
      if (log.bootUnixS != 0) time.learnt(log.errorS, log.learntS);
      return;
    }
    this.survey.place(time, this.reader, nowS, unixS);
  }

  lastCommand(): u32 {
    return this.log.command;
  }

  takeCommand(id: u32): bool {
    const log = this.log;
    if (id <= log.command || !log.taken(id)) return false;
    log.command = id;
    return true;
  }
}
