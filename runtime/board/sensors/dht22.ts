/**
 * The DHT22 (AM2302): after a start pulse it answers with 40 bits of humidity and temperature as pulses.
 *
 * Source: AM2302 datasheet (Aosong), "Single-bus communication" and its table of signal characteristics: a start pulse of 0.8 to
 * 20 ms, 20 to 200 us until the answer, 80 us low and 80 us high, then each bit 50 us low and 26 (zero) or 70 us high (one), at
 * the end 50 us low; highest bit first; the temperature is a magnitude with a sign bit; two seconds between two readings. Asked
 * earlier it gives no answer here.
 */
import type { PinLevel } from "../pins.ts";
import type { WireDevice } from "../wire.ts";

const START_MIN_US = 800;
const START_MAX_US = 20_000;
const ANSWER_AFTER_US = 30;
const RESPONSE_US = 80;
const BIT_LOW_US = 50;
const ZERO_HIGH_US = 26;
const ONE_HIGH_US = 70;
const INTERVAL_US = 2_000_000;
const SIGN = 0x8000;
const BITS = 40;

interface Low {
  fromUs: number;
  toUs: number;
}

export class Dht22 implements WireDevice {
  temperatureC = 20;
  humidityPercent = 50;
  isPresent = true;
  hasBadChecksum = false;
  /** Fewer: the pulses end there. */
  bitsSent = BITS;
  /** How much slower than the typical its clock is. */
  slowness = 1;
  answers = 0;
  #fellUs = Number.NEGATIVE_INFINITY;
  #answeredUs = Number.NEGATIVE_INFINITY;
  #lows: Low[] = [];

  hostDrives(level: PinLevel, atUs: number): void {
    if (level === 0) {
      this.#fellUs = atUs;
      this.#lows = [];
      return;
    }
    const lowUs = atUs - this.#fellUs;
    const isStart = lowUs >= START_MIN_US && lowUs <= START_MAX_US;
    if (!this.isPresent || !isStart || atUs - this.#answeredUs < INTERVAL_US) return;
    this.#answeredUs = atUs;
    this.answers++;
    this.#answer(atUs + ANSWER_AFTER_US);
  }

  pulls(atUs: number): boolean {
    return this.#lows.some(({ fromUs, toUs }) => atUs >= fromUs && atUs < toUs);
  }

  nextChangeUs(afterUs: number): number {
    const times = this.#lows.flatMap(({ fromUs, toUs }) => [fromUs, toUs]);
    return times.find((us) => us > afterUs) ?? Number.POSITIVE_INFINITY;
  }

  /** The 40 bits as bytes. */
  bytes(): number[] {
    const humidity = Math.round(this.humidityPercent * 10);
    const tenths = Math.round(this.temperatureC * 10);
    const temperature = tenths < 0 ? SIGN | -tenths : tenths;
    const data = [humidity >> 8, humidity & 0xff, temperature >> 8, temperature & 0xff];
    const sum = data.reduce((total, byte) => total + byte, 0) & 0xff;
    return [...data, this.hasBadChecksum ? sum ^ 0x01 : sum];
  }

  #answer(fromUs: number): void {
    let atUs = fromUs;
    const low = (lowUs: number, highUs: number) => {
      this.#lows.push({ fromUs: atUs, toUs: atUs + lowUs * this.slowness });
      atUs += (lowUs + highUs) * this.slowness;
    };
    low(RESPONSE_US, RESPONSE_US);
    const bits = this.bytes().flatMap((byte) => Array.from({ length: 8 }, (_, bit) => (byte >> (7 - bit)) & 1));
    for (const bit of bits.slice(0, this.bitsSent)) low(BIT_LOW_US, bit === 1 ? ONE_HIGH_US : ZERO_HIGH_US);
    if (this.bitsSent >= BITS) low(BIT_LOW_US, 0);
  }
}
