/**
 * What the conformance says of each check, a log line each:
 *
 *   abi flash_read over-end ok
 *   abi flash_read over-end FAILED got 0 expected -2
 *
 * Names of checks that hand over a bad argument begin with `bad-`. A host that prints log lines on its serial line puts a time and
 * a level before them.
 */
import { LogLevel } from "../../runtime/contract/host-abi.ts";
import { SERIAL_BAUD } from "../../runtime/contract/limits.ts";
import { log } from "../../runtime/device/index.ts";

/** The longest names, and two numbers. */
const LINE_MAX_BYTES = 96;
/** Time and level before a line, and its end. */
const AROUND_LINE_BYTES = 24;
const BITS_PER_BYTE = 10;

export class Report {
  checks: u32 = 0;
  failed: u32 = 0;
  private readonly line: StaticArray<u8> = new StaticArray<u8>(LINE_MAX_BYTES);
  private lineBytes: i32 = 0;
  private fn: string = "";
  /** Put out since the last pause. */
  private bytes: u32 = 0;

  /** The checks that follow are of this host function. */
  of(fn: string): void {
    this.fn = fn;
  }

  equal(check: string, got: i32, expected: i32): void {
    this.judge(check, got == expected, got, expected);
  }

  holds(check: string, isSo: bool): void {
    this.equal(check, isSo ? 1 : 0, 1);
  }

  /** Both bounds included; a failure names the lower one. */
  within(check: string, got: i32, min: i32, max: i32): void {
    this.judge(check, got >= min && got <= max, got, min);
  }

  /** The last line. */
  done(): void {
    this.text("abi done ");
    this.number(this.checks);
    this.text(" ");
    this.number(this.failed);
    this.end(LogLevel.Info);
  }

  say(text: string): void {
    this.text(text);
    this.end(LogLevel.Info);
  }

  /** How long the serial line needs for what was put out since the last call, milliseconds. */
  takePauseMs(): u32 {
    const ms: u32 = (this.bytes * BITS_PER_BYTE * 1000) / SERIAL_BAUD + 1;
    this.bytes = 0;
    return ms;
  }

  private judge(check: string, isOk: bool, got: i32, expected: i32): void {
    this.checks++;
    this.text("abi ");
    this.text(this.fn);
    this.text(" ");
    this.text(check);
    if (isOk) {
      this.text(" ok");
    } else {
      this.failed++;
      this.text(" FAILED got ");
      this.number(got);
      this.text(" expected ");
      this.number(expected);
    }
    this.end(isOk ? LogLevel.Info : LogLevel.Error);
  }

  private text(text: string): void {
    for (let i = 0; i < text.length; i++) this.byte(text.charCodeAt(i));
  }

  private number(value: i32): void {
    let rest = <u32>value;
    if (value < 0) {
      this.byte(45);
      rest = 0 - rest;
    }
    let divisor: u32 = 1;
    while (rest / divisor >= 10) divisor *= 10;
    while (divisor > 0) {
      this.byte(48 + rest / divisor);
      rest %= divisor;
      divisor /= 10;
    }
  }

  private byte(byte: u32): void {
    if (this.lineBytes < LINE_MAX_BYTES) unchecked((this.line[this.lineBytes++] = <u8>byte));
  }

  private end(level: LogLevel): void {
    log(level, changetype<usize>(this.line), this.lineBytes);
    this.bytes += this.lineBytes + AROUND_LINE_BYTES;
    this.lineBytes = 0;
  }
}
