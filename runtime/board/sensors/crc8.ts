/** The CRC of 1-Wire ROM codes and scratchpads: x^8 + x^5 + x^4 + 1, from 0, lowest bit first (Maxim application note 27). */
export function oneWireCrc(bytes: Iterable<number>): number {
  let crc = 0;
  for (const byte of bytes) {
    for (let bit = 0; bit < 8; bit++) {
      const isOne = ((crc ^ (byte >> bit)) & 1) === 1;
      crc = (crc >> 1) ^ (isOne ? 0x8c : 0);
    }
  }
  return crc;
}
