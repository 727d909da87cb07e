/** Seeded damage for byte strings: what broken flash, a broken peer or an attacker may send. */
import type { RandomSource } from "../../runtime/board/random.ts";

const MUTATIONS_MAX = 4;
const RANDOM_BYTES_MAX = 24;

/** One to four changes to a random one of `seeds`; at most `maxBytes` long. */
export function mutate(random: RandomSource, seeds: readonly Uint8Array[], maxBytes: number): Uint8Array {
  let bytes = pick(random, seeds);
  for (let changes = random.integer(1, MUTATIONS_MAX); changes > 0; changes--) {
    bytes = pick(random, MUTATIONS)(random, bytes, seeds);
  }
  return bytes.slice(0, maxBytes);
}

type Mutation = (random: RandomSource, bytes: Uint8Array, seeds: readonly Uint8Array[]) => Uint8Array;

const MUTATIONS: readonly Mutation[] = [
  function flipBit(random, bytes) {
    const changed = bytes.slice();
    if (bytes.length > 0) at(random, changed, (byte) => byte ^ (1 << random.integer(0, 7)));
    return changed;
  },
  function replaceByte(random, bytes) {
    const changed = bytes.slice();
    if (bytes.length > 0) at(random, changed, () => random.integer(0, 255));
    return changed;
  },
  /** Another length or type in a head: the low or high bits of one byte. */
  function replaceHead(random, bytes) {
    const changed = bytes.slice();
    const info = random.integer(20, 31);
    if (bytes.length > 0) at(random, changed, (byte) => (byte & 0xe0) | info);
    return changed;
  },
  function truncate(random, bytes) {
    return bytes.slice(0, random.integer(0, bytes.length));
  },
  function splice(random, bytes, seeds) {
    const other = pick(random, seeds);
    return joined(bytes.slice(0, random.integer(0, bytes.length)), other.slice(random.integer(0, other.length)));
  },
  function insert(random, bytes, seeds) {
    const place = random.integer(0, bytes.length);
    return joined(bytes.slice(0, place), pick(random, seeds), bytes.slice(place));
  },
  function cutOut(random, bytes) {
    const from = random.integer(0, bytes.length);
    return joined(bytes.slice(0, from), bytes.slice(random.integer(from, bytes.length)));
  },
  function randomTail(random, bytes) {
    const tail = new Uint8Array(random.integer(0, RANDOM_BYTES_MAX));
    random.fill(tail);
    return joined(bytes.slice(0, random.integer(0, bytes.length)), tail);
  },
  function wrapInArray(_random, bytes) {
    return joined(Uint8Array.of(0x81), bytes);
  },
];

function pick<T>(random: RandomSource, from: readonly T[]): T {
  return from[random.integer(0, from.length - 1)] as T;
}

function at(random: RandomSource, bytes: Uint8Array, change: (byte: number) => number): void {
  const index = random.integer(0, bytes.length - 1);
  bytes[index] = change(bytes[index] ?? 0);
}

function joined(...parts: Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}
