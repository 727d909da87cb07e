/**
 * A shop door with people walking through it, as the beams of one or two light barriers see them: seeded, physically
 * plausible, and counting the truth. Beams break one after the other, contacts bounce for a few milliseconds, and at a
 * door with two barriers some people turn back halfway.
 *
 * People are far enough apart for a barrier to tell them apart; what the counter cannot know is not simulated.
 */
import type { RandomSource } from "../../runtime/board/random.ts";
import type { TimeSource } from "../../runtime/board/time-source.ts";

/** A barrier's output, as wired to a pin: low while its beam is broken. */
type Level = 0 | 1;
const BROKEN: Level = 0;
const CLEAR: Level = 1;

/** A body in the beam, milliseconds. */
const IN_BEAM_MIN_MS = 150;
const IN_BEAM_MAX_MS = 600;
/** From one beam to the other at walking speed, milliseconds; less than a body takes through one of them. */
const BETWEEN_MIN_MS = 50;
const BETWEEN_MAX_MS = 140;
/** Both beams are clear for at least this long between two people, milliseconds. */
const APART_MIN_MS = 200;
/** One person in so many turns back at a door with two barriers. */
const TURNS_BACK_ONE_IN = 10;
const BOUNCES_MAX = 3;
const BOUNCE_MAX_MS = 3;

export interface DoorOptions {
  time: TimeSource;
  random: RandomSource;
  /** Sets the pin of the outer barrier, or of the inner one. */
  setPin: (barrier: "outer" | "inner", level: Level) => void;
  hasInner: boolean;
  /** Mean time between two visitors, milliseconds. */
  meanIntervalMs: number;
  /** Whoever comes while this says no does not enter. Absent: everybody does. */
  mayEnter?: () => boolean;
}

export class Door {
  /** People who came in; at a door with one barrier, everybody who passed. */
  visitorsIn = 0;
  visitorsOut = 0;
  turnedBack = 0;
  readonly #options: DoorOptions;
  #isOpen = false;
  #isBusy = false;

  constructor(options: DoorOptions) {
    this.#options = options;
    options.setPin("outer", CLEAR);
    if (options.hasInner) options.setPin("inner", CLEAR);
  }

  /** Nobody is in the door. */
  get isEmpty(): boolean {
    return !this.#isBusy;
  }

  open(): void {
    this.#isOpen = true;
    this.#expectNext();
  }

  /** Nobody new enters the door; who is in it walks on. */
  close(): void {
    this.#isOpen = false;
  }

  #expectNext(): void {
    const { time, random, meanIntervalMs } = this.#options;
    // Arrivals are a Poisson process, but for the distance that people keep.
    const waitMs = APART_MIN_MS - Math.log(1 - random.fraction()) * meanIntervalMs;
    time.at(waitMs, () => {
      if (!this.#isOpen) return;
      if (this.#options.mayEnter?.() === false) this.#expectNext();
      else this.#pass();
    });
  }

  #pass(): void {
    const { random, hasInner } = this.#options;
    this.#isBusy = true;
    const inBeamMs = random.integer(IN_BEAM_MIN_MS, IN_BEAM_MAX_MS);
    if (!hasInner) {
      this.#breakBeam("outer", 0, inBeamMs);
      this.#leaveAfter(inBeamMs, () => this.visitorsIn++);
      return;
    }
    const betweenMs = random.integer(BETWEEN_MIN_MS, BETWEEN_MAX_MS);
    const goesIn = random.integer(0, 1) === 0;
    const [first, second] = goesIn ? (["outer", "inner"] as const) : (["inner", "outer"] as const);
    if (random.integer(1, TURNS_BACK_ONE_IN) === 1) {
      // Into both beams and back out of the door on the same side.
      this.#breakBeam(first, 0, 2 * betweenMs + inBeamMs);
      this.#breakBeam(second, betweenMs, betweenMs + inBeamMs);
      this.#leaveAfter(2 * betweenMs + inBeamMs, () => this.turnedBack++);
      return;
    }
    this.#breakBeam(first, 0, inBeamMs);
    this.#breakBeam(second, betweenMs, betweenMs + inBeamMs);
    this.#leaveAfter(betweenMs + inBeamMs, () => {
      if (goesIn) this.visitorsIn++;
      else this.visitorsOut++;
    });
  }

  #breakBeam(barrier: "outer" | "inner", fromMs: number, toMs: number): void {
    this.#bounceTo(barrier, fromMs, BROKEN);
    this.#bounceTo(barrier, toMs, CLEAR);
  }

  /** The contact closes, and opens and closes again a few times within milliseconds. */
  #bounceTo(barrier: "outer" | "inner", atMs: number, level: Level): void {
    const { time, random, setPin } = this.#options;
    const before: Level = level === BROKEN ? CLEAR : BROKEN;
    let bounceMs = atMs;
    for (let bounces = random.integer(0, BOUNCES_MAX); bounces > 0; bounces--) {
      time.at(bounceMs, () => setPin(barrier, level));
      bounceMs += random.integer(1, BOUNCE_MAX_MS);
      time.at(bounceMs, () => setPin(barrier, before));
      bounceMs += random.integer(1, BOUNCE_MAX_MS);
    }
    time.at(bounceMs, () => setPin(barrier, level));
  }

  #leaveAfter(delayMs: number, countTruth: () => void): void {
    this.#options.time.at(delayMs + APART_MIN_MS / 2, () => {
      countTruth();
      this.#isBusy = false;
      if (this.#isOpen) this.#expectNext();
    });
  }
}
