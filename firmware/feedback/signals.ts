/** Tells the person at the buttons that the vote was taken: an LED and a buzzer, each by a row of steps that `poll` goes through. */
import { PinMode, PWM_DUTY_MAX } from "../../runtime/contract/host-abi.ts";
import { elapsedMs, pin_mode, pin_write, pwm_write } from "../../runtime/device/index.ts";

const STEP_MS: i32 = 50;
/** Constants that the build gives; NO_PIN = none, and the host refuses that. */
const LED: i32 = PIN_LED;
const BUZZER: i32 = PIN_BUZZER;

/** Rows of steps, the lowest bit first: on or off. */
export enum Pattern {
  None = 0,
  Short = 0b1,
  Long = 0b111111,
  Twice = 0b110011,
  Thrice = 0b1100110011,
}

export class Signals {
  isLedLow: bool = false;
  private led: u32 = 0;
  private buzzer: u32 = 0;
  private sinceMs: u32 = 0;
  private isOn: bool = false;

  begin(): void {
    pin_mode(LED, PinMode.Output);
    pin_mode(BUZZER, PinMode.Output);
    this.show();
  }

  play(led: Pattern, buzzer: Pattern, nowMs: u32): void {
    this.led = led;
    this.buzzer = buzzer;
    this.sinceMs = nowMs;
    this.isOn = true;
    this.show();
  }

  /** Returns the milliseconds until it has to be called again. */
  poll(nowMs: u32): i32 {
    if (!this.isOn) return i32.MAX_VALUE;
    const leftMs = STEP_MS - elapsedMs(nowMs, this.sinceMs);
    if (leftMs > 0) return leftMs;
    this.sinceMs = nowMs;
    this.isOn = (this.led | this.buzzer) != 0;
    this.led >>= 1;
    this.buzzer >>= 1;
    this.show();
    return this.isOn ? STEP_MS : i32.MAX_VALUE;
  }

  private show(): void {
    pin_write(LED, i32(((this.led & 1) != 0) != this.isLedLow));
    if ((this.buzzer & 1) != 0) pwm_write(BUZZER, PWM_DUTY_MAX / 2);
    else pin_write(BUZZER, 0);
  }
}
