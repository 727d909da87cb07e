/**
 * Arithmetic and comparison of f32, which are passed and returned as their bits (pack.ts).
 *
 * Conditions are written one to an `if`: `||` and `&&` come out of asc's optimiser as arithmetic on booleans, which takes
 * more instructions here than branches do.
 */
import { i32_mul_wide_u } from "./integer.ts";
import { INFINITE32, INFINITY32, NAN32, packF32, roundF32, SIGN32, shiftRightSticky32, unpackF32 } from "./pack.ts";
import { highWord, isNanF32 } from "./words.ts";

/** From here on all numbers are whole. */
const TWO_23: u32 = 0x4b000000;
const ONE: u32 = 0x3f800000;

export function f32_add(a: u32, b: u32): u32 {
  if (a << 1 < b << 1) {
    let larger = b;
    b = a;
    a = larger;
  }
  let unpackedA = unpackF32(a);
  let unpackedB = unpackF32(b);
  let exponent: i32 = highWord(unpackedA);
  // b is no NaN unless a is.
  if (isNanF32(a)) return NAN32;
  // Six bits below the significand: for rounding two and one for all that is lost would do.
  let significand = u32(unpackedA) << 6;
  let significandB = shiftRightSticky32(u32(unpackedB) << 6, exponent - highWord(unpackedB));
  significand = i32(a ^ b) < 0 ? significand - significandB : significand + significandB;
  if (significand == 0) {
    if (exponent == INFINITE32) return NAN32;
    // +0, except for the sum of two -0.
    return a & b & SIGN32;
  }
  return packF32(a, exponent + 1, significand);
}

export function f32_sub(a: u32, b: u32): u32 {
  return f32_add(a, b ^ SIGN32);
}

export function f32_mul(a: u32, b: u32): u32 {
  let unpackedA = unpackF32(a);
  let unpackedB = unpackF32(b);
  if (isNanF32(a)) return NAN32;
  if (isNanF32(b)) return NAN32;
  let exponent: i32 = highWord(unpackedA) + highWord(unpackedB);
  let product = i32_mul_wide_u(u32(unpackedA) << 8, u32(unpackedB) << 7);
  let significand = highWord(product) | u32(u32(product) != 0);
  // Zero times infinity; finite numbers are far from such an exponent.
  if (significand == 0) if (exponent > INFINITE32 - 100) return NAN32;
  return packF32(a ^ b, exponent - 126, significand);
}

/** One bit of the quotient in each round: 26, and the last for the rest. */
export function f32_div(a: u32, b: u32): u32 {
  let unpackedA = unpackF32(a);
  let unpackedB = unpackF32(b);
  let exponentA: i32 = highWord(unpackedA);
  let exponentB: i32 = highWord(unpackedB);
  let rest = u32(unpackedA);
  let divisor = u32(unpackedB);
  let sign = a ^ b;
  if (isNanF32(a)) return NAN32;
  if (isNanF32(b)) return NAN32;
  if (divisor == 0) {
    if (rest == 0) return NAN32;
    exponentB = -INFINITE32;
  }
  // Both infinite: of finite numbers, exponents do not come near it.
  if (exponentA + exponentB > INFINITE32 + 300) return NAN32;
  // The 1 that is in it at first arrives at the top when all rounds are done.
  let quotient: u32 = 1 << 5;
  do {
    quotient <<= 1;
    if (rest >= divisor) {
      rest -= divisor;
      quotient++;
    }
    rest <<= 1;
  } while (i32(quotient) >= 0);
  return packF32(sign, exponentA - exponentB + 131, (quotient << 1) | u32(rest != 0));
}

/**
 * One bit of the root in each round, 25 of them. Where `root` is what was found so far and `bit` is tried next, `rest` is
 * (number - root^2) / bit, so that (root + bit)^2 <= number means 2 * root + bit <= rest.
 */
export function f32_sqrt(x: u32): u32 {
  if (x << 1 == 0) return x;
  if (x >= INFINITY32) return x == INFINITY32 ? x : NAN32;
  let unpacked = unpackF32(x);
  let exponent = i32(highWord(unpacked)) - 127;
  let rest = u32(unpacked) << (1 + (exponent & 1));
  let doubleRoot: u32 = 0;
  let bit: u32 = 1 << 24;
  do {
    let step = doubleRoot + bit;
    if (rest >= step) {
      rest -= step;
      doubleRoot = step + bit;
    }
    rest <<= 1;
    bit >>= 1;
  } while (bit != 0);
  return roundF32((exponent >> 1) + 127, (doubleRoot | u32(rest != 0)) << 5);
}

/** -1: a < b, 0: equal, 1: a > b, 2: one is a NaN. So each comparison is one comparison of this with a small number. */
export function f32_compare(a: u32, b: u32): i32 {
  if (isNanF32(a)) return 2;
  if (isNanF32(b)) return 2;
  let x: i32 = i32(a) < 0 ? SIGN32 - a : a;
  let y: i32 = i32(b) < 0 ? SIGN32 - b : b;
  return x < y ? -1 : i32(x != y);
}

export function f32_min(a: u32, b: u32): u32 {
  if (isNanF32(a)) return NAN32;
  if (isNanF32(b)) return NAN32;
  // Bits as integers: right unless both are negative, with -0 below +0 as it should be.
  return u32(i32(a) < i32(b)) ^ ((a & b) >> 31) ? a : b;
}

export function f32_max(a: u32, b: u32): u32 {
  return f32_min(a ^ SIGN32, b ^ SIGN32) ^ SIGN32;
}

export function f32_ceil(x: u32): u32 {
  return integral(x, ~(i32(x) >> 31));
}

export function f32_floor(x: u32): u32 {
  return integral(x, i32(x) >> 31);
}

export function f32_trunc(x: u32): u32 {
  return integral(x, 0);
}

/** Where a sum has no place for bits below the point, it is rounded as wanted. */
export function f32_nearest(x: u32): u32 {
  let magnitude = x & ~SIGN32;
  if (magnitude >= TWO_23) return isNanF32(x) ? NAN32 : x;
  return f32_sub(f32_add(magnitude, TWO_23), TWO_23) | (x & SIGN32);
}

/** Rounded away from 0 where `away` is all ones, towards 0 where it is 0. */
function integral(x: u32, away: u32): u32 {
  let exponent = i32((x >> 23) & 0xff) - 127;
  if (exponent < 0) return (x & SIGN32) | (x << 1 ? away & ONE : 0);
  if (exponent >= 23) return isNanF32(x) ? NAN32 : x;
  let fractionMask: u32 = 0x7fffff >> exponent;
  return (x + (away & fractionMask)) & ~fractionMask;
}
