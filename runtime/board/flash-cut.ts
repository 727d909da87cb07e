/**
 * Power cuts in flash operations. Whoever tests a program is asked before each write and erase, and may cut the power before
 * it, after it, or inside of it; what is left in the cells then is worked out here.
 */
import { FLASH_SECTOR_BYTES } from "../contract/flash-map.ts";
import type { FlashSector } from "./flash-sector.ts";
import { SeededRandom } from "./random.ts";

const WORD_BYTES = 4;
const ALL = 0xff;

export interface FlashOperation {
  /** Writes and erases of this flash, counted from 0. */
  index: number;
  kind: "write" | "erase";
  /** In the Lintel region. */
  offset: number;
  /** How many are written; of an erase, the sector's size. */
  bytes: number;
  /** What is written, until the operation returns; empty of an erase. */
  data: Uint8Array;
}

/** Where the power goes. */
export type Cut = { at: "before" } | { at: "after" } | WriteCut | EraseCut;

/**
 * Inside a write: so many words are whole; of the next one's bits that were to be cleared, those in `clears` are, and those
 * in `weak` are unstable. A number of words that the write does not have is a cut after it.
 */
export interface WriteCut {
  at: "inside";
  words: number;
  /** Masks over the word as the chip reads it, little-endian. */
  clears: number;
  weak: number;
}

/** Inside an erase: each bit is what it was, one, or unstable if it was not one, drawn from the seed. */
export interface EraseCut {
  at: "inside";
  seed: number;
}

/** The word at `start` of a sector, after its write was cut off. */
export function cutWord(sector: FlashSector, start: number, word: Uint8Array, { clears, weak }: WriteCut): void {
  for (let index = 0; index < WORD_BYTES; index++) {
    const toClear = ~(word[index] as number) & ALL;
    const cleared = toClear & (clears >>> (8 * index));
    sector.program(start + index, Uint8Array.of(~cleared & ALL));
    sector.weaken(start + index, toClear & ~cleared & (weak >>> (8 * index)));
  }
}

/** A sector whose erase was cut off. */
export function cutErase(sector: FlashSector, { seed }: EraseCut): void {
  const random = new SeededRandom(seed);
  const byte = () => random.integer(0, ALL);
  switch (random.integer(0, 4)) {
    case 0:
      // Bit by bit: a half is as before, a quarter one, a quarter weak.
      loosenAll(sector, 0, FLASH_SECTOR_BYTES, () => {
        const touched = byte();
        const ones = touched & byte();
        return [ones, touched & ~ones];
      });
      break;
    case 1:
      // The first part is erased, the rest as before.
      loosenAll(sector, 0, random.integer(0, FLASH_SECTOR_BYTES), () => [ALL, 0]);
      break;
    case 2: {
      // The first part is erased, the rest weak.
      const border = random.integer(0, FLASH_SECTOR_BYTES);
      loosenAll(sector, 0, border, () => [ALL, 0]);
      loosenAll(sector, border, FLASH_SECTOR_BYTES, () => [0, ALL]);
      break;
    }
    case 3: {
      // It looks erased; one byte is not.
      const last = random.integer(0, FLASH_SECTOR_BYTES - 1);
      loosenAll(sector, 0, FLASH_SECTOR_BYTES, (at) => (at === last ? [0, ALL] : [ALL, 0]));
      break;
    }
    default:
      // Hardly begun: a few weak bits.
      loosenAll(sector, 0, FLASH_SECTOR_BYTES, () => [0, byte() & byte() & byte() & byte()]);
  }
}

function loosenAll(sector: FlashSector, from: number, to: number, masks: (at: number) => [number, number]): void {
  for (let at = from; at < to; at++) sector.loosen(at, ...masks(at));
}
