/**
 * The command `log-level`: for a time the device sends its log lines up to a level to the server. A few lines wait at most;
 * what comes faster than the link takes it is lost and counted, and readings have their turn after each line.
 */
import { LogKey } from "../../contract/command-messages.ts";
import { LogLevel } from "../../contract/host-abi.ts";
import { LOG_SEND_MAX_S } from "../../contract/limits.ts";
import { CHANNEL_LOG } from "../../contract/topics.ts";
import { CborReader } from "../cbor/reader.ts";
import { CborWriter } from "../cbor/writer.ts";
import { elapsedMs } from "../hal/clock.ts";
import {
  beginKeeping,
  dropKeptLine,
  KEPT_LENGTH,
  KEPT_LOST,
  KEPT_TEXT,
  keepLines,
  keptLines,
  oldestLine,
} from "../hal/log.ts";
import { COMMAND_REFUSED, COMMAND_UNKNOWN, CommandHandler, MethodName } from "./command-handler.ts";
import { IncomingChannel, SessionPart, Taken } from "./session-part.ts";

const LEVEL_OFF: i32 = -1;
/** Where the command does not say. */
const DEFAULT_S: i32 = 600;

export class RemoteLog implements SessionPart, CommandHandler {
  private isOn: bool = false;
  private sinceMs: u32 = 0;
  private forMs: i32 = 0;
  private nowMs: u32 = 0;

  constructor() {
    beginKeeping();
  }

  /** The level, or -1 for off, and for how many seconds; answers with these. */
  handle(method: MethodName, argument: i32): i32 {
    if (!method.is("log-level")) return COMMAND_UNKNOWN;
    const seconds = method.second == 0 ? DEFAULT_S : method.second;
    if (argument < LEVEL_OFF || argument > LogLevel.Debug || seconds < 0 || seconds > LOG_SEND_MAX_S)
      return COMMAND_REFUSED;
    this.isOn = argument != LEVEL_OFF;
    this.sinceMs = this.nowMs;
    this.forMs = seconds * 1000;
    keepLines(argument);
    return this.isOn ? seconds : 0;
  }

  connected(nowMs: u32): void {}

  welcomed(nowMs: u32): void {}

  take(incoming: IncomingChannel, reader: CborReader, pointer: usize, length: u32, nowMs: u32): Taken {
    return Taken.NotMine;
  }

  holdsMessage(): bool {
    return false;
  }

  poll(nowMs: u32): void {
    this.nowMs = nowMs;
    if (!this.isOn || elapsedMs(nowMs, this.sinceMs) < this.forMs) return;
    this.isOn = false;
    keepLines(LEVEL_OFF);
  }

  delayMs(nowMs: u32): i32 {
    return this.isOn ? this.forMs - elapsedMs(nowMs, this.sinceMs) : i32.MAX_VALUE;
  }

  owes(nowMs: u32): bool {
    return keptLines() > 0;
  }

  channel(): string {
    return CHANNEL_LOG;
  }

  write(writer: CborWriter, nowMs: u32): void {
    const line = oldestLine();
    const lost = <u32>load<u8>(line, KEPT_LOST);
    writer.map(lost == 0 ? 2 : 3);
    writer.integer(LogKey.Level);
    writer.unsigned(load<u8>(line));
    writer.integer(LogKey.Text);
    writer.utf8(line + KEPT_TEXT, load<u8>(line, KEPT_LENGTH));
    if (lost > 0) {
      writer.integer(LogKey.Lost);
      writer.unsigned(lost);
    }
    dropKeptLine();
  }
}
