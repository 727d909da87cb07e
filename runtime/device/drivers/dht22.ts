/**
 * The DHT22 (AM2302) for temperature and humidity. A bit is one when its high is longer than the low before it (70 us beside 50,
 * or 26 beside 50), so a sensor whose clock is off is read too.
 *
 * Source: AM2302 datasheet (Aosong), "Single-bus communication", and its table of signal characteristics.
 */
import { SensorQuantity, SensorStatus } from "../../contract/sensor-reading.ts";
import { pulse_read } from "../imports/host.ts";
import { OVER, Reading, Sensor } from "./sensor.ts";

/** 0.8 to 20 ms. */
const START_LOW_US = 1100;
/** Longer than any level of an answer. */
const QUIET_US = 250;
const BITS: u32 = 40;
const BYTES = 5;
/** High until the answer, then low and high of the response; then low and high of each bit. */
const HEAD_WIDTHS: u32 = 3;
const WIDTHS = HEAD_WIDTHS + 2 * BITS;
const SIGN: u32 = 0x8000;
const MILLI_PER_TENTH = 100;
/** Two readings are two seconds apart at least, and the first one a second after power-on. */
const EVERY_MIN_MS: u32 = 2000;
const MIN_MILLI_C = -40_000;
const MAX_MILLI_C = 80_000;
const MAX_MILLI_PERCENT = 100_000;

export class Dht22 extends Sensor {
  private readonly widthsUs: StaticArray<u16> = new StaticArray<u16>(WIDTHS);
  private readonly bytes: StaticArray<u8> = new StaticArray<u8>(BYTES);

  constructor(
    private readonly pin: i32,
    everyMs: u32,
  ) {
    super(2, max(everyMs, EVERY_MIN_MS));
    unchecked((this.readings[0] = new Reading(SensorQuantity.TemperatureMilliC)));
    unchecked((this.readings[1] = new Reading(SensorQuantity.HumidityMilliPercent)));
  }

  override begin(nowMs: u32): void {
    this.dueMs = nowMs + EVERY_MIN_MS;
  }

  protected step(isFirst: bool, nowMs: u32): u32 {
    const result = pulse_read(this.pin, START_LOW_US, QUIET_US, changetype<usize>(this.widthsUs), WIDTHS << 1);
    if (result < 0) return this.fail(SensorStatus.PinUnusable);
    const count = <u32>result >> 1;
    if (count < WIDTHS) return this.fail(this.statusOf(count));
    this.decode();
    const bytes = this.bytes;
    const sum = unchecked(bytes[0] + bytes[1] + bytes[2] + bytes[3]);
    if (sum != unchecked(bytes[4])) return this.fail(SensorStatus.BadCrc);
    const humidity = unchecked(((<u32>bytes[0]) << 8) | bytes[1]) * MILLI_PER_TENTH;
    const temperature = unchecked(((<u32>bytes[2]) << 8) | bytes[3]);
    const magnitude = <i32>(temperature & ~SIGN) * MILLI_PER_TENTH;
    const milliC = (temperature & SIGN) != 0 ? -magnitude : magnitude;
    unchecked(this.readings[0]).set(milliC, MIN_MILLI_C, MAX_MILLI_C);
    unchecked(this.readings[1]).set(humidity, 0, MAX_MILLI_PERCENT);
    return OVER;
  }

  /** Of an answer with so many widths. */
  private statusOf(count: u32): SensorStatus {
    if (count == 0) return SensorStatus.NoAnswer;
    return count == 1 && unchecked(this.widthsUs[0]) == 0 ? SensorStatus.LineHeld : SensorStatus.Incomplete;
  }

  private decode(): void {
    const widthsUs = this.widthsUs;
    let byte: u32 = 0;
    for (let bit: u32 = 0; bit < BITS; bit++) {
      const at = HEAD_WIDTHS + 2 * bit;
      byte = (byte << 1) | u32(unchecked(widthsUs[at + 1] > widthsUs[at]));
      if ((bit & 7) == 7) unchecked((this.bytes[bit >> 3] = <u8>byte));
    }
  }
}
