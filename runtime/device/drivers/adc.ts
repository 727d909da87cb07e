/**
 * The analogue input as millivolts at the board's pin. Each measurement takes a few samples, leaves out the highest and the lowest
 * (a Wi-Fi burst spoils single ones) and averages the rest; a filter smooths over measurements. All samples at the upper end mean
 * that the voltage is beyond what the board can measure.
 */
import { SensorQuantity, SensorStatus } from "../../contract/sensor-reading.ts";
import { adc_read } from "../imports/host.ts";
import { OVER, Reading, Sensor } from "./sensor.ts";

const ADC_MAX: u32 = 1023;
const SAMPLES: u32 = 10;
const KEPT: u32 = SAMPLES - 2;
/** The filter keeps so many fractional bits. */
const FRACTION_BITS: u32 = 8;

export class Adc extends Sensor {
  private filtered: i32 = 0;
  private isFiltering: bool = false;

  /**
   * `rangeMv`: what gives 1023, as the board's file has it (`adc.maxVolts`; 65535 at most). `smoothing`: each measurement counts
   * for one part in 2^smoothing; 0 = no filter.
   */
  constructor(
    everyMs: u32,
    private readonly rangeMv: u32,
    private readonly smoothing: u32 = 0,
  ) {
    super(1, everyMs);
    unchecked((this.readings[0] = new Reading(SensorQuantity.VoltageMv)));
  }

  protected step(isFirst: bool, nowMs: u32): u32 {
    let sum: u32 = 0;
    let lowest = ADC_MAX;
    let highest: u32 = 0;
    for (let i: u32 = 0; i < SAMPLES; i++) {
      const sample = adc_read();
      if (sample < 0) return this.fail(SensorStatus.NoAnswer);
      sum += sample;
      lowest = min(lowest, <u32>sample);
      highest = max(highest, <u32>sample);
    }
    if (lowest >= ADC_MAX) {
      this.isFiltering = false;
      return this.fail(SensorStatus.OutOfRange);
    }
    const rest = sum - lowest - highest;
    const millivolts = <i32>((rest * this.rangeMv + (KEPT * ADC_MAX) / 2) / (KEPT * ADC_MAX));
    unchecked(this.readings[0]).set(this.filter(millivolts), 0, i32.MAX_VALUE);
    return OVER;
  }

  private filter(millivolts: i32): i32 {
    const exact = millivolts << FRACTION_BITS;
    if (!this.isFiltering) this.filtered = exact;
    else this.filtered += (exact - this.filtered) >> this.smoothing;
    this.isFiltering = true;
    return (this.filtered + (1 << (FRACTION_BITS - 1))) >> FRACTION_BITS;
  }
}
