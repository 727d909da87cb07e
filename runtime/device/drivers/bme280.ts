/**
 * The BME280 (temperature, pressure, humidity) and the BMP280 (without humidity), on I2C at 0x76 or 0x77, in forced mode: each
 * measurement is asked for, and the chip sleeps between two. The chip says by its id which of them it is; a BMP280's humidity
 * is a reading that is never there (WrongDevice).
 *
 * Source: BME280 datasheet (Bosch BST-BME280-DS002) 3.3.3 (forced mode), 4 (read-out), 5.3, 5.4 (registers), 9.1 (times); BMP280
 * datasheet (BST-BMP280-DS001) 4.3. The arithmetic is in bme280-compensation.ts.
 */
import { HostError } from "../../contract/error-codes.ts";
import { SensorQuantity, SensorStatus } from "../../contract/sensor-reading.ts";
import { i2c_transfer } from "../imports/host.ts";
import { Bme280Compensation } from "./bme280-compensation.ts";
import { OVER, Reading, Sensor } from "./sensor.ts";

const BME280_ID: u8 = 0x60;
const BMP280_ID: u8 = 0x58;

const ID: u8 = 0xd0;
const CALIB00: u8 = 0x88;
const CALIB26: u8 = 0xe1;
const CTRL_HUM: u8 = 0xf2;
const STATUS: u8 = 0xf3;
const CTRL_MEAS: u8 = 0xf4;

const CALIB00_BYTES = 26;
const CALIB26_BYTES = 7;
/** From STATUS to the last byte of humidity. */
const RESULT_BYTES = 12;
const PRESS_OFFSET = 4;
const TEMP_OFFSET = 7;
const HUM_OFFSET = 10;
const STATUS_MEASURING: u8 = 0x08;
const OSRS_H_1: u8 = 1;
/** Temperature and pressure once each, forced mode. */
const MEASURE: u8 = 0x25;
/** 1.25 + 2.3 + 2.875 + 2.875 ms at most. */
const MEASURE_MS: u32 = 10;
/** Asked again so often before the measurement counts as lost. */
const AGAIN_MAX = 3;
/** What a value shows that was not measured. */
const SKIPPED = 0x80000;

/** The operating range. */
const MIN_MILLI_C = -40_000;
const MAX_MILLI_C = 85_000;
const MIN_PA = 30_000;
const MAX_PA = 110_000;
const MAX_MILLI_PERCENT = 100_000;

const TEMPERATURE = 0;
const PRESSURE = 1;
const HUMIDITY = 2;
const READINGS = 3;

export const BME280_ADDRESS = 0x76;

export class Bme280 extends Sensor {
  private readonly calibration: Bme280Compensation = new Bme280Compensation();
  private readonly buffer: StaticArray<u8> = new StaticArray<u8>(CALIB00_BYTES);
  private isKnown: bool = false;
  private hasHumidity: bool = false;
  private asked: i32 = 0;

  constructor(
    everyMs: u32,
    private readonly address: i32 = BME280_ADDRESS,
  ) {
    super(READINGS, everyMs);
    unchecked((this.readings[TEMPERATURE] = new Reading(SensorQuantity.TemperatureMilliC)));
    unchecked((this.readings[PRESSURE] = new Reading(SensorQuantity.PressurePa)));
    unchecked((this.readings[HUMIDITY] = new Reading(SensorQuantity.HumidityMilliPercent)));
  }

  protected step(isFirst: bool, nowMs: u32): u32 {
    const status = isFirst ? this.startMeasurement() : this.readResult();
    if (status == SensorStatus.NotReady && this.asked < AGAIN_MAX) return MEASURE_MS;
    if (status != SensorStatus.Good) {
      // It may have been exchanged, or have lost power.
      this.isKnown = false;
      return this.fail(status);
    }
    return OVER;
  }

  /** NotReady: it has begun. */
  private startMeasurement(): SensorStatus {
    this.asked = 0;
    if (!this.isKnown) {
      const status = this.learn();
      if (status != SensorStatus.Good) {
        this.asked = AGAIN_MAX;
        return status;
      }
    }
    const buffer = this.buffer;
    unchecked((buffer[0] = CTRL_HUM));
    unchecked((buffer[1] = OSRS_H_1));
    unchecked((buffer[2] = CTRL_MEAS));
    unchecked((buffer[3] = MEASURE));
    // The oversampling of humidity comes into force with the write to CTRL_MEAS behind it.
    const first = this.hasHumidity ? 0 : 2;
    const bytes = changetype<usize>(buffer);
    const result = i2c_transfer(this.address, bytes + first, 4 - first, 0, 0);
    return result < 0 ? this.statusOf(result) : SensorStatus.NotReady;
  }

  private readResult(): SensorStatus {
    const result = this.read(STATUS, RESULT_BYTES);
    if (result < 0) return this.statusOf(result);
    const buffer = this.buffer;
    if ((unchecked(buffer[0]) & STATUS_MEASURING) != 0) {
      this.asked++;
      return SensorStatus.NotReady;
    }
    const temperature = this.raw20(TEMP_OFFSET);
    if (temperature == SKIPPED) {
      this.asked = AGAIN_MAX;
      return SensorStatus.NotReady;
    }
    const calibration = this.calibration;
    const readings = this.readings;
    const milliC = calibration.milliC(temperature);
    unchecked(readings[TEMPERATURE]).set(milliC, MIN_MILLI_C, MAX_MILLI_C);
    if (unchecked(readings[TEMPERATURE]).status != SensorStatus.Good) return this.spoil();
    unchecked(readings[PRESSURE]).set(calibration.pascal(this.raw20(PRESS_OFFSET)), MIN_PA, MAX_PA);
    if (!this.hasHumidity) {
      unchecked(readings[HUMIDITY]).status = SensorStatus.WrongDevice;
      return SensorStatus.Good;
    }
    const humidity = ((<i32>unchecked(buffer[HUM_OFFSET])) << 8) | unchecked(buffer[HUM_OFFSET + 1]);
    unchecked(readings[HUMIDITY]).set(calibration.milliPercent(humidity), 0, MAX_MILLI_PERCENT);
    return SensorStatus.Good;
  }

  /** Pressure and humidity cannot be known without the temperature. */
  private spoil(): SensorStatus {
    this.fail(SensorStatus.OutOfRange);
    return SensorStatus.Good;
  }

  /** Which chip it is, and its calibration. */
  private learn(): SensorStatus {
    let result = this.read(ID, 1);
    if (result < 0) return this.statusOf(result);
    const id = unchecked(this.buffer[0]);
    if (id != BME280_ID && id != BMP280_ID) return SensorStatus.WrongDevice;
    this.hasHumidity = id == BME280_ID;
    const bytes = changetype<usize>(this.buffer);
    result = this.read(CALIB00, CALIB00_BYTES);
    if (result < 0) return this.statusOf(result);
    this.calibration.takeFirst(bytes);
    if (this.hasHumidity) {
      result = this.read(CALIB26, CALIB26_BYTES);
      if (result < 0) return this.statusOf(result);
      this.calibration.takeSecond(bytes);
    }
    this.isKnown = true;
    return SensorStatus.Good;
  }

  private read(register: u8, length: i32): i32 {
    const bytes = changetype<usize>(this.buffer);
    store<u8>(bytes, register);
    return i2c_transfer(this.address, bytes, 1, bytes, length);
  }

  private statusOf(error: i32): SensorStatus {
    this.asked = AGAIN_MAX;
    return error == HostError.NoDevice ? SensorStatus.NoAnswer : SensorStatus.LineHeld;
  }

  private raw20(offset: i32): i32 {
    const bytes = changetype<usize>(this.buffer) + offset;
    return ((<i32>load<u8>(bytes)) << 12) | ((<i32>load<u8>(bytes, 1)) << 4) | (<i32>load<u8>(bytes, 2) >> 4);
  }
}
