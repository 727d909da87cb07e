/**
 * Routines that touch the program's memory: bulk operations, and accesses at any address, which the LX106 itself takes
 * as an exception (cause 9). Addresses and lengths are in bytes and have been checked if they are checked at all.
 */

/** The areas may overlap. Words go at once where both areas are equally far from a word's start. */
export function memory_copy(to: u32, from: u32, length: u32): void {
  let end = from + length;
  let shift = (to ^ from) & 3;
  if (to - from >= length) {
    if (shift == 0) {
      while (from & 3) {
        if (from == end) return;
        store<u8>(to++, load<u8>(from++));
      }
      let wordsEnd = end & ~3;
      while (from < wordsEnd) {
        store<u32>(to, load<u32>(from));
        to += 4;
        from += 4;
      }
    }
    while (from != end) store<u8>(to++, load<u8>(from++));
    return;
  }
  // `to` lies inside: from the end down.
  to += length;
  if (shift == 0) {
    while (end & 3) {
      if (end == from) return;
      store<u8>(--to, load<u8>(--end));
    }
    let wordsStart = (from + 3) & ~3;
    while (end > wordsStart) {
      to -= 4;
      end -= 4;
      store<u32>(to, load<u32>(end));
    }
  }
  while (end != from) store<u8>(--to, load<u8>(--end));
}

export function memory_fill(to: u32, value: u32, length: u32): void {
  let end = to + length;
  while (to & 3) {
    if (to == end) return;
    store<u8>(to++, value);
  }
  value &= 0xff;
  value |= value << 8;
  value |= value << 16;
  let wordsEnd = end & ~3;
  for (; to < wordsEnd; to += 4) store<u32>(to, value);
  while (to != end) store<u8>(to++, value);
}

export function load16_unaligned(address: u32): u32 {
  return load<u8>(address) | ((<u32>load<u8>(address, 1)) << 8);
}

export function load32_unaligned(address: u32): u32 {
  return (
    load<u8>(address) |
    ((<u32>load<u8>(address, 1)) << 8) |
    ((<u32>load<u8>(address, 2)) << 16) |
    ((<u32>load<u8>(address, 3)) << 24)
  );
}

export function store16_unaligned(address: u32, value: u32): void {
  store<u8>(address, value);
  store<u8>(address, value >> 8, 1);
}

export function store32_unaligned(address: u32, value: u32): void {
  store<u8>(address, value);
  store<u8>(address, value >> 8, 1);
  store<u8>(address, value >> 16, 2);
  store<u8>(address, value >> 24, 3);
}
