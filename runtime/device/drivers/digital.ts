/**
 * A contact or another digital input. The host's interrupt debounces it and wakes the program, so a change is a reading at
 * once; without changes there is a reading each period. Taken edges alternate (runtime/board/pins.ts), so the level is
 * followed by counting them: reading the pin while a contact bounces would tell a wrong one.
 */
import { PinEdge, PinMode } from "../../contract/host-abi.ts";
import { SensorQuantity, SensorStatus } from "../../contract/sensor-reading.ts";
import { elapsedMs } from "../hal/clock.ts";
import { pin_edges, pin_mode, pin_read, pin_watch } from "../imports/host.ts";
import { OVER, Reading, Sensor } from "./sensor.ts";

export class Digital extends Sensor {
  private level: i32 = 0;
  private changedAtMs: u32 = 0;
  private isWatching: bool = false;

  constructor(
    private readonly pin: i32,
    everyMs: u32,
    private readonly mode: PinMode = PinMode.InputPullup,
    private readonly isActiveLow: bool = true,
    private readonly debounceMs: u32 = 20,
  ) {
    super(1, everyMs);
    unchecked((this.readings[0] = new Reading(SensorQuantity.Level)));
  }

  override begin(nowMs: u32): void {
    super.begin(nowMs);
    this.isWatching = pin_mode(this.pin, this.mode) >= 0 && pin_watch(this.pin, PinEdge.Both, this.debounceMs) >= 0;
    this.level = pin_read(this.pin);
    this.changedAtMs = nowMs;
  }

  override poll(nowMs: u32): bool {
    const edges = this.isWatching ? pin_edges(this.pin) : 0;
    if (edges > 0) {
      if ((edges & 1) != 0) this.level = 1 - this.level;
      this.changedAtMs = nowMs;
      this.dueMs = nowMs;
    }
    return super.poll(nowMs);
  }

  protected step(isFirst: bool, nowMs: u32): u32 {
    if (!this.isWatching) return this.fail(SensorStatus.PinUnusable);
    // Should an edge ever have been missed: in a quiet time the pin itself is right.
    if (elapsedMs(nowMs, this.changedAtMs) > <i32>this.debounceMs) this.lookAtPin();
    unchecked(this.readings[0]).set(this.level ^ i32(this.isActiveLow), 0, 1);
    return OVER;
  }

  /** An edge between the two calls is counted, and tells by itself. */
  private lookAtPin(): void {
    const level = pin_read(this.pin);
    const edges = pin_edges(this.pin);
    if (edges == 0) this.level = level;
    else if ((edges & 1) != 0) this.level = 1 - this.level;
  }
}
