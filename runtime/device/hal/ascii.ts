/** Names on the wire are ASCII, one byte a character; a program's own texts have two. */

/** The `length` bytes at `pointer` are this text. */
export function isAscii(pointer: usize, length: u32, text: string): bool {
  if (length != <u32>text.length) return false;
  for (let i: u32 = 0; i < length; i++) {
    if (<i32>load<u8>(pointer + i) != text.charCodeAt(i)) return false;
  }
  return true;
}
