/** For tests: bytes with seeded damage, the same ones in every run. */

/** mulberry32: small, seeded, good enough to break messages with. Returns 0 up to, not including, 1. */
export function makeRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const INTERESTING = [
  0x00, 0x17, 0x18, 0x1b, 0x1f, 0x5f, 0x7f, 0x80, 0x9b, 0x9f, 0xa0, 0xbb, 0xbf, 0xd8, 0xf9, 0xfb, 0xff,
];

/** One to four edits: a flipped bit, a telling byte, a cut, an insertion, a doubled piece. */
export function mutate(bytes: Uint8Array, random: () => number): Buffer {
  let result = Buffer.from(bytes);
  const below = (limit: number) => Math.floor(random() * limit);
  for (let edits = 1 + below(4); edits > 0; edits--) {
    const at = below(result.length + 1);
    switch (below(5)) {
      case 0:
        if (at < result.length) result[at] = (result[at] ?? 0) ^ (1 << below(8));
        break;
      case 1:
        if (at < result.length) result[at] = INTERESTING[below(INTERESTING.length)] ?? 0;
        break;
      case 2:
        result = result.subarray(0, at);
        break;
      case 3:
        result = Buffer.concat([result.subarray(0, at), Buffer.from([below(256)]), result.subarray(at)]);
        break;
      default:
        result = Buffer.concat([result, result.subarray(at, at + below(16))]);
    }
    result = Buffer.from(result);
  }
  return result;
}
