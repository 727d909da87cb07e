/**
 * The allocator of device programs, in the place of asc's stub runtime (tools/build/compile-program.ts puts it there):
 * memory is handed out from the end of the static data upwards, never taken back, and has a hard end. A program allocates
 * what it needs while it starts; the host watches `heap_used` and reports any growth after that.
 *
 * The names and signatures of the `__` functions are those that asc's generated code expects. Of its object header only
 * what that code reads is there, class and size in the eight bytes before the object: what comes before them is for a
 * garbage collector.
 * The compiler takes this file for a part of its own library, so it imports nothing of Lintel: the end of the
 * program's memory (contract/limits.ts, PROGRAM_RAM_BYTES) comes as the constant LINTEL_RAM_END.
 */
// Inlined: a global would not be set yet when the globals of other files allocate.
@inline const LIMIT: usize = LINTEL_RAM_END;
/** Before each object: u32 class, u32 size in bytes. */
@inline const HEADER_BYTES: usize = 8;
@inline const SIZE_BACK_BYTES: usize = 4;
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
  const block = __alloc(HEADER_BYTES + sizeBytes);
  store<u32>(block, id);
  store<u32>(block + SIZE_BACK_BYTES, <u32>sizeBytes);
  return block + HEADER_BYTES;
}

@global @unsafe
export function __renew(pointer: usize, sizeBytes: usize): usize {
  const moved = __new(sizeBytes, load<u32>(pointer - HEADER_BYTES));
  memory.copy(moved, pointer, min<usize>(load<u32>(pointer - SIZE_BACK_BYTES), sizeBytes));
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
