/**
 * Integer arithmetic that the LX106 has no instruction for: AssemblyScript, compiled into routines that programs call.
 * Pure functions over words; of i64 only what costs a few instructions on pairs (sums, logic, comparison, shifts by a
 * constant), because everything else is what these files are. Code bytes count first: a program in flash pays for
 * every routine that it calls. Those which the mask ROM has as well (rom-routines.ts) run on QEMU only, and are short
 * rather than fast.
 */
import { funnelLeft, funnelRight, highWord, isNegative, magnitude, pair, pairMagnitude } from "./words.ts";

/** 32 x 32 to 64 bits from 16-bit products (MUL16U); the low word alone is one MULL. */
export function i32_mul_wide_u(a: u32, b: u32): u64 {
  let low = (a & 0xffff) * (b & 0xffff);
  let middle = (a >> 16) * (b & 0xffff) + (low >> 16);
  let middle2 = (a & 0xffff) * (b >> 16) + (middle & 0xffff);
  return pair((a >> 16) * (b >> 16) + (middle >> 16) + (middle2 >> 16), a * b);
}

/** The divisor is not 0, here and below: the compiler traps before. */
export function i32_div_u(a: u32, b: u32): u32 {
  let n = i32(clz(b)) - i32(clz(a));
  if (n < 0) return 0;
  let quotient: u32 = 0;
  b <<= n;
  do {
    quotient <<= 1;
    if (a >= b) {
      a -= b;
      quotient++;
    }
    b >>= 1;
  } while (--n >= 0);
  return quotient;
}

export function i32_rem_u(a: u32, b: u32): u32 {
  return a - i32_div_u(a, b) * b;
}

export function i32_div_s(a: i32, b: i32): i32 {
  let quotient = i32_div_u(magnitude(a), magnitude(b));
  return (a ^ b) < 0 ? 0 - quotient : quotient;
}

/** The sign is the dividend's. */
export function i32_rem_s(a: i32, b: i32): i32 {
  let rest = i32_rem_u(magnitude(a), magnitude(b));
  return a < 0 ? 0 - rest : rest;
}

/** One round for each 1: the constants of a parallel sum would take more flash than all of this. */
export function i32_popcnt(x: u32): u32 {
  let count: u32 = 0;
  while (x != 0) {
    x &= x - 1;
    count++;
  }
  return count;
}

export function i64_mul(a: u64, b: u64): u64 {
  return i32_mul_wide_u(u32(a), u32(b)) + pair(u32(a) * highWord(b) + highWord(a) * u32(b), 0);
}

export function i64_div_u(a: u64, b: u64): u64 {
  let n = i32(i64_clz(b)) - i32(i64_clz(a));
  if (n < 0) return 0;
  let quotient: u64 = 0;
  b = i64_shl(b, n);
  do {
    quotient <<= 1;
    if (a >= b) {
      a -= b;
      quotient |= 1;
    }
    b >>= 1;
  } while (--n >= 0);
  return quotient;
}

export function i64_rem_u(a: u64, b: u64): u64 {
  return a - i64_mul(i64_div_u(a, b), b);
}

export function i64_div_s(a: i64, b: i64): i64 {
  let quotient = i64_div_u(pairMagnitude(a), pairMagnitude(b));
  return isNegative(a ^ b) ? 0 - quotient : quotient;
}

export function i64_rem_s(a: i64, b: i64): i64 {
  let rest = i64_rem_u(pairMagnitude(a), pairMagnitude(b));
  return isNegative(a) ? 0 - rest : rest;
}

export function i64_shl(x: u64, n: u32): u64 {
  let low = u32(x);
  if (n & 32) return pair(low << n, 0);
  return pair(funnelLeft(highWord(x), low, n), low << n);
}

export function i64_shr_u(x: u64, n: u32): u64 {
  let high = highWord(x);
  if (n & 32) return u64(high >> n);
  return pair(high >> n, funnelRight(high, u32(x), n));
}

export function i64_shr_s(x: u64, n: u32): u64 {
  let high = i32(highWord(x));
  if (n & 32) return pair(high >> 31, high >> n);
  return pair(high >> n, funnelRight(high, u32(x), n));
}

export function i64_rotl(x: u64, n: u32): u64 {
  return i64_rotr(x, 0 - n);
}

export function i64_rotr(x: u64, n: u32): u64 {
  let low = u32(x);
  let high = highWord(x);
  if (n & 32) {
    low = high;
    high = u32(x);
  }
  return pair(funnelRight(low, high, n), funnelRight(high, low, n));
}

export function i64_clz(x: u64): u32 {
  let high = highWord(x);
  return high ? clz(high) : 32 + clz(u32(x));
}

export function i64_ctz(x: u64): u32 {
  let bitsUpToWord: u32 = 32;
  let word = u32(x);
  if (word == 0) {
    bitsUpToWord = 64;
    word = highWord(x);
  }
  // The second operand: ones for what is below the lowest 1 of the word, or for all of a word that is 0.
  return bitsUpToWord - clz(~word & (word - 1));
}

export function i64_popcnt(x: u64): u32 {
  return i32_popcnt(u32(x)) + i32_popcnt(highWord(x));
}
