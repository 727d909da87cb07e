/** Bytes as hexadecimal text and back, for specs. */
const DIGITS = "0123456789abcdef";

export function hexOf(pointer: usize, length: i32): string {
  let text = "";
  for (let i = 0; i < length; i++) {
    const byte = load<u8>(pointer + i);
    text += DIGITS.charAt(byte >> 4) + DIGITS.charAt(byte & 15);
  }
  return text;
}

/** Writes the bytes at `pointer`; returns how many. */
export function putHex(pointer: usize, hex: string): i32 {
  for (let i = 0; i < hex.length; i += 2) {
    store<u8>(pointer + (i >> 1), (DIGITS.indexOf(hex.charAt(i)) << 4) | DIGITS.indexOf(hex.charAt(i + 1)));
  }
  return hex.length >> 1;
}
