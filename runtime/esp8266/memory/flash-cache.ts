/**
 * The flash cache as the cycle model sees it: which 32-byte lines of the 1 MiB window are present. It holds no bytes.
 *
 * One byte a line says whether the line is present, so that a hit is one load of a byte, in translated code as well.
 * Therefore replacement may depend on misses only: two ways, first in first out.
 *
 * Known: 32 KiB (two IRAM banks of 16 KiB; Espressif's Cache_Read_Enable takes their number), lines of 32 bytes (measured
 * at the pins by nerdralph.blogspot.com, 2015-03-30). Assumed: the two ways, as in Espressif's ESP32 (Technical Reference
 * Manual, 1.3.4), and their order of replacement. Chip code does not depend on it, only cycle counts do.
 */
export const CACHE_LINE_SHIFT = 5;
const WAYS = 2;
const EMPTY = -1;

export class FlashCache {
  /** 1 for each line of the window that is present. Others only read it. */
  readonly present: Uint8Array;
  /** Lines fetched from flash since power-on. */
  misses = 0;
  #sets: number;
  /** For each set its lines, oldest first. */
  #lines: Int32Array;

  constructor(present: Uint8Array, sizeBytes = 0x8000) {
    this.present = present;
    this.#sets = (sizeBytes >> CACHE_LINE_SHIFT) / WAYS;
    this.#lines = new Int32Array(this.#sets * WAYS).fill(EMPTY);
  }

  /** Fetches a line that is not present; another of its set goes. */
  fill(line: number): void {
    this.misses++;
    const first = (line % this.#sets) * WAYS;
    const oldest = this.#lines[first] as number;
    if (oldest !== EMPTY) this.present[oldest] = 0;
    this.#lines.copyWithin(first, first + 1, first + WAYS);
    this.#lines[first + WAYS - 1] = line;
    this.present[line] = 1;
  }

  /** Empties it, and changes its size when one is given (16 or 32 KiB on this chip). */
  clear(sizeBytes?: number): void {
    if (sizeBytes !== undefined) {
      this.#sets = (sizeBytes >> CACHE_LINE_SHIFT) / WAYS;
      this.#lines = new Int32Array(this.#sets * WAYS);
    }
    this.#lines.fill(EMPTY);
    this.present.fill(0);
  }
}
