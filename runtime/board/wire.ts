/**
 * One wire with a pull-up, as 1-Wire and DHT22 have it: high while nobody pulls it low. The host pulls or lets go, devices see
 * when it does, and pull on their own account. Its time is in microseconds and moves within one host function; what happens
 * there is exact, whatever the resolution of the time source.
 *
 * A simplification: a device sees what the host does with the line and not what other devices do.
 */
import type { PinLevel } from "./pins.ts";

export interface WireDevice {
  /** The host has pulled the line low (0), or let it go (1). */
  hostDrives(level: PinLevel, atUs: number): void;
  /** Does the device pull the line low at this time? Times never go back. */
  pulls(atUs: number): boolean;
  /** When that may change next by itself, after this time; Infinity: it will not. */
  nextChangeUs(afterUs: number): number;
}

export class Wire {
  readonly #devices: readonly WireDevice[];
  readonly #isHeldLow: boolean;
  readonly #startUs: number;
  #atUs: number;
  #isHostLow = false;

  /** `isHeldLow`: something else keeps the line low. */
  constructor(devices: readonly WireDevice[], isHeldLow: boolean, startUs: number) {
    this.#devices = devices;
    this.#isHeldLow = isHeldLow;
    this.#startUs = startUs;
    this.#atUs = startUs;
  }

  /** Since the host function began. */
  get passedUs(): number {
    return this.#atUs - this.#startUs;
  }

  level(): PinLevel {
    const isLow = this.#isHostLow || this.#isHeldLow || this.#devices.some((device) => device.pulls(this.#atUs));
    return isLow ? 0 : 1;
  }

  drive(level: PinLevel): void {
    this.#isHostLow = level === 0;
    for (const device of this.#devices) device.hostDrives(level, this.#atUs);
  }

  wait(us: number): void {
    this.#atUs += us;
  }

  /** Until the line has another level than this one, so long at most; has it? */
  waitWhile(level: PinLevel, maxUs: number): boolean {
    const endUs = this.#atUs + maxUs;
    while (this.level() === level) {
      const nextUs = Math.min(...this.#devices.map((device) => device.nextChangeUs(this.#atUs)));
      if (nextUs > endUs) {
        this.#atUs = endUs;
        return false;
      }
      this.#atUs = nextUs;
    }
    return true;
  }
}
