/** Counts pulses by the host's interrupt: meters, flow sensors, wheels. Readings: the pulses of the last period, and all so far. */
import { PinEdge, PinMode } from "../../contract/host-abi.ts";
import { SensorQuantity, SensorStatus } from "../../contract/sensor-reading.ts";
import { pin_edges, pin_mode, pin_watch } from "../imports/host.ts";
import { OVER, Reading, Sensor } from "./sensor.ts";

export class PulseCounter extends Sensor {
  private total: u32 = 0;
  private isWatching: bool = false;

  /** `debounceMs`: shorter than the shortest pulse; 0 for a sensor with a clean output. */
  constructor(
    private readonly pin: i32,
    everyMs: u32,
    private readonly mode: PinMode = PinMode.InputPullup,
    private readonly edge: PinEdge = PinEdge.Falling,
    private readonly debounceMs: u32 = 0,
  ) {
    super(2, everyMs);
    unchecked((this.readings[0] = new Reading(SensorQuantity.Pulses)));
    unchecked((this.readings[1] = new Reading(SensorQuantity.TotalPulses)));
  }

  /** The first period begins now. */
  override begin(nowMs: u32): void {
    this.dueMs = nowMs + this.everyMs;
    this.isWatching = pin_mode(this.pin, this.mode) >= 0 && pin_watch(this.pin, this.edge, this.debounceMs) >= 0;
  }

  protected step(isFirst: bool, nowMs: u32): u32 {
    const pulses = this.isWatching ? pin_edges(this.pin) : -1;
    if (pulses < 0) return this.fail(SensorStatus.PinUnusable);
    this.total += pulses;
    unchecked(this.readings[0]).set(pulses, 0, i32.MAX_VALUE);
    unchecked(this.readings[1]).set(<i32>this.total, i32.MIN_VALUE, i32.MAX_VALUE);
    return OVER;
  }
}
