/** A line of text for whoever watches the serial port or the virtual board. */
import { LOG_MAX_BYTES } from "../../contract/limits.ts";
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
  length = 0;
}
