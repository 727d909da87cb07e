/** Arithmetic and comparison of f64, which are passed and returned as their bits (pack.ts); float32.ts explains. */
import { i32_mul_wide_u } from "./integer.ts";
import {
  exponentF64,
  INFINITY64,
  NAN64,
  packF64,
  roundF64,
  SIGN32,
  SIGN64,
  SPECIAL64,
  shiftRightSticky64,
  significandF64,
} from "./pack.ts";
import { highWord, isNanF64, isNegative, pair } from "./words.ts";

/** From here on all numbers are whole. */
const TWO_52: u64 = 0x4330000000000000;
const ONE_HIGH: u32 = 0x3ff00000;
const INFINITY_HIGH: u32 = 0x7ff00000;

export function f64_add(a: u64, b: u64): u64 {
  if (a << 1 < b << 1) {
    let larger = b;
    b = a;
    a = larger;
  }
  let exponent = exponentF64(a);
  let exponentB = exponentF64(b);
  let shift: u32 = exponent - exponentB;
  if (exponent == SPECIAL64) return isNanF64(a) || (shift == 0 && a != b) ? NAN64 : a;
  let significand = significandF64(a, exponent) << 9;
  let significandB = shiftRightSticky64(significandF64(b, exponentB) << 9, shift);
  significand = isNegative(a ^ b) ? significand - significandB : significand + significandB;
  return packF64(highWord(significand ? a : a & b), exponent + 1, significand);
}

export function f64_sub(a: u64, b: u64): u64 {
  return f64_add(a, b ^ SIGN64);
}

/** The high half of 128 bits, and whether the low half is 0. */
export function f64_mul(a: u64, b: u64): u64 {
  let exponentA = exponentF64(a);
  let exponentB = exponentF64(b);
  let sign = highWord(a ^ b);
  let x = significandF64(a, exponentA) << 11;
  let y = significandF64(b, exponentB) << 10;
  if (exponentA == SPECIAL64 || exponentB == SPECIAL64) {
    if (isNanF64(a) || isNanF64(b) || x == 0 || y == 0) return NAN64;
    return pair((sign & SIGN32) | INFINITY_HIGH, 0);
  }
  let low = i32_mul_wide_u(u32(x), u32(y));
  let middle = i32_mul_wide_u(u32(x), highWord(y)) + highWord(low);
  let middle2 = i32_mul_wide_u(highWord(x), u32(y)) + u32(middle);
  let product = i32_mul_wide_u(highWord(x), highWord(y)) + highWord(middle) + highWord(middle2);
  return packF64(sign, exponentA + exponentB - 1022, product | u64((u32(low) | u32(middle2)) != 0));
}

/** 55 rounds. */
export function f64_div(a: u64, b: u64): u64 {
  let exponentA = exponentF64(a);
  let exponentB = exponentF64(b);
  let rest = significandF64(a, exponentA);
  let divisor = significandF64(b, exponentB);
  let sign = a ^ b;
  if (exponentA == SPECIAL64 || exponentB == SPECIAL64 || divisor == 0) {
    if (isNanF64(a) || isNanF64(b) || sign << 1 == 0) return NAN64;
    return (sign & SIGN64) | (exponentB == SPECIAL64 ? 0 : INFINITY64);
  }
  let quotient: u64 = 1 << 8;
  do {
    quotient <<= 1;
    let difference = rest - divisor;
    if (!isNegative(difference)) {
      rest = difference;
      quotient |= 1;
    }
    rest <<= 1;
  } while (!isNegative(quotient));
  return packF64(highWord(sign), exponentA - exponentB + 1030, (quotient << 1) | u64(rest != 0));
}

/** 54 rounds. */
export function f64_sqrt(x: u64): u64 {
  let high = highWord(x);
  if (((high << 1) | u32(x)) == 0) return x;
  if (high >= INFINITY_HIGH) return x == INFINITY64 ? x : NAN64;
  let exponent = exponentF64(x);
  let rest = significandF64(x, exponent) << 1;
  exponent -= 1023;
  if (exponent & 1) rest <<= 1;
  let doubleRoot: u64 = 0;
  let bit: u64 = 1 << 53;
  do {
    let step = doubleRoot + bit;
    let difference = rest - step;
    if (!isNegative(difference)) {
      rest = difference;
      doubleRoot = step + bit;
    }
    rest <<= 1;
    bit >>= 1;
  } while (bit != 0);
  return roundF64((exponent >> 1) + 1023, (doubleRoot | u64(rest != 0)) << 8);
}

/** -1: a < b, 0: equal, 1: a > b, 2: one is a NaN. */
export function f64_compare(a: u64, b: u64): i32 {
  if (isNanF64(a)) return 2;
  if (isNanF64(b)) return 2;
  let highA = highWord(a);
  let highB = highWord(b);
  if ((((highA | highB) << 1) | u32(a) | u32(b)) == 0) return 0;
  // Bits as integers: right unless both are negative.
  let order = i32(highA) < i32(highB) ? -1 : 1;
  if (highA == highB) order = u32(a) < u32(b) ? -1 : i32(u32(a) != u32(b));
  return i32(highA & highB) < 0 ? 0 - order : order;
}

export function f64_min(a: u64, b: u64): u64 {
  if (isNanF64(a)) return NAN64;
  if (isNanF64(b)) return NAN64;
  return u32(i64(a) < i64(b)) ^ (highWord(a & b) >> 31) ? a : b;
}

export function f64_max(a: u64, b: u64): u64 {
  return f64_min(a ^ SIGN64, b ^ SIGN64) ^ SIGN64;
}

export function f64_ceil(x: u64): u64 {
  return integral(x, ~(i32(highWord(x)) >> 31));
}

export function f64_floor(x: u64): u64 {
  return integral(x, i32(highWord(x)) >> 31);
}

export function f64_trunc(x: u64): u64 {
  return integral(x, 0);
}

export function f64_nearest(x: u64): u64 {
  let magnitude = x & ~SIGN64;
  if (highWord(magnitude) >= highWord(TWO_52)) return isNanF64(x) ? NAN64 : x;
  return f64_sub(f64_add(magnitude, TWO_52), TWO_52) | (x & SIGN64);
}

function integral(x: u64, away: u32): u64 {
  let high = highWord(x);
  let exponent = i32((high >> 20) & 0x7ff) - 1023;
  if (exponent < 0) return pair((high & SIGN32) | ((high << 1) | u32(x) ? away & ONE_HIGH : 0), 0);
  if (exponent >= 52) return isNanF64(x) ? NAN64 : x;
  let fractionMask: u64 =
    exponent < 20 ? pair(0xfffff >> exponent, 0xffffffff) : u64(<u32>0xffffffff >> (exponent - 20));
  return (x + (pair(away, away) & fractionMask)) & ~fractionMask;
}
