/**
 * The allocator of device programs, in the place of asc's stub runtime (tools/build/compile-program.ts puts it there):
 * memory is handed out from the end of the static data upwards, never taken back, and has a hard end. A program allocates
 * what it needs while it starts; the host watches `heap_used` and reports any growth after that.
 *
 * The names and signatures of the `__` functions and the object header are those that asc's generated code expects.
 * The compiler takes this file for a part of its own library, so it imports nothing of Lintel: the end of the
 * program's memory (contract/limits.ts, PROGRAM_RAM_BYTES) comes as the constant LINTEL_RAM_END.
 */
import { OBJECT, OBJECT_OVERHEAD, BLOCK_OVERHEAD } from "./common";

// Inlined: a global would not be set yet when the globals of other files allocate.
@inline const LIMIT: usize = LINTEL_RAM_END;
/** Word alignment is all that the chip asks for: it has no wider load. */
@inline const ALIGN_MASK: usize = 3;

@lazy let heapStart: usize = (__heap_base + ALIGN_MASK) & ~ALIGN_MASK;
@lazy let heapEnd: usize = heapStart;

/** Bytes given out so far. */
@global
export function __heap_used(): u32 {
  return <u32>(heapEnd - heapStart);
}

/** Bytes that can be given out at most. */
@global
export function __heap_limit(): u32 {
  return <u32>(LIMIT - heapStart);
}

@global @unsafe
export function __alloc(sizeBytes: usize): usize {
  const at = heapEnd;
  if (sizeBytes > LIMIT) unreachable();
  const next = at + ((sizeBytes + ALIGN_MASK) & ~ALIGN_MASK);
  if (next > LIMIT) unreachable();
  heapEnd = next;
  return at;
}

@global @unsafe
export function __realloc(pointer: usize, sizeBytes: usize): usize {
  const moved = __alloc(sizeBytes);
  memory.copy(moved, pointer, sizeBytes);
  return moved;
}

@global @unsafe
export function __free(pointer: usize): void {}

@global @unsafe
export function __new(sizeBytes: usize, id: u32): usize {
  if (sizeBytes > LIMIT) unreachable();
  const block = __alloc(BLOCK_OVERHEAD + OBJECT_OVERHEAD + sizeBytes);
  const header = changetype<OBJECT>(block);
  header.mmInfo = 0;
  header.gcInfo = 0;
  header.gcInfo2 = 0;
  header.rtId = id;
  header.rtSize = <u32>sizeBytes;
  return block + BLOCK_OVERHEAD + OBJECT_OVERHEAD;
}

@global @unsafe
export function __renew(pointer: usize, sizeBytes: usize): usize {
  const header = changetype<OBJECT>(pointer - BLOCK_OVERHEAD - OBJECT_OVERHEAD);
  const moved = __new(sizeBytes, header.rtId);
  memory.copy(moved, pointer, min<usize>(header.rtSize, sizeBytes));
  return moved;
}

@global @unsafe
export function __link(parent: usize, child: usize, expectMultiple: bool): void {}

@global @unsafe
export function __pin(pointer: usize): usize {
  return pointer;
}

@global @unsafe
export function __unpin(pointer: usize): void {}

@global @unsafe
function __visit(pointer: usize, cookie: u32): void {}

@global @unsafe
export function __collect(): void {}
