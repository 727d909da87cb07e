/**
 * What a press is worth. One button alone is a vote, decided TOGETHER_MS after it went down or when it is released. Several
 * at once are none, nor is what is pressed while another button is still down. After a vote all buttons are locked for `lockMs`,
 * and a button is locked for that long after each press of it: who hammers on one button votes once. So are several at once,
 * of which a bad contact makes eleven a second. A button
 * that is down for `stuckMs` is stuck: it is told, and looked past until it is released.
 */
import { elapsedMs } from "../../runtime/device/index.ts";

export enum Press {
  None = 0,
  Vote = 1,
  /** It came too soon after a vote, or after several at once as it is. */
  Locked = 2,
  /** Several at once. */
  Together = 3,
}

export const BUTTONS_MAX = 5;
/** People who press two buttons press them within this. */
export const TOGETHER_MS: i32 = 80;
/** Stands for all buttons. */
const ALL = BUTTONS_MAX;
/** Stands for several at once. */
const SEVERAL = ALL + 1;

export class Presses {
  lockMs: i32 = 2000;
  stuckMs: i32 = 30000;
  /** Buttons of the press that was returned last. */
  answers: u32 = 0;
  stuck: u32 = 0;
  /** Samples in a row that must agree before they are believed: 1 or 2. */
  agreeing: i32 = 1;
  private latest: u32 = 0;
  private down: u32 = 0;
  /** A press is under way; what is down when the board starts is none. */
  private isPressed: bool = true;
  private isDecided: bool = true;
  private sinceMs: u32 = 0;
  /** A bit for each button, one for all and one for several: it is locked, since then. */
  private locked: u32 = 0;
  private readonly lockedMs: StaticArray<u32> = new StaticArray<u32>(SEVERAL + 1);

  /** Buttons are down, or a press is not over: samples have to come fast. */
  get isBusy(): bool {
    return this.isPressed || (this.down | this.latest) != 0;
  }

  /** What is down now, `sampled`, is no press. */
  ignore(sampled: u32, nowMs: u32): void {
    this.latest = sampled;
    this.down = sampled;
    this.isPressed = true;
    this.isDecided = true;
    this.sinceMs = nowMs;
  }

  /** `sampled`: the buttons that are down. Call once a minute at least. */
  sample(sampled: u32, nowMs: u32): Press {
    this.unlock(nowMs);
    const agrees = this.agreeing == 1 || sampled == this.latest;
    this.latest = sampled;
    if (agrees) this.down = sampled;
    this.stuck &= this.down;
    const down = this.down & ~this.stuck;
    if (!this.isPressed) {
      if (down == 0) return Press.None;
      this.isPressed = true;
      this.isDecided = false;
      this.sinceMs = nowMs;
      this.answers = 0;
    }
    const forMs = elapsedMs(nowMs, this.sinceMs);
    if (!this.isDecided) this.answers |= down;
    if (down == 0) {
      // Before two samples have agreed nothing is known of what is down.
      if (agrees) this.isPressed = false;
    } else if (forMs >= this.stuckMs) {
      this.stuck |= down;
      this.isPressed = false;
    }
    if (this.isDecided || (down != 0 && forMs < TOGETHER_MS)) return Press.None;
    this.isDecided = true;
    return this.decide(nowMs);
  }

  private decide(nowMs: u32): Press {
    if (popcnt(this.answers) != 1 || this.answers >> BUTTONS_MAX != 0) {
      const isRepeated = this.isLocked(SEVERAL);
      this.lock(SEVERAL, nowMs);
      return isRepeated ? Press.Locked : Press.Together;
    }
    const button = ctz(this.answers);
    const isLocked = this.isLocked(button) || this.isLocked(ALL);
    this.lock(button, nowMs);
    if (isLocked) return Press.Locked;
    this.lock(ALL, nowMs);
    return Press.Vote;
  }

  private isLocked(button: i32): bool {
    return ((this.locked >> button) & 1) != 0;
  }

  private lock(button: i32, nowMs: u32): void {
    this.locked |= 1 << button;
    unchecked((this.lockedMs[button] = nowMs));
  }

  private unlock(nowMs: u32): void {
    for (let button = 0; button <= SEVERAL; button++) {
      if (elapsedMs(nowMs, unchecked(this.lockedMs[button])) >= this.lockMs) this.locked &= ~(1 << button);
    }
  }
}
