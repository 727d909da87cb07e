/** Numbers that fill the buffers of kernels, and the hash of what they left: those of kernel.h. Not measured. */
let state: u32 = 0;

/** xorshift32 (Marsaglia, Xorshift RNGs, 2003). */
export function randomNext(): u32 {
  state ^= state << 13;
  state ^= state >> 17;
  state ^= state << 5;
  return state;
}

export function randomFill(words: usize, count: u32): void {
  state = 2463534242;
  for (let i: u32 = 0; i < count; i++) store<u32>(words + (i << 2), randomNext());
}

/** FNV-1a over words. */
export function hashWords(words: usize, count: u32): u32 {
  let hash: u32 = 2166136261;
  for (let i: u32 = 0; i < count; i++) hash = (hash ^ load<u32>(words + (i << 2))) * 16777619;
  return hash;
}
