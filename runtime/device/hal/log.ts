/** A line of text for whoever watches the serial port or the virtual board, and for the server while that asks for it. */
import { LOG_LINE_MAX_BYTES, LOG_MAX_BYTES } from "../../contract/limits.ts";
import { log } from "../imports/host.ts";

const line = memory.data(LOG_MAX_BYTES);
let length: i32 = 0;

/** Writes one line: `text`, then `value` in decimal. */
export function logValue(level: i32, text: string, value: i32): void {
  put(text);
  let rest = <u32>(value < 0 ? -value : value);
  if (value < 0) putByte(45);
  let divisor: u32 = 1;
  while (rest / divisor >= 10) divisor *= 10;
  while (divisor > 0) {
    putByte(48 + rest / divisor);
    rest %= divisor;
    divisor /= 10;
  }
  flush(level);
}

export function logText(level: i32, text: string): void {
  put(text);
  flush(level);
}

function put(text: string): void {
  for (let i = 0; i < text.length; i++) putByte(text.charCodeAt(i));
}

function putByte(byte: u32): void {
  if (length < LOG_MAX_BYTES) store<u8>(line + length++, byte);
}

function flush(level: i32): void {
  log(level, line, length);
  if (level <= keptLevel) keep(level);
  length = 0;
}

/** Lines that wait to be sent to the server; one that comes when all are taken is lost, and counted. */
export const KEPT_LINES: u32 = 4;
/** A level, a length, how many lines were lost before it, and the line. */
const KEPT_BYTES: u32 = 3 + LOG_LINE_MAX_BYTES;
export const KEPT_LENGTH: usize = 1;
export const KEPT_LOST: usize = 2;
export const KEPT_TEXT: usize = 3;
const LOST_MAX: u32 = 255;

/** Lines up to this LogLevel are kept; -1 = none. */
let keptLevel: i32 = -1;
let kept: usize = 0;
let keptFirst: u32 = 0;
let keptCount: u32 = 0;
let lost: u32 = 0;

/** Room for the lines; call once, before `keepLines`. */
export function beginKeeping(): void {
  kept = changetype<usize>(new StaticArray<u8>(KEPT_LINES * KEPT_BYTES));
}

export function keepLines(level: i32): void {
  keptLevel = level;
}

function keep(level: i32): void {
  if (keptCount == KEPT_LINES) {
    lost = min(lost + 1, LOST_MAX);
    return;
  }
  const at = kept + ((keptFirst + keptCount) % KEPT_LINES) * KEPT_BYTES;
  const bytes = min(length, LOG_LINE_MAX_BYTES);
  store<u8>(at, level);
  store<u8>(at, bytes, KEPT_LENGTH);
  store<u8>(at, lost, KEPT_LOST);
  lost = 0;
  // A text on the wire is UTF-8: what is no ASCII goes as a question mark.
  for (let i = 0; i < bytes; i++) {
    const byte = load<u8>(line + i);
    store<u8>(at + i, byte < 0x80 ? byte : 63, KEPT_TEXT);
  }
  keptCount++;
}

export function keptLines(): u32 {
  return keptCount;
}

/** Address of the oldest line: its level, and behind that what the offsets say. */
export function oldestLine(): usize {
  return kept + keptFirst * KEPT_BYTES;
}

export function dropKeptLine(): void {
  keptFirst = (keptFirst + 1) % KEPT_LINES;
  keptCount--;
}
