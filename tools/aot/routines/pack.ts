/**
 * Floating-point numbers taken apart and put together, for all routines: IEEE 754 binary32 and binary64, round to
 * nearest, ties to even, with subnormal numbers. Routines hand floating-point numbers around as their bits.
 *
 * A NaN that a routine makes is always the canonical one: WebAssembly allows that for any operands (core spec 4.3.3,
 * "NaN propagation"), and it is the cheapest. So an operand's payload is lost where V8 would keep it.
 */
import { i64_clz, i64_shl, i64_shr_u } from "./integer.ts";
import { highWord, pair } from "./words.ts";

export const SIGN32: u32 = 0x80000000;
export const INFINITY32: u32 = 0x7f800000;
export const NAN32: u32 = 0x7fc00000;

export const SIGN64: u64 = 0x8000000000000000;
export const INFINITY64: u64 = 0x7ff0000000000000;
export const NAN64: u64 = 0x7ff8000000000000;

/** Biased exponents of infinities and NaNs. */
export const SPECIAL32: i32 = 0xff;
export const SPECIAL64: i32 = 0x7ff;

/**
 * What `unpackF32` gives for the exponent of an infinity: so far off that the product or the quotient with any finite
 * number packs as an infinity or a zero again. And as an exponent of f64, it is SPECIAL64.
 */
export const INFINITE32: i32 = SPECIAL64 - 1023 + 127;

/**
 * High word: the biased exponent. Low word: the significand with its leading 1 at bit 23. A subnormal number is
 * normalised, with an exponent of 0 or less; the significand of a zero is 0.
 */
export function unpackF32(x: u32): u64 {
  let significand = x & 0x7fffff;
  let exponent: i32 = (x >> 23) & 0xff;
  if (exponent == 0) {
    exponent = 9 - i32(clz(significand));
    significand <<= 1 - exponent;
  } else {
    significand |= 0x800000;
    if (exponent == SPECIAL32) exponent = INFINITE32;
  }
  return pair(exponent, significand);
}

/**
 * The number significand * 2^(exponent - 157), with the sign in the top bit of `sign`: `exponent` is the biased one if
 * the leading 1 is at bit 30. The significand is below 2^31; its last bit stands for all that is below it.
 */
export function packF32(sign: u32, exponent: i32, significand: u32): u32 {
  sign &= SIGN32;
  if (significand == 0) return sign;
  let shift = clz(significand) - 1;
  significand <<= shift;
  exponent -= shift;
  if (exponent >= SPECIAL32) return sign | INFINITY32;
  if (exponent <= 0) {
    significand = shiftRightSticky32(significand, 1 - exponent);
    exponent = 1;
  }
  return sign | roundF32(exponent, significand);
}

/**
 * The last step, and all of it where the number is known to be a normal one with its leading 1 at bit 30. That 1 and a
 * carry out of rounding both count up the exponent, as they should.
 */
export function roundF32(exponent: i32, significand: u32): u32 {
  return ((exponent - 1) << 23) + ((significand + 0x3f + ((significand >> 7) & 1)) >> 7);
}

/** x >> n for x below 2^31, with the last bit set if a 1 was lost. */
export function shiftRightSticky32(x: u32, n: u32): u32 {
  if (n > 31) n = 31;
  let shifted = x >> n;
  return shifted | u32(shifted << n != x);
}

/** The biased exponent, counted on downwards for subnormal numbers as if they were normalised. */
export function exponentF64(x: u64): i32 {
  let exponent: i32 = (highWord(x) >> 20) & 0x7ff;
  return exponent ? exponent : 12 - i32(i64_clz(x & ~SIGN64));
}

/** The significand with its leading 1 at bit 52, given the exponent by `exponentF64`; 0 for a zero. */
export function significandF64(x: u64, exponent: i32): u64 {
  let fraction = pair(highWord(x) & 0xfffff, u32(x));
  return exponent > 0 ? fraction | 0x10000000000000 : i64_shl(fraction, 1 - exponent);
}

/** As packF32: the number significand * 2^(exponent - 1085); a significand below 2^63, leading 1 at bit 62. */
export function packF64(sign: u32, exponent: i32, significand: u64): u64 {
  sign &= SIGN32;
  if (significand == 0) return pair(sign, 0);
  let shift = i64_clz(significand) - 1;
  significand = i64_shl(significand, shift);
  exponent -= shift;
  if (exponent >= SPECIAL64) return pair(sign | 0x7ff00000, 0);
  if (exponent <= 0) {
    significand = shiftRightSticky64(significand, 1 - exponent);
    exponent = 1;
  }
  return roundF64(exponent, significand) | pair(sign, 0);
}

/** As roundF32; the leading 1 is at bit 62. */
export function roundF64(exponent: i32, significand: u64): u64 {
  let rounded = (significand + u64(0x1ff + ((u32(significand) >> 10) & 1))) >> 10;
  return rounded + pair((exponent - 1) << 20, 0);
}

/** x >> n for x below 2^63, with the last bit set if a 1 was lost. */
export function shiftRightSticky64(x: u64, n: u32): u64 {
  if (n > 63) n = 63;
  let shifted = i64_shr_u(x, n);
  return shifted | u64(i64_shl(shifted, n) != x);
}
