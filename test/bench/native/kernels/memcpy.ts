/** A copy by words, one at a time. */
import { hashWords, randomFill } from "./random.ts";

const COPIED_BYTES: u32 = 4096;
const buffers = memory.data(8192, 4);

export function prepare(): usize {
  randomFill(buffers, COPIED_BYTES / 4);
  return buffers;
}

/** `length` is a multiple of 4. */
export function copy(to: usize, from: usize, length: u32): void {
  for (let i: u32 = 0; i < length; i += 4) store<u32>(to + i, load<u32>(from + i));
}

export function check(): u32 {
  return hashWords(buffers + COPIED_BYTES, COPIED_BYTES / 4);
}
