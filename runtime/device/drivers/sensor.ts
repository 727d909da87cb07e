/**
 * What all drivers have in common. A sensor measures every so often; a measurement is a few steps with waits between them, and
 * ends with a value or a status in each of the sensor's readings. A program calls `poll` with the time and looks at the readings
 * whenever it answers true; `delayMs` tells how long it can be left alone.
 *
 * Everything is allocated by the constructor; `begin` belongs into the program's `start`.
 */
import { SensorQuantity, SensorStatus } from "../../contract/sensor-reading.ts";
import { elapsedMs } from "../hal/clock.ts";

/** One quantity that a sensor measures. `value` is of the last measurement whose status was Good. */
export class Reading {
  status: SensorStatus = SensorStatus.NotReady;
  value: i32 = 0;

  constructor(readonly quantity: SensorQuantity) {}

  /** Takes a value; outside of these bounds it is none. */
  set(value: i32, min: i32, max: i32): void {
    if (value < min || value > max) {
      this.status = SensorStatus.OutOfRange;
      return;
    }
    this.status = SensorStatus.Good;
    this.value = value;
  }
}

/** What a step answers when the measurement is over. */
export const OVER: u32 = 0;

export abstract class Sensor {
  readonly readings: StaticArray<Reading>;
  /** Of the next step. */
  protected dueMs: u32 = 0;
  /** When this measurement was due. */
  private beganMs: u32 = 0;
  private isUnderWay: bool = false;

  constructor(
    readingCount: i32,
    protected everyMs: u32,
  ) {
    this.readings = new StaticArray<Reading>(readingCount);
  }

  /** The first measurement is due after this time. */
  begin(nowMs: u32): void {
    this.dueMs = nowMs;
  }

  /** Does the step that is due; true: the readings are of a measurement that has just ended. */
  poll(nowMs: u32): bool {
    if (elapsedMs(nowMs, this.dueMs) < 0) return false;
    // When it was due: a program that polls a little late each time does not fall behind.
    if (!this.isUnderWay) this.beganMs = this.dueMs;
    const waitMs = this.step(!this.isUnderWay, nowMs);
    this.isUnderWay = waitMs != OVER;
    this.dueMs = this.isUnderWay ? nowMs + waitMs : this.nextMs(nowMs);
    return !this.isUnderWay;
  }

  /** Until `poll` has something to do. */
  delayMs(nowMs: u32): u32 {
    return <u32>max(0, elapsedMs(this.dueMs, nowMs));
  }

  /** The first or the next step of a measurement; milliseconds until the one after it, or OVER. */
  protected abstract step(isFirst: bool, nowMs: u32): u32;

  /** No value this time. */
  protected fail(status: SensorStatus): u32 {
    for (let i = 0; i < this.readings.length; i++) unchecked(this.readings[i]).status = status;
    return OVER;
  }

  /** One period after the last one; where that is past, the periods between are left out. */
  private nextMs(nowMs: u32): u32 {
    const nextMs = this.beganMs + this.everyMs;
    return elapsedMs(nextMs, nowMs) > 0 ? nextMs : nowMs + this.everyMs;
  }
}
