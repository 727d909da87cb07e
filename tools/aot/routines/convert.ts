/**
 * Conversions between integers and floating-point numbers. Those to integers saturate (trunc_sat of WebAssembly: a NaN
 * gives 0); for those that trap, `..._trap` tells beforehand: 0 fine, 1 a NaN, 2 beyond the integer's range.
 */
import { i64_clz, i64_shl, i64_shr_u } from "./integer.ts";
import { INFINITY32, NAN32, NAN64, packF32, roundF32, roundF64, SIGN32, SIGN64, SPECIAL64, unpackF32 } from "./pack.ts";
import { highWord, isNanF32, isNanF64, isNegative, magnitude, pair, pairMagnitude } from "./words.ts";

export function f32_from_i32_s(x: i32): u32 {
  return f32_from_i32_u(magnitude(x)) | (x & SIGN32);
}

export function f32_from_i32_u(x: u32): u32 {
  if (x == 0) return 0;
  let zeros = clz(x);
  x <<= zeros;
  return roundF32(158 - zeros, (x >> 1) | (x & 1));
}

export function f32_from_i64_s(x: i64): u32 {
  return f32_from_i64_u(pairMagnitude(x)) | (highWord(x) & SIGN32);
}

export function f32_from_i64_u(x: u64): u32 {
  if (x == 0) return 0;
  let zeros = i64_clz(x);
  x = i64_shl(x, zeros);
  return roundF32(190 - zeros, (highWord(x) >> 1) | u32(u32(x | (x >> 1)) != 0));
}

export function f64_from_i32_s(x: i32): u64 {
  return f64_from_i32_u(magnitude(x)) | pair(x & SIGN32, 0);
}

export function f64_from_i32_u(x: u32): u64 {
  return f64_from_i64_u(x);
}

export function f64_from_i64_s(x: i64): u64 {
  return f64_from_i64_u(pairMagnitude(x)) | (x & SIGN64);
}

export function f64_from_i64_u(x: u64): u64 {
  if (x == 0) return 0;
  let zeros = i64_clz(x);
  x = i64_shl(x, zeros);
  return roundF64(1086 - zeros, (x >> 1) | (x & 1));
}

export function f64_from_f32(x: u32): u64 {
  if (isNanF32(x)) return NAN64;
  let unpacked = unpackF32(x);
  let exponent: i32 = highWord(unpacked);
  let significand = u32(unpacked);
  let high = x & SIGN32;
  // The leading 1 counts the exponent up. That of an infinity is made for this.
  if (significand) high |= ((exponent - 127 + 1022) << 20) + (significand >> 3);
  return pair(high, significand << 29);
}

export function f32_from_f64(x: u64): u32 {
  if (isNanF64(x)) return NAN32;
  let high = highWord(x);
  let exponent: i32 = (high >> 20) & 0x7ff;
  if (exponent == SPECIAL64) return (high & SIGN32) | INFINITY32;
  // A zero or a subnormal number gets a leading 1 that it does not have, and still is far too small for f32.
  let significand = 0x40000000 | ((high & 0xfffff) << 10) | (u32(x) >> 22) | u32(u32(x) << 10 != 0);
  return packF32(high, exponent - 1023 + 127, significand);
}

export function i32_from_f32_s(x: u32): i32 {
  return withSign(i32_from_f32_u(x & ~SIGN32), x);
}

/** As integers, the bits of negative numbers are below those of 1 as well. */
export function i32_from_f32_u(x: u32): u32 {
  if (i32(x) < 0x3f800000) return 0;
  let shift = 158 - i32(x >> 23);
  if (shift < 0) return x > INFINITY32 ? 0 : 0xffffffff;
  return ((x << 8) | SIGN32) >> shift;
}

export function i32_from_f64_s(x: u64): i32 {
  return withSign(i32_from_f64_u(x & ~SIGN64), highWord(x));
}

export function i32_from_f64_u(x: u64): u32 {
  let high = highWord(x);
  if (i32(high) < 0x3ff00000) return 0;
  let shift = 1054 - i32(high >> 20);
  if (shift < 0) return isNanF64(x) ? 0 : 0xffffffff;
  return (SIGN32 | (high << 11) | (u32(x) >> 21)) >> shift;
}

export function i64_from_f32_s(x: u32): i64 {
  return i64_from_f64_s(f64_from_f32(x));
}

export function i64_from_f32_u(x: u32): u64 {
  return i64_from_f64_u(f64_from_f32(x));
}

export function i64_from_f64_s(x: u64): i64 {
  let result = i64_from_f64_u(x & ~SIGN64);
  if (isNegative(result)) return i64(SIGN64 - 1 + (x >> 63));
  return isNegative(x) ? 0 - result : result;
}

export function i64_from_f64_u(x: u64): u64 {
  let high = highWord(x);
  if (i32(high) < 0x3ff00000) return 0;
  let shift = 1086 - i32(high >> 20);
  if (shift < 0) return isNanF64(x) ? 0 : 0xffffffffffffffff;
  return i64_shr_u((x << 11) | SIGN64, shift);
}

// The limits: the least magnitudes of a positive and of a negative number, as bits, that are beyond the range.

export function i32_f32_s_trap(x: u32): u32 {
  return trapOfF32(x, 0x4f000000, 0x4f000001);
}

export function i32_f32_u_trap(x: u32): u32 {
  return trapOfF32(x, 0x4f800000, 0x3f800000);
}

export function i64_f32_s_trap(x: u32): u32 {
  return trapOfF32(x, 0x5f000000, 0x5f000001);
}

export function i64_f32_u_trap(x: u32): u32 {
  return trapOfF32(x, 0x5f800000, 0x3f800000);
}

export function i32_f64_s_trap(x: u64): u32 {
  return trapOfF64(x, 0x41e00000, 0x41e0000000200000);
}

export function i32_f64_u_trap(x: u64): u32 {
  return trapOfF64(x, 0x41f00000, 0x3ff0000000000000);
}

export function i64_f64_s_trap(x: u64): u32 {
  return trapOfF64(x, 0x43e00000, 0x43e0000000000001);
}

export function i64_f64_u_trap(x: u64): u32 {
  return trapOfF64(x, 0x43f00000, 0x3ff0000000000000);
}

function trapOfF32(x: u32, positiveLimit: u32, negativeLimit: u32): u32 {
  if (isNanF32(x)) return 1;
  if (i32(x) < 0) positiveLimit = negativeLimit;
  return (x & ~SIGN32) >= positiveLimit ? 2 : 0;
}

/** A positive limit is given by its high word. */
function trapOfF64(x: u64, positiveLimit: u32, negativeLimit: u64): u32 {
  if (isNanF64(x)) return 1;
  let high = highWord(x);
  if (i32(high) >= 0) return u32(high >= positiveLimit) << 1;
  high &= ~SIGN32;
  if (high != highWord(negativeLimit)) return u32(high > highWord(negativeLimit)) << 1;
  return u32(u32(x) >= u32(negativeLimit)) << 1;
}

function withSign(result: u32, signed: u32): i32 {
  if (i32(result) < 0) return i32(0x7fffffff + (signed >> 31));
  return i32(signed) < 0 ? 0 - result : result;
}
