/** CRC-32/ISO-HDLC (polynomial edb88320, reflected, as in Ethernet and zip), bit by bit: small, and rarely needed. */

export const CRC32_POLYNOMIAL: u32 = 0xedb88320;

/** Continues a CRC over `length` bytes; begin with `crc` 0. */
export function crc32(crc: u32, pointer: usize, length: u32): u32 {
  let rest = ~crc;
  for (let i: u32 = 0; i < length; i++) {
    rest ^= load<u8>(pointer + i);
    for (let bit = 0; bit < 8; bit++) rest = (rest >>> 1) ^ (CRC32_POLYNOMIAL & -(rest & 1));
  }
  return ~rest;
}
