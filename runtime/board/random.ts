/**
 * Seeded randomness: one seed replays a whole simulation. Sources are split by label (`fork`), so that a device or a
 * connection more does not disturb the numbers that the others draw.
 */
import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import type { JumpableRandomGenerator } from "pure-rand/types/JumpableRandomGenerator";

export interface RandomSource {
  /** Fills with random bytes. */
  fill(bytes: Uint8Array): void;
  /** An integer, both bounds included. */
  integer(min: number, max: number): number;
  /** At least 0, below 1. */
  fraction(): number;
  /** An independent source; the same label gives the same source whatever was drawn before. */
  fork(label: number): RandomSource;
}

export class SeededRandom implements RandomSource {
  readonly #seed: number;
  readonly #generator: JumpableRandomGenerator;

  constructor(seed: number) {
    this.#seed = seed | 0;
    this.#generator = xoroshiro128plus(this.#seed);
  }

  fill(bytes: Uint8Array): void {
    let word = 0;
    for (let index = 0; index < bytes.length; index++) {
      if (index % 4 === 0) word = this.#generator.next();
      bytes[index] = word & 0xff;
      word >>>= 8;
    }
  }

  integer(min: number, max: number): number {
    return uniformInt(this.#generator, min, max);
  }

  fraction(): number {
    return uniformFloat64(this.#generator);
  }

  fork(label: number): SeededRandom {
    return new SeededRandom(mix(mix(this.#seed) ^ label));
  }
}

/** The finalizer of MurmurHash3: neighbouring labels give unrelated seeds. */
function mix(value: number): number {
  let hash = value | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
