/**
 * The BME280 and its kin without humidity, the BMP280, on I2C: registers, calibration, forced measurements. Raw values are found
 * by asking which of them the compensation gives as the wanted value, by the datasheet's formulas in floating point: the driver
 * has those in integers.
 *
 * Source: BME280 datasheet (Bosch BST-BME280-DS002) 4.2, 5.3, 5.4, 8.1, 9.1; BMP280 datasheet (BST-BMP280-DS001) 3.11, 3.12, 4.
 * The calibration is that of the example in 3.12 of the latter, with humidity values as real devices have them.
 */
import type { I2cDevice } from "../i2c-bus.ts";

export interface Calibration {
  t: readonly [number, number, number];
  p: readonly [number, number, number, number, number, number, number, number, number];
  h: readonly [number, number, number, number, number, number];
}

export const EXAMPLE_CALIBRATION: Calibration = {
  t: [27504, 26435, -1000],
  p: [36477, -10685, 3024, 2855, 140, -7, 15500, -14600, 6000],
  h: [75, 362, 0, 315, 50, 30],
};

export const BME280_ID = 0x60;
export const BMP280_ID = 0x58;

enum Register {
  Calib00 = 0x88,
  DigH1 = 0xa1,
  Id = 0xd0,
  Reset = 0xe0,
  Calib26 = 0xe1,
  CtrlHum = 0xf2,
  Status = 0xf3,
  CtrlMeas = 0xf4,
  Config = 0xf5,
  Press = 0xf7,
  Temp = 0xfa,
  Hum = 0xfd,
}
const RESET_WORD = 0xb6;
const STATUS_MEASURING = 0x08;
const MODE_MASK = 0x03;
/** What a value shows that was not measured. */
const SKIPPED_20 = 0x80000;
const SKIPPED_16 = 0x8000;
const OVERSAMPLING = [0, 1, 2, 4, 8, 16, 16, 16];

/** 8.1. t_fine carries the temperature into the other two; its fraction is kept, as the example of BMP280 3.12 does. */
export function temperatureOf(adc: number, { t }: Calibration): { celsius: number; tFine: number } {
  const first = (adc / 16384 - t[0] / 1024) * t[1];
  const second = (adc / 131072 - t[0] / 8192) ** 2 * t[2];
  return { celsius: (first + second) / 5120, tFine: first + second };
}

export function pascalOf(adc: number, tFine: number, { p }: Calibration): number {
  const fine = tFine / 2 - 64000;
  const square = (fine * fine * p[5]) / 32768 + fine * p[4] * 2;
  const offset = square / 4 + p[3] * 65536;
  const scale = (1 + ((p[2] * fine * fine) / 524288 + p[1] * fine) / 524288 / 32768) * p[0];
  if (scale === 0) return 0;
  const rough = ((1048576 - adc - offset / 4096) * 6250) / scale;
  return rough + ((p[8] * rough * rough) / 2147483648 + (rough * p[7]) / 32768 + p[6]) / 16;
}

export function percentOf(adc: number, tFine: number, { h }: Calibration): number {
  const fine = tFine - 76800;
  const offset = h[3] * 64 + (h[4] / 16384) * fine;
  const slope = (h[1] / 65536) * (1 + (h[5] / 67108864) * fine * (1 + (h[2] / 67108864) * fine));
  const rough = (adc - offset) * slope;
  return Math.min(100, Math.max(0, rough * (1 - (h[0] * rough) / 524288)));
}

export interface Bme280Options {
  nowMs: () => number;
  address?: number;
  /** BME280_ID or BMP280_ID. */
  id?: number;
  calibration?: Calibration;
}

export class Bme280 implements I2cDevice {
  readonly address: number;
  temperatureC = 20;
  pressurePa = 101_325;
  humidityPercent = 50;
  /** Measurements never end. */
  isStuck = false;
  readonly #nowMs: () => number;
  readonly #calibration: Calibration;
  readonly #hasHumidity: boolean;
  readonly #registers = new Uint8Array(256);
  #at = 0;
  /** In force with the next write of ctrl_meas. */
  #osrsH = 0;
  #endMs: number | undefined;

  constructor({ nowMs, address = 0x76, id = BME280_ID, calibration = EXAMPLE_CALIBRATION }: Bme280Options) {
    this.#nowMs = nowMs;
    this.address = address;
    this.#calibration = calibration;
    this.#hasHumidity = id === BME280_ID;
    this.#registers[Register.Id] = id;
    this.#putCalibration();
    this.powerOn();
  }

  powerOn(): void {
    for (const register of [Register.CtrlHum, Register.CtrlMeas, Register.Config]) this.#registers[register] = 0;
    this.#osrsH = 0;
    this.#endMs = undefined;
    this.#put20(Register.Press, SKIPPED_20);
    this.#put20(Register.Temp, SKIPPED_20);
    if (this.#hasHumidity) this.#put16(Register.Hum, SKIPPED_16);
  }

  /** A register's address, then values; behind the first value further pairs (BME280 datasheet 6.2.1). */
  write(bytes: Uint8Array): void {
    this.#at = bytes[0] as number;
    for (let index = 0; index + 1 < bytes.length; index += 2) {
      this.#set(bytes[index] as number, bytes[index + 1] as number);
    }
  }

  read(sizeBytes: number): Uint8Array {
    this.#settle();
    const isMeasuring = this.#endMs !== undefined;
    this.#registers[Register.Status] = isMeasuring ? STATUS_MEASURING : 0;
    const bytes = Uint8Array.from({ length: sizeBytes }, (_, index) => this.#registers[(this.#at + index) & 0xff] ?? 0);
    this.#at = (this.#at + sizeBytes) & 0xff;
    return bytes;
  }

  #set(register: number, value: number): void {
    this.#settle();
    if (register === Register.Reset && value === RESET_WORD) return this.powerOn();
    if (![Register.CtrlHum, Register.CtrlMeas, Register.Config].includes(register)) return;
    this.#registers[register] = value;
    if (register !== Register.CtrlMeas) return;
    this.#osrsH = (this.#registers[Register.CtrlHum] as number) & 7;
    // 1 and 2 are both forced mode. Normal mode measures once here.
    if ((value & MODE_MASK) !== 0) this.#endMs = this.#nowMs() + this.#measureMs(value);
  }

  /** The longest that the datasheet allows. */
  #measureMs(control: number): number {
    const [t = 0, p = 0, h = 0] = [control >> 5, control >> 2, this.#osrsH].map((code) => OVERSAMPLING[code & 7]);
    const extra = (times: number) => (times === 0 ? 0 : 2.3 * times + 0.575);
    return 1.25 + 2.3 * t + extra(p) + (this.#hasHumidity ? extra(h) : 0);
  }

  #settle(): void {
    if (this.#endMs === undefined || this.isStuck || this.#nowMs() < this.#endMs) return;
    this.#endMs = undefined;
    const control = this.#registers[Register.CtrlMeas] as number;
    this.#registers[Register.CtrlMeas] = control & ~MODE_MASK;
    const calibration = this.#calibration;
    const t = search20((adc) => temperatureOf(adc, calibration).celsius, this.temperatureC);
    const { tFine } = temperatureOf(t, calibration);
    // The more pressure, the lower its raw value.
    const p = search20((adc) => -pascalOf(adc, tFine, calibration), -this.pressurePa);
    this.#put20(Register.Temp, control >> 5 === 0 ? SKIPPED_20 : t);
    this.#put20(Register.Press, ((control >> 2) & 7) === 0 ? SKIPPED_20 : p);
    if (!this.#hasHumidity) return;
    const h = search(16, (adc) => percentOf(adc, tFine, calibration), this.humidityPercent);
    this.#put16(Register.Hum, this.#osrsH === 0 ? SKIPPED_16 : h);
  }

  #put20(register: number, value: number): void {
    this.#registers.set([value >> 12, (value >> 4) & 0xff, (value & 0xf) << 4], register);
  }

  #put16(register: number, value: number): void {
    this.#registers.set([value >> 8, value & 0xff], register);
  }

  #putCalibration(): void {
    const { t, p, h } = this.#calibration;
    const view = new DataView(this.#registers.buffer);
    [...t, ...p].forEach((word, index) => {
      view.setUint16(Register.Calib00 + 2 * index, word & 0xffff, true);
    });
    if (!this.#hasHumidity) return;
    this.#registers[Register.DigH1] = h[0];
    view.setUint16(Register.Calib26, h[1] & 0xffff, true);
    // Two values of 12 bits share the byte between them.
    const packed = [h[2], (h[3] >> 4) & 0xff, (h[3] & 0xf) | ((h[4] & 0xf) << 4), (h[4] >> 4) & 0xff, h[5] & 0xff];
    this.#registers.set(packed, Register.Calib26 + 2);
  }
}

function search20(valueOf: (adc: number) => number, wanted: number): number {
  return search(20, valueOf, wanted);
}

/** The raw value whose compensated one, which grows with it, is nearest to the wanted one. */
function search(bits: number, valueOf: (adc: number) => number, wanted: number): number {
  let low = 0;
  let high = 2 ** bits - 1;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (valueOf(middle) < wanted) low = middle + 1;
    else high = middle;
  }
  return low > 0 && wanted - valueOf(low - 1) < valueOf(low) - wanted ? low - 1 : low;
}
