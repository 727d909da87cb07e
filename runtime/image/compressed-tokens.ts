/**
 * The cheapest way to write a sector as literals and copies (contract/compressed-format.ts): a shortest path over the places
 * in it. The distance used last is known only of the cheapest way to each place, so it is nearly the cheapest.
 */

export type Token =
  | { kind: "literals"; sizeBytes: number }
  /** `distance` 0: the same as last time. */
  | { kind: "copy"; sizeBytes: number; distance: number };

/** Earlier places that are tried for a copy, the nearest first. */
const CANDIDATES_MAX = 300;
/** A copy this long is taken without a look at others. */
const LONG_COPY_BYTES = 256;
const COPY_MIN_BYTES = 2;
const UNREACHED = 0x7fffffff;

/** Bits of a number of at least 1. */
export function numberBits(value: number): number {
  return 2 * (31 - Math.clz32(value)) + 1;
}

function copyBits(distance: number, sizeBytes: number): number {
  return 1 + numberBits(((distance - 1) >> 8) + 1) + 8 + numberBits(sizeBytes - 1);
}

/** Where each pair of bytes occurs in `payload`, in rising order. */
export class PairIndex {
  readonly #last = new Int32Array(1 << 16).fill(-1);
  readonly #before: Int32Array;
  readonly #payload: Uint8Array;

  constructor(payload: Uint8Array) {
    this.#payload = payload;
    this.#before = new Int32Array(payload.length).fill(-1);
  }

  /** The nearest place before `at` with the same two bytes, or -1; `at` counts as a place from now on. */
  add(at: number): number {
    const pair = (this.#payload[at] as number) | ((this.#payload[at + 1] as number) << 8);
    const nearest = this.#last[pair] as number;
    this.#before[at] = nearest;
    this.#last[pair] = at;
    return nearest;
  }

  /** The next nearest. */
  before(place: number): number {
    return this.#before[place] as number;
  }
}

/** How the cheapest way comes to a place. */
interface Ways {
  bits: Int32Array;
  /** Bytes of the last token. */
  sizes: Int32Array;
  /** Distance used last. */
  distances: Int32Array;
  /** Of a copy: 0 = the same distance as before; otherwise as `distances`. */
  spelled: Int32Array;
  /** Of a copy: the token before it was literals. */
  isAfterLiterals: Uint8Array;
}

function noWays(places: number): Ways {
  return {
    bits: new Int32Array(places).fill(UNREACHED),
    sizes: new Int32Array(places),
    distances: new Int32Array(places),
    spelled: new Int32Array(places),
    isAfterLiterals: new Uint8Array(places),
  };
}

/** The tokens of `payload[start..end)`; `index` knows all pairs before `start`, and learns those of the sector. */
export function tokensOf(payload: Uint8Array, start: number, end: number, index: PairIndex): Token[] {
  const size = end - start;
  // The way to a place whose last token is literals, and the one whose last token is a copy (or that is at the start).
  const literals = noWays(size + 1);
  const copies = noWays(size + 1);
  copies.bits[0] = 0;
  for (let at = 0; at < size; at++) {
    addLiterals(literals, copies, at, size);
    addRepeats(literals, copies, payload, start, at, end);
    addCopies(literals, copies, payload, start, at, end, index);
  }
  return trace(literals, copies, size);
}

function addLiterals(literals: Ways, copies: Ways, at: number, size: number): void {
  const from = copies.bits[at] as number;
  if (from === UNREACHED) return;
  for (let run = 1; at + run <= size; run++) {
    const bits = from + 1 + numberBits(run) + 8 * run;
    if (bits >= (literals.bits[at + run] as number)) continue;
    literals.bits[at + run] = bits;
    literals.sizes[at + run] = run;
    literals.distances[at + run] = copies.distances[at] as number;
  }
}

function addRepeats(literals: Ways, copies: Ways, payload: Uint8Array, start: number, at: number, end: number): void {
  const from = literals.bits[at] as number;
  const distance = literals.distances[at] as number;
  if (from === UNREACHED || distance === 0) return;
  const most = matchBytes(payload, start + at - distance, start + at, end);
  for (let run = 1; run <= most; run++) {
    reach(copies, at + run, from + 1 + numberBits(run), run, distance, 0, true);
  }
}

function addCopies(
  literals: Ways,
  copies: Ways,
  payload: Uint8Array,
  start: number,
  at: number,
  end: number,
  index: PairIndex,
): void {
  const here = start + at;
  if (here + 1 >= payload.length) return;
  const afterLiterals = literals.bits[at] as number;
  const isAfterLiterals = afterLiterals < (copies.bits[at] as number);
  const from = isAfterLiterals ? afterLiterals : (copies.bits[at] as number);
  let best = COPY_MIN_BYTES - 1;
  let place = index.add(here);
  for (let tries = 0; place >= 0 && tries < CANDIDATES_MAX && best < LONG_COPY_BYTES; tries++) {
    const most = matchBytes(payload, place, here, end);
    for (let run = best + 1; run <= most; run++) {
      const distance = here - place;
      reach(copies, at + run, from + copyBits(distance, run), run, distance, distance, isAfterLiterals);
    }
    best = Math.max(best, most);
    place = index.before(place);
  }
}

function reach(
  ways: Ways,
  place: number,
  bits: number,
  sizeBytes: number,
  distance: number,
  spelled: number,
  isAfterLiterals: boolean,
): void {
  if (bits >= (ways.bits[place] as number)) return;
  ways.bits[place] = bits;
  ways.sizes[place] = sizeBytes;
  ways.distances[place] = distance;
  ways.spelled[place] = spelled;
  ways.isAfterLiterals[place] = isAfterLiterals ? 1 : 0;
}

function matchBytes(payload: Uint8Array, place: number, at: number, end: number): number {
  let size = 0;
  while (at + size < end && payload[place + size] === payload[at + size]) size++;
  return size;
}

function trace(literals: Ways, copies: Ways, size: number): Token[] {
  const tokens: Token[] = [];
  let isLiterals = (literals.bits[size] as number) < (copies.bits[size] as number);
  for (let at = size; at > 0; ) {
    const ways = isLiterals ? literals : copies;
    const sizeBytes = ways.sizes[at] as number;
    tokens.push(
      isLiterals ? { kind: "literals", sizeBytes } : { kind: "copy", sizeBytes, distance: ways.spelled[at] as number },
    );
    isLiterals = !isLiterals && ways.isAfterLiterals[at] === 1;
    at -= sizeBytes;
  }
  return tokens.reverse();
}
