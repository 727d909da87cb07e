/**
 * Which parts of a new image are old ones, at the same place or moved, up to some changed bytes: after bsdiff (C. Percival,
 * "Naive differences of executable code", 2003). A program that grows by a line is the old one in a few long pieces, with
 * offsets corrected here and there.
 */
import { SuffixArray } from "./suffix-array.ts";

/** A piece of the new image that resembles one of the old. What lies between pieces is new. */
export interface Copy {
  targetStart: number;
  baseStart: number;
  sizeBytes: number;
}

/** A match elsewhere must be better by this many bytes than to go on as before, for it costs a seek. */
const BETTER_BYTES = 8;

/** In order of the target, without overlaps. */
export function findCopies(base: Uint8Array, target: Uint8Array): Copy[] {
  const suffixes = new SuffixArray(base);
  const copies: Copy[] = [];
  let last: Copy = { targetStart: 0, baseStart: 0, sizeBytes: 0 };
  let scan = 0;
  let matched = 0;
  let offset = 0;
  const isSameAt = (index: number) => target[index] === base[index + offset];
  while (scan < target.length) {
    scan += matched;
    let seen = scan;
    // Bytes of the match that going on as before would give too.
    let alsoBefore = 0;
    let match = { position: 0, sizeBytes: 0 };
    for (; scan < target.length; scan++) {
      match = suffixes.longestMatch(target, scan);
      for (; seen < scan + match.sizeBytes; seen++) if (isSameAt(seen)) alsoBefore++;
      if (match.sizeBytes > 0 && match.sizeBytes === alsoBefore) break;
      if (match.sizeBytes > alsoBefore + BETTER_BYTES) break;
      if (isSameAt(scan)) alsoBefore--;
    }
    matched = match.sizeBytes;
    if (scan < target.length && matched === alsoBefore) continue;
    const next: Copy = { targetStart: scan, baseStart: match.position, sizeBytes: 0 };
    last.sizeBytes = forwardBytes(base, target, last, scan);
    const backBytes = scan < target.length ? backwardBytes(base, target, last.targetStart, next) : 0;
    next.targetStart -= backBytes;
    next.baseStart -= backBytes;
    shareOverlap(base, target, last, next);
    if (last.sizeBytes > 0) copies.push(last);
    last = next;
    offset = next.baseStart - next.targetStart;
  }
  return copies;
}

/** How far a copy pays: at least half of its bytes are right. */
function forwardBytes(base: Uint8Array, target: Uint8Array, copy: Copy, end: number): number {
  const most = Math.min(end - copy.targetStart, base.length - copy.baseStart);
  let [same, bestScore, best] = [0, 0, 0];
  for (let size = 1; size <= most; size++) {
    if (base[copy.baseStart + size - 1] === target[copy.targetStart + size - 1]) same++;
    if (2 * same - size > bestScore) [bestScore, best] = [2 * same - size, size];
  }
  return best;
}

function backwardBytes(base: Uint8Array, target: Uint8Array, start: number, copy: Copy): number {
  const most = Math.min(copy.targetStart - start, copy.baseStart);
  let [same, bestScore, best] = [0, 0, 0];
  for (let size = 1; size <= most; size++) {
    if (base[copy.baseStart - size] === target[copy.targetStart - size]) same++;
    if (2 * same - size > bestScore) [bestScore, best] = [2 * same - size, size];
  }
  return best;
}

/** Where both reach, the place from which the later one is better. */
function shareOverlap(base: Uint8Array, target: Uint8Array, earlier: Copy, later: Copy): void {
  const overlap = earlier.targetStart + earlier.sizeBytes - later.targetStart;
  if (overlap <= 0) return;
  const earlierBase = earlier.baseStart - earlier.targetStart;
  let [score, bestScore, best] = [0, 0, 0];
  for (let size = 1; size <= overlap; size++) {
    const at = later.targetStart + size - 1;
    if (target[at] === base[at + earlierBase]) score++;
    if (target[at] === base[later.baseStart + size - 1]) score--;
    if (score > bestScore) [bestScore, best] = [score, size];
  }
  earlier.sizeBytes += best - overlap;
  later.targetStart += best;
  later.baseStart += best;
}
