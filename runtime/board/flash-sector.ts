/**
 * The cells of one flash sector. A cell holds a one, a zero, or neither for sure: one whose writing or erasing was cut off is
 * weak and reads as either at random, until it is written to zero or the whole sector is erased. Source: linux-mtd, UBIFS
 * documentation, "unstable bits"; measured by Tseng, Grupp and Swanson, "Understanding the impact of power loss on flash
 * memory", DAC 2011.
 */
import { FLASH_SECTOR_BYTES } from "../contract/flash-map.ts";
import type { RandomSource } from "./random.ts";

const ERASED = 0xff;

export class FlashSector {
  /** Bit by bit; weak cells are ones here. */
  readonly bytes: Uint8Array;
  /** Ones for weak cells; undefined: there are none. */
  weak: Uint8Array | undefined;
  /** A snapshot holds it too: it is copied before it changes. */
  isShared = false;

  constructor(bytes = new Uint8Array(FLASH_SECTOR_BYTES).fill(ERASED), weak?: Uint8Array) {
    this.bytes = bytes;
    this.weak = weak;
  }

  copy(): FlashSector {
    return new FlashSector(this.bytes.slice(), this.weak?.slice());
  }

  /** `random` decides what weak cells show; nothing is drawn where there are none. */
  read(start: number, into: Uint8Array, random: RandomSource): void {
    into.set(this.bytes.subarray(start, start + into.length));
    const { weak } = this;
    if (weak === undefined) return;
    for (let index = 0; index < into.length; index++) {
      const unsure = byteAt(weak, start + index);
      if (unsure !== 0) into[index] = byteAt(into, index) & ~(unsure & random.integer(0, ERASED));
    }
  }

  /** Clears the cells that are zero in `bytes`; they are firm then. */
  program(start: number, bytes: Uint8Array): void {
    for (let index = 0; index < bytes.length; index++) {
      const value = byteAt(bytes, index);
      this.bytes[start + index] = byteAt(this.bytes, start + index) & value;
      if (this.weak !== undefined) this.weak[start + index] = byteAt(this.weak, start + index) & value;
    }
  }

  /** Makes cells weak, those that are one in `mask` and hold no firm zero. */
  weaken(at: number, mask: number): void {
    const open = byteAt(this.bytes, at) & mask;
    if (open === 0) return;
    this.weak ??= new Uint8Array(FLASH_SECTOR_BYTES);
    this.weak[at] = byteAt(this.weak, at) | open;
  }

  /** An erase that did not end: cells go to one, or become weak where they were zero. */
  loosen(at: number, ones: number, weak: number): void {
    const zeros = ~byteAt(this.bytes, at) & ERASED;
    const unsure = this.weak === undefined ? 0 : byteAt(this.weak, at);
    this.bytes[at] = byteAt(this.bytes, at) | ((ones | weak) & ERASED);
    const left = (unsure & ~ones) | (zeros & weak & ~ones);
    if (left === 0 && this.weak === undefined) return;
    this.weak ??= new Uint8Array(FLASH_SECTOR_BYTES);
    this.weak[at] = left;
  }
}

function byteAt(bytes: Uint8Array, index: number): number {
  return bytes[index] as number;
}
