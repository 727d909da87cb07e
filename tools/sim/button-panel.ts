/**
 * People at a panel of buttons: seeded, physically plausible, and counting the truth. Most press one button once; some press two at
 * the same time, some hammer, and now and then one leaves a button down. Contacts bounce for a few milliseconds. The next
 * one comes when the one before has been gone for a while; what a panel cannot know is not simulated.
 */
import type { RandomSource } from "../../runtime/board/random.ts";
import type { Cancel, TimeSource } from "../../runtime/board/time-source.ts";

const BUTTONS = 5;
/** Shortest and longest press. */
const PRESS_MIN_MS = 60;
const PRESS_MAX_MS = 600;
/** Between two people: longer than a lock. */
const APART_MIN_MS = 6000;
const HAMMER_MAX = 50;
const HAMMER_GAP_MIN_MS = 60;
const HAMMER_GAP_MAX_MS = 400;
const STUCK_MS = 40_000;
const BOUNCES_MAX = 3;

export interface PanelOptions {
  time: TimeSource;
  random: RandomSource;
  /** The buttons that are down now, a bit for each. */
  setDown: (mask: number) => void;
  meanIntervalMs: number;
  /** Pairs that are pressed together. */
  pairs: readonly number[];
}

export class ButtonPanel {
  readonly votes = new Array<number>(BUTTONS).fill(0);
  /** Presses after the first of those who hammer. */
  repeated = 0;
  together = 0;
  /** Buttons that were left down and are released again. */
  stuck = 0;
  people = 0;
  readonly #options: PanelOptions;
  #down = 0;
  /** The next one to come. */
  #next: Cancel = () => {};

  constructor(options: PanelOptions) {
    this.#options = options;
    options.setDown(0);
  }

  open(): void {
    this.#expectNext();
  }

  /** Nobody new comes. Whoever is there ends what he does. */
  close(): void {
    this.#next();
  }

  #expectNext(): void {
    const { time, random, meanIntervalMs } = this.#options;
    this.#next = time.at(APART_MIN_MS - Math.log(1 - random.fraction()) * meanIntervalMs, () => {
      const busyMs = this.#come();
      this.people++;
      this.#next = time.at(busyMs, () => this.#expectNext());
    });
  }

  /** Returns how long the person is there. */
  #come(): number {
    const { random, pairs } = this.#options;
    const button = random.integer(0, BUTTONS - 1);
    const kind = random.integer(1, 40);
    const pressMs = random.integer(PRESS_MIN_MS, PRESS_MAX_MS);
    if (kind === 1) {
      this.together++;
      const pair = pairs[random.integer(0, pairs.length - 1)] ?? 3;
      const first = pair & -pair;
      const skewMs = random.integer(0, 30);
      this.#press(first, 0, pressMs + skewMs);
      this.#press(pair & ~first, skewMs, pressMs + skewMs);
      return pressMs + skewMs;
    }
    this.votes[button] = (this.votes[button] ?? 0) + 1;
    if (kind === 2) {
      this.stuck++;
      this.#press(1 << button, 0, STUCK_MS);
      return STUCK_MS;
    }
    this.#press(1 << button, 0, pressMs);
    if (kind > 5) return pressMs;
    let atMs = pressMs;
    for (let more = random.integer(1, HAMMER_MAX); more > 0; more--) {
      atMs += random.integer(HAMMER_GAP_MIN_MS, HAMMER_GAP_MAX_MS);
      const forMs = random.integer(PRESS_MIN_MS, 200);
      this.#press(1 << button, atMs, forMs);
      atMs += forMs;
      this.repeated++;
    }
    return atMs;
  }

  #press(bit: number, atMs: number, forMs: number): void {
    this.#bounceTo(bit, atMs, true);
    this.#bounceTo(bit, atMs + forMs, false);
  }

  #bounceTo(bit: number, atMs: number, isDown: boolean): void {
    const { time, random } = this.#options;
    let bounceMs = atMs;
    for (let bounces = random.integer(0, BOUNCES_MAX); bounces > 0; bounces--) {
      time.at(bounceMs, () => this.#set(bit, isDown));
      bounceMs += random.integer(1, 2);
      time.at(bounceMs, () => this.#set(bit, !isDown));
      bounceMs += random.integer(1, 2);
    }
    time.at(bounceMs, () => this.#set(bit, isDown));
  }

  #set(bit: number, isDown: boolean): void {
    this.#down = isDown ? this.#down | bit : this.#down & ~bit;
    this.#options.setDown(this.#down);
  }
}

/** Analogue input of a ladder: 10 kOhm to the full scale, and to ground, by the buttons that are down, these resistors. */
const PULL_UP_OHM = 10_000;
const LADDER_OHM = [0, 1000, 2200, 4700, 10_000];
const ADC_MAX = 1023;

export function ladderValue(mask: number): number {
  const conductances = LADDER_OHM.map((ohm, button) => ((mask >> button) & 1 ? 1 / ohm : 0));
  const ohm = 1 / conductances.reduce((sum, siemens) => sum + siemens, 0);
  return Number.isFinite(ohm) ? Math.round((ADC_MAX * ohm) / (ohm + PULL_UP_OHM)) : ADC_MAX;
}
