/** Places in the program's memory, and scratch memory that the checks share. */
import { PROGRAM_DATA_OFFSET, PROGRAM_RAM_BYTES } from "../../runtime/contract/limits.ts";

/** The end of the program's memory: a constant that the build gives. */
export const RAM_END: usize = LINTEL_RAM_END;
export const RAM_START: usize = RAM_END - PROGRAM_RAM_BYTES;
/** Before it are the host's function pointers. */
export const DATA_START: usize = RAM_START + PROGRAM_DATA_OFFSET;

export const SCRATCH_BYTES = 576;
const GUARD_BYTES = 16;
const GUARD: u8 = 0xa5;

const guarded: usize = memory.data(GUARD_BYTES + SCRATCH_BYTES + GUARD_BYTES, 4);
export const scratch: usize = guarded + GUARD_BYTES;
/** A second place, for functions with two pointers. */
export const other: usize = memory.data(128, 4);

/** Fills scratch memory; what lies around it is watched from now on. */
export function fillScratch(byte: u8): void {
  memory.fill(guarded, GUARD, GUARD_BYTES);
  memory.fill(scratch, byte, SCRATCH_BYTES);
  memory.fill(scratch + SCRATCH_BYTES, GUARD, GUARD_BYTES);
}

/** Nothing but the first `usedBytes` of scratch memory has changed since it was filled with `byte`. */
export function isRestUntouched(usedBytes: u32, byte: u8): bool {
  return (
    isAll(guarded, GUARD_BYTES, GUARD) &&
    isAll(scratch + usedBytes, SCRATCH_BYTES - usedBytes, byte) &&
    isAll(scratch + SCRATCH_BYTES, GUARD_BYTES, GUARD)
  );
}

export function isAll(pointer: usize, sizeBytes: u32, byte: u8): bool {
  for (let i: u32 = 0; i < sizeBytes; i++) if (load<u8>(pointer + i) != byte) return false;
  return true;
}

export function isSame(a: usize, b: usize, sizeBytes: u32): bool {
  for (let i: u32 = 0; i < sizeBytes; i++) if (load<u8>(a + i) != load<u8>(b + i)) return false;
  return true;
}

/** ASCII text to `pointer`; its length. */
export function putText(pointer: usize, text: string): i32 {
  for (let i = 0; i < text.length; i++) store<u8>(pointer + i, <u8>text.charCodeAt(i));
  return text.length;
}
