/**
 * What the routines say about words, expanded in place: moving words in and out of pairs costs nothing once a pair is
 * two registers. The only file here with annotations, which biome does not parse.
 */

@inline
export function pair(high: u32, low: u32): u64 {
  return (u64(high) << 32) | u64(low);
}

@inline
export function highWord(x: u64): u32 {
  return u32(x >> 32);
}

/** The high word's sign, which a comparison of pairs would take longer to find. */
@inline
export function isNegative(x: u64): bool {
  return i32(highWord(x)) < 0;
}

@inline
export function magnitude(x: i32): u32 {
  return x < 0 ? 0 - x : x;
}

/** Long enough to be called, so this one is a function. */
export function pairMagnitude(x: i64): u64 {
  return isNegative(x) ? 0 - x : x;
}

/** The low word of (high:low) >> n, n modulo 32: one SRC (Xtensa ISA RM) for a compiler that knows it in this form. */
@inline
export function funnelRight(high: u32, low: u32, n: u32): u32 {
  return ((high << 1) << ~n) | (low >> n);
}

/** The high word of (high:low) << n, n modulo 32. */
@inline
export function funnelLeft(high: u32, low: u32, n: u32): u32 {
  return (high << n) | ((low >> 1) >> ~n);
}

@inline
export function isNanF32(x: u32): bool {
  return x << 1 > 0xff000000;
}

/** The low word only tells whether the fraction is 0, which the bit that the sign left free can carry. */
@inline
export function isNanF64(x: u64): bool {
  return ((highWord(x) << 1) | u32(u32(x) != 0)) > 0xffe00000;
}
