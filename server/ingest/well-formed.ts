/**
 * Is this one well-formed CBOR item, and nothing after it? Checked before any decoder allocates from it: a length that
 * the message cannot hold, deep nesting or a tag that means something special to the decoder (it has extensions for
 * shared structures and references) ends here. One pass, no recursion.
 *
 * Source: RFC 8949 appendix C (well-formedness), 3.4 (tags).
 */
export type CborFault =
  | "empty"
  | "truncated"
  | "trailing"
  | "tooDeep"
  | "reserved"
  | "badBreak"
  | "badSimple"
  | "badTag";

const MAX_DEPTH = 16;
/** Left to read in an open container: items of a definite one, or this. */
const INDEFINITE = -1;
const BREAK = 0xff;

/** Tags of RFC 8949 section 3.4 that carry plain values. Every other tag is refused. */
const TAGS = new Set([0, 1, 2, 3, 4, 5, 21, 22, 23, 24, 32, 33, 34, 36, 55799]);

const left = new Int32Array(MAX_DEPTH + 1);
/** 1 in an open map of indefinite length while a value is due. */
const valueDue = new Uint8Array(MAX_DEPTH + 1);
const isMap = new Uint8Array(MAX_DEPTH + 1);

export function findCborFault(bytes: Uint8Array): CborFault | null {
  const end = bytes.length;
  if (end === 0) return "empty";
  let at = 0;
  let depth = 0;
  left[0] = 1;
  isMap[0] = 0;
  for (;;) {
    while (left[depth] === 0) {
      if (depth === 0) return at === end ? null : "trailing";
      depth--;
    }
    if (at >= end) return "truncated";
    const head = bytes[at++] as number;
    const open = left[depth] as number;
    if (head === BREAK) {
      if (open !== INDEFINITE || (isMap[depth] === 1 && valueDue[depth] === 1)) return "badBreak";
      depth--;
      continue;
    }
    const major = head >> 5;
    const info = head & 31;
    let argument = info;
    if (info >= 24) {
      if (info > 27 && info < 31) return "reserved";
      if (info === 31) {
        if (major < 2 || major > 5) return "reserved";
      } else {
        const size = 1 << (info - 24);
        if (at + size > end) return "truncated";
        argument = 0;
        for (let i = 0; i < size; i++) argument = argument * 256 + (bytes[at++] as number);
      }
    }
    // A tag is a prefix: the item that it marks is still due.
    if (major === 6) {
      if (!TAGS.has(argument)) return "badTag";
      if (at >= end) return "truncated";
      if (bytes[at] === BREAK) return "badBreak";
      continue;
    }
    if (open === INDEFINITE) valueDue[depth] = 1 - (valueDue[depth] as number);
    else left[depth] = open - 1;

    if (major === 2 || major === 3) {
      if (info === 31) {
        const chunksEnd = skipChunks(bytes, at, major);
        if (chunksEnd < 0) return chunksEnd === -1 ? "truncated" : "badBreak";
        at = chunksEnd;
      } else {
        if (argument > end - at) return "truncated";
        at += argument;
      }
    } else if (major === 4 || major === 5) {
      if (depth === MAX_DEPTH) return "tooDeep";
      const items = major === 5 ? argument * 2 : argument;
      if (info !== 31 && items > end - at) return "truncated";
      depth++;
      left[depth] = info === 31 ? INDEFINITE : items;
      isMap[depth] = major === 5 ? 1 : 0;
      valueDue[depth] = 0;
    } else if (major === 7 && info === 24 && argument < 32) {
      return "badSimple";
    }
  }
}

/** Past the chunks of a string of indefinite length; -1 when it ends early, -2 when a chunk is not a plain string. */
function skipChunks(bytes: Uint8Array, from: number, major: number): number {
  let at = from;
  for (;;) {
    if (at >= bytes.length) return -1;
    const head = bytes[at++] as number;
    if (head === BREAK) return at;
    const info = head & 31;
    if (head >> 5 !== major || info > 27) return -2;
    let length = info;
    if (info >= 24) {
      const size = 1 << (info - 24);
      if (at + size > bytes.length) return -1;
      length = 0;
      for (let i = 0; i < size; i++) length = length * 256 + (bytes[at++] as number);
    }
    if (length > bytes.length - at) return -1;
    at += length;
  }
}
