/**
 * What the allocator (arena.ts) has given out. In a spec, where as-pect brings a runtime of its own, there is nothing to
 * tell.
 */

/** Bytes given out so far. */
export function heap_used(): u32 {
  return isDefined(__heap_used) ? __heap_used() : 0;
}

/** Bytes that can be given out at most. */
export function heap_limit(): u32 {
  return isDefined(__heap_limit) ? __heap_limit() : 0;
}

export function heapFreeBytes(): u32 {
  return heap_limit() - heap_used();
}
