/**
 * A reference decoder for tests: RFC 8949 appendix C (well-formedness) and appendix D (half precision), slow and
 * complete, indefinite lengths included. It shares nothing with the codecs under test.
 */
const BREAK = 0xff;

export interface CborItem {
  major: number;
  /** Number, length, count, tag, simple value or the bits of a float. */
  argument: bigint;
  /** Bytes of the argument after the initial byte. */
  width: number;
  isIndefinite: boolean;
  /** Content of a byte or text string. */
  bytes: Uint8Array;
  /** Elements; of a map, keys and values in turn; the content of a tag; chunks of an indefinite string. */
  items: CborItem[];
  /** Offset right after the item. */
  end: number;
}

/** The bytes are not well-formed. */
export class NotWellFormed extends Error {}

/** The one item that the bytes are, or undefined where they are not one well-formed item. */
export function parseCbor(input: Uint8Array): CborItem | undefined {
  try {
    const item = parseItem(input, 0);
    return item.end === input.length ? item : undefined;
  } catch (error) {
    if (error instanceof NotWellFormed) return undefined;
    throw error;
  }
}

/** The first item alone, whatever follows it. */
export function parseFirst(input: Uint8Array): CborItem | undefined {
  try {
    return parseItem(input, 0);
  } catch (error) {
    if (error instanceof NotWellFormed) return undefined;
    throw error;
  }
}

/** The item, or anything in it, has an indefinite length. */
export function hasIndefinite(item: CborItem): boolean {
  return item.isIndefinite || item.items.some(hasIndefinite);
}

function parseItem(input: Uint8Array, start: number): CborItem {
  let at = start;
  const byte = () => {
    const value = input[at++];
    if (value === undefined) throw new NotWellFormed();
    return value;
  };
  const initial = byte();
  const major = initial >> 5;
  const info = initial & 31;
  const width = info < 24 ? 0 : 1 << (info - 24);
  if (info >= 28 && info <= 30) throw new NotWellFormed();
  const isIndefinite = info === 31;
  let argument = BigInt(info);
  if (!isIndefinite && width > 0) {
    argument = 0n;
    for (let i = 0; i < width; i++) argument = (argument << 8n) | BigInt(byte());
  }
  const item: CborItem = { major, argument, width, isIndefinite, bytes: new Uint8Array(0), items: [], end: at };
  const child = () => {
    const parsed = parseItem(input, item.end);
    item.items.push(parsed);
    item.end = parsed.end;
    return parsed;
  };
  if (isIndefinite) {
    if (major < 2 || major > 5) throw new NotWellFormed();
    while (input[item.end] !== BREAK) {
      const chunk = child();
      if (major < 4 && (chunk.major !== major || chunk.isIndefinite)) throw new NotWellFormed();
    }
    if (major === 5 && item.items.length % 2 === 1) throw new NotWellFormed();
    item.end++;
  } else if (major === 2 || major === 3) {
    if (argument > BigInt(input.length - item.end)) throw new NotWellFormed();
    item.bytes = input.slice(item.end, item.end + Number(argument));
    item.end += Number(argument);
  } else if (major === 4 || major === 5) {
    // Every element takes a byte, so the loop ends at the end of the input at the latest.
    for (let left = argument * (major === 5 ? 2n : 1n); left > 0n; left--) child();
  } else if (major === 6) {
    child();
  } else if (major === 7 && width === 1 && argument < 32n) {
    throw new NotWellFormed();
  }
  return item;
}

/** Value of a float item. */
export function floatOf(item: CborItem): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, item.argument);
  if (item.width === 8) return view.getFloat64(0);
  if (item.width === 4) return view.getFloat32(4);
  const half = Number(item.argument);
  const exponent = (half >> 10) & 31;
  const mantissa = half & 0x3ff;
  let value = exponent === 31 ? (mantissa === 0 ? Infinity : NaN) : (mantissa + 1024) * 2 ** (exponent - 25);
  if (exponent === 0) value = mantissa * 2 ** -24;
  return half & 0x8000 ? -value : value;
}

/** Both items have the same value, however long their heads are; a NaN is like any other. */
export function sameValue(a: CborItem, b: CborItem): boolean {
  if (a.major !== b.major || a.items.length !== b.items.length) return false;
  const isFloat = (item: CborItem) => item.major === 7 && item.width >= 2;
  if (isFloat(a) || isFloat(b)) return isFloat(a) && isFloat(b) && Object.is(floatOf(a), floatOf(b));
  if (a.argument !== b.argument || Buffer.compare(a.bytes, b.bytes) !== 0) return false;
  return a.items.every((item, i) => sameValue(item, b.items[i] as CborItem));
}
