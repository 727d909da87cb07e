/** What a receiver makes of bytes that were sent at another speed than its own. */

/** Sender and receiver may differ by so much before bits are taken for their neighbours: half a bit in ten. */
const SPEED_TOLERANCE = 0.05;

/** The byte that a receiver hears; `ratio` is the sender's speed over its own. Which wrong byte it is, is not modelled. */
export function heardByte(byte: number, ratio: number): number {
  return Math.abs(ratio - 1) <= SPEED_TOLERANCE ? byte : (byte * 2 + 1) & 0xff;
}
