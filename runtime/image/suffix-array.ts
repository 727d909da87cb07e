/**
 * Where in some bytes others occur: all suffixes in order, by doubling prefixes (Manber and Myers, "Suffix arrays: a new
 * method for on-line string searches", 1990), each round sorted by counting. A slot of flash takes well below 0.1 s, whatever is in them.
 */

/** A comparison stops here; a longer match is found in parts. */
const MATCH_MAX_BYTES = 1024;

export interface Match {
  position: number;
  sizeBytes: number;
}

export class SuffixArray {
  readonly #bytes: Uint8Array;
  readonly #order: Int32Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#order = sortSuffixes(bytes);
  }

  /** The longest beginning of `target` from `start` on that occurs in the bytes. */
  longestMatch(target: Uint8Array, start: number): Match {
    let low = 0;
    let high = this.#order.length - 1;
    let best: Match = { position: 0, sizeBytes: 0 };
    while (low <= high) {
      const middle = (low + high) >> 1;
      const position = this.#order[middle] as number;
      const sizeBytes = this.#matchBytes(position, target, start);
      if (sizeBytes > best.sizeBytes) best = { position, sizeBytes };
      if (start + sizeBytes === target.length || sizeBytes === MATCH_MAX_BYTES) break;
      const ownByte = this.#bytes[position + sizeBytes] ?? -1;
      if (ownByte < (target[start + sizeBytes] as number)) low = middle + 1;
      else high = middle - 1;
    }
    return best;
  }

  #matchBytes(position: number, target: Uint8Array, start: number): number {
    const most = Math.min(this.#bytes.length - position, target.length - start, MATCH_MAX_BYTES);
    let size = 0;
    while (size < most && this.#bytes[position + size] === target[start + size]) size++;
    return size;
  }
}

function sortSuffixes(bytes: Uint8Array): Int32Array {
  const count = bytes.length;
  let ranks = Int32Array.from(bytes);
  let order = sortByRank(
    Int32Array.from({ length: count }, (_, index) => index),
    (index) => ranks[index] as number,
    256,
  );
  for (let prefix = 1; prefix < count; prefix *= 2) {
    // Suffixes whose second half is empty come first, the others in the order of that half: no sort is needed for it.
    const bySecondHalf = new Int32Array(count);
    let at = 0;
    for (let index = count - prefix; index < count; index++) bySecondHalf[at++] = index;
    for (const index of order) if (index >= prefix) bySecondHalf[at++] = index - prefix;
    const before = ranks;
    order = sortByRank(bySecondHalf, (index) => before[index] as number, Math.max(256, count));
    ranks = new Int32Array(count);
    const half = (index: number) => (index + prefix < count ? (before[index + prefix] as number) : -1);
    for (let place = 1; place < count; place++) {
      const [one, next] = [order[place - 1] as number, order[place] as number];
      const isSame = before[one] === before[next] && half(one) === half(next);
      ranks[next] = (ranks[one] as number) + (isSame ? 0 : 1);
    }
    if (ranks[order[count - 1] as number] === count - 1) break;
  }
  return order;
}

/** Stable, by counting. */
function sortByRank(indices: Int32Array, rankOf: (index: number) => number, rankCount: number): Int32Array {
  const starts = new Int32Array(rankCount + 1);
  for (const index of indices) starts[rankOf(index) + 1] = (starts[rankOf(index) + 1] as number) + 1;
  for (let rank = 1; rank <= rankCount; rank++) starts[rank] = (starts[rank] as number) + (starts[rank - 1] as number);
  const sorted = new Int32Array(indices.length);
  for (const index of indices) {
    const place = starts[rankOf(index)] as number;
    starts[rankOf(index)] = place + 1;
    sorted[place] = index;
  }
  return sorted;
}
