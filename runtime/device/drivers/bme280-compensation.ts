/**
 * From raw values of a BME280 or BMP280 to units, in integers: temperature and humidity in 32 bits, pressure in 64.
 *
 * Source: BME280 datasheet 4.2.2 (where each number stands) and 4.2.3 (formulas); the numbers keep the datasheet's names.
 */
const MILLI_C_PER_HUNDREDTH = 10;
const PASCAL_FRACTION_BITS = 8;
const PERCENT_FRACTION_BITS = 10;
/** 100 percent with 22 fractional bits. */
const HUMIDITY_MAX = 419430400;

export class Bme280Compensation {
  private t1: i32 = 0;
  private t2: i32 = 0;
  private t3: i32 = 0;
  private p1: i32 = 0;
  /** dig_P2 to dig_P9. */
  private readonly p: StaticArray<i16> = new StaticArray<i16>(8);
  private h1: i32 = 0;
  private h2: i32 = 0;
  private h3: i32 = 0;
  private h4: i32 = 0;
  private h5: i32 = 0;
  private h6: i32 = 0;
  /** Of the last temperature: the other two depend on it. */
  tFine: i32 = 0;

  /** Registers 0x88 to 0xa1. */
  takeFirst(bytes: usize): void {
    this.t1 = word(bytes);
    this.t2 = <i16>word(bytes + 2);
    this.t3 = <i16>word(bytes + 4);
    this.p1 = word(bytes + 6);
    for (let i = 0; i < 8; i++) unchecked((this.p[i] = <i16>word(bytes + 8 + 2 * i)));
    this.h1 = load<u8>(bytes, 25);
  }

  /** Registers 0xe1 to 0xe7. */
  takeSecond(bytes: usize): void {
    this.h2 = <i16>word(bytes);
    this.h3 = load<u8>(bytes, 2);
    const shared = <i32>load<u8>(bytes, 4);
    this.h4 = ((<i32>load<i8>(bytes, 3)) << 4) | (shared & 0xf);
    this.h5 = ((<i32>load<i8>(bytes, 5)) << 4) | (shared >> 4);
    this.h6 = load<i8>(bytes, 6);
  }

  /** Thousandths of a degree, in steps of ten. */
  milliC(adc: i32): i32 {
    const coarse = (((adc >> 3) - (this.t1 << 1)) * this.t2) >> 11;
    const difference = (adc >> 4) - this.t1;
    this.tFine = coarse + ((((difference * difference) >> 12) * this.t3) >> 14);
    return ((this.tFine * 5 + 128) >> 8) * MILLI_C_PER_HUNDREDTH;
  }

  /** 0 where the calibration makes no sense. */
  pascal(adc: i32): i32 {
    return <i32>((this.pascalQ8(adc) + (1 << (PASCAL_FRACTION_BITS - 1))) >> PASCAL_FRACTION_BITS);
  }

  /** With 8 fractional bits. */
  pascalQ8(adc: i32): i64 {
    const p = this.p;
    const fine = <i64>this.tFine - 128000;
    let offset = fine * fine * unchecked(p[4]);
    offset += (fine * unchecked(p[3])) << 17;
    offset += (<i64>unchecked(p[2])) << 35;
    let scale = ((fine * fine * unchecked(p[1])) >> 8) + ((fine * unchecked(p[0])) << 12);
    scale = ((((<i64>1) << 47) + scale) * this.p1) >> 33;
    if (scale == 0) return 0;
    const rough = ((((<i64>(1048576 - adc)) << 31) - offset) * 3125) / scale;
    const square = (unchecked(p[7]) * (rough >> 13) * (rough >> 13)) >> 25;
    const linear = (unchecked(p[6]) * rough) >> 19;
    return ((rough + square + linear) >> 8) + ((<i64>unchecked(p[5])) << 4);
  }

  /** Thousandths of a percent. */
  milliPercent(adc: i32): i32 {
    return (this.percentQ10(adc) * 125) >> (PERCENT_FRACTION_BITS - 3);
  }

  /** With 10 fractional bits. */
  percentQ10(adc: i32): i32 {
    const fine = this.tFine - 76800;
    const offset = ((adc << 14) - (this.h4 << 20) - this.h5 * fine + 16384) >> 15;
    const slope = ((((fine * this.h6) >> 10) * (((fine * this.h3) >> 11) + 32768)) >> 10) + 2097152;
    let value = offset * ((slope * this.h2 + 8192) >> 14);
    value -= ((((value >> 15) * (value >> 15)) >> 7) * this.h1) >> 4;
    return min(max(value, 0), HUMIDITY_MAX) >> 12;
  }
}

/** Little-endian; pairs of bytes may stand at odd addresses. */
function word(bytes: usize): i32 {
  return ((<i32>load<u8>(bytes, 1)) << 8) | load<u8>(bytes);
}
