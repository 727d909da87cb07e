/** Random numbers of the host: a hardware generator on the chip, a seeded one on a virtual board. */
import { random_fill } from "../imports/host.ts";

const word = memory.data(4, 4);

export function randomU32(): u32 {
  random_fill(word, 4);
  return load<u32>(word);
}

/** A random number from 0 to `limit` - 1; 0 when `limit` is 0. */
export function randomBelow(limit: u32): u32 {
  return limit == 0 ? 0 : <u32>((<u64>randomU32() * <u64>limit) >> 32);
}
