/**
 * Commands about pins, for products that want them: `identify` blinks the board's LED, `read-pin` tells a level, `set-output`
 * drives a pin that the product has declared as an output and no other.
 */
import { NO_PIN, PIN_MAX, PinMode } from "../../contract/host-abi.ts";
import { CborReader } from "../cbor/reader.ts";
import { CborWriter } from "../cbor/writer.ts";
import { elapsedMs } from "../hal/clock.ts";
import { pin_mode, pin_read, pin_write } from "../imports/host.ts";
import { COMMAND_REFUSED, COMMAND_UNKNOWN, CommandHandler, MethodName } from "./command-handler.ts";
import { IncomingChannel, SessionPart, Taken } from "./session-part.ts";

const BLINK_MS: i32 = 250;
/** Where `identify` does not say, and at most. */
const IDENTIFY_S: i32 = 10;
const IDENTIFY_MAX_S: i32 = 600;

export class PinCommands implements SessionPart, CommandHandler {
  /** A bit for each pin. */
  private outputs: u32 = 0;
  private isBlinking: bool = false;
  private blinksFrom: u32 = 0;
  private blinksForMs: i32 = 0;
  private nowMs: u32 = 0;

  /** The LED is on while its pin is at level `ledOn`; NO_PIN: the board has none. */
  constructor(
    private readonly led: u32 = NO_PIN,
    private readonly ledOn: i32 = 0,
  ) {}

  /** `set-output` may drive it; NO_PIN is none. */
  allowOutput(pin: u32): void {
    if (pin <= <u32>PIN_MAX) this.outputs |= 1 << pin;
  }

  handle(method: MethodName, argument: i32): i32 {
    if (method.is("identify")) return this.identify(argument == 0 ? IDENTIFY_S : argument);
    if (method.is("read-pin")) {
      const level = pin_read(argument);
      return level < 0 ? COMMAND_REFUSED : level;
    }
    return method.is("set-output") ? this.setOutput(argument, method.second) : COMMAND_UNKNOWN;
  }

  private identify(seconds: i32): i32 {
    if (this.led == NO_PIN || seconds < 0 || seconds > IDENTIFY_MAX_S) return COMMAND_REFUSED;
    if (pin_mode(this.led, PinMode.Output) < 0) return COMMAND_REFUSED;
    this.isBlinking = true;
    this.blinksFrom = this.nowMs;
    this.blinksForMs = seconds * 1000;
    this.poll(this.nowMs);
    return seconds;
  }

  private setOutput(pin: i32, level: i32): i32 {
    const isDeclared = pin >= 0 && pin <= PIN_MAX && ((this.outputs >> pin) & 1) != 0;
    if (!isDeclared || level < 0 || level > 1) return COMMAND_REFUSED;
    return pin_mode(pin, PinMode.Output) < 0 || pin_write(pin, level) < 0 ? COMMAND_REFUSED : level;
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
    if (!this.isBlinking) return;
    const blinkedMs = elapsedMs(nowMs, this.blinksFrom);
    this.isBlinking = blinkedMs < this.blinksForMs;
    const isOn = this.isBlinking && (blinkedMs / BLINK_MS) % 2 == 0;
    pin_write(this.led, isOn ? this.ledOn : 1 - this.ledOn);
  }

  delayMs(nowMs: u32): i32 {
    return this.isBlinking ? BLINK_MS - (elapsedMs(nowMs, this.blinksFrom) % BLINK_MS) : i32.MAX_VALUE;
  }

  owes(nowMs: u32): bool {
    return false;
  }

  channel(): string {
    return "";
  }

  write(writer: CborWriter, nowMs: u32): void {}
}
