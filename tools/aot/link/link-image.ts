/**
 * Functions, tables and data to one image: header, tables, data, one pool of literals for all, code. l32r reaches back
 * 256 KiB, so literals stand before all code; equal literals are one.
 */
import {
  NATIVE_IMAGE_HEADER_BYTES,
  NATIVE_IMAGE_MAGIC,
  NativeImageWord,
} from "../../../runtime/contract/native-image.ts";
import { EncodeError, encode } from "../../lx106/encode.ts";
import type { FunctionCode } from "../emit/emit-function.ts";
import { CompileError } from "../errors.ts";

const WORD_BYTES = 4;
const L32R_REACH_BYTES = 0x40000;
const CALL_BYTES = 3;

export interface ImageParts {
  codes: readonly FunctionCode[];
  /** Order of the functions in the image, by number. */
  order: readonly number[];
  /** Names of the image with the words that they stand for. A word is a number or the offset of a function. */
  tables: readonly { symbol: string; words: readonly (number | { functionIndex: number })[] }[];
  ramBytes: number;
  entries: Partial<Record<"Init" | "Start" | "Poll" | "HeapUsed" | "HeapLimit", number>>;
}

export interface LinkedImage {
  image: Uint8Array;
  /** Offset of each function, by number. */
  offsets: number[];
  tableBytes: number;
  literalBytes: number;
  literalsOffset: number;
  codeOffset: number;
}

export function linkImage(parts: ImageParts): LinkedImage {
  const tableOffsets = new Map<string, number>();
  let at = NATIVE_IMAGE_HEADER_BYTES;
  for (const { symbol, words } of parts.tables) {
    tableOffsets.set(symbol, at);
    at += WORD_BYTES * words.length;
  }
  const literalsOffset = at;
  const literals = new Map<number, number>();
  const literalOf = ({ value, symbol }: { value: number; symbol?: string | undefined }) => {
    const base = symbol === undefined ? 0 : tableOffsets.get(symbol);
    if (base === undefined) throw new Error(`The image has no ${symbol}.`);
    return (value + base) | 0;
  };
  for (const index of parts.order) {
    for (const literal of (parts.codes[index] as FunctionCode).literals) {
      const value = literalOf(literal);
      if (!literals.has(value)) literals.set(value, literalsOffset + WORD_BYTES * literals.size);
    }
  }
  const codeOffset = literalsOffset + WORD_BYTES * literals.size;
  const offsets: number[] = [];
  at = codeOffset;
  for (const index of parts.order) {
    offsets[index] = at;
    at = align((parts.codes[index] as FunctionCode).bytes.length + at);
  }
  const image = new Uint8Array(at);
  const view = new DataView(image.buffer);
  for (const { symbol, words } of parts.tables) {
    words.forEach((word, position) => {
      const value = typeof word === "number" ? word : (offsets[word.functionIndex] as number);
      view.setInt32((tableOffsets.get(symbol) as number) + WORD_BYTES * position, value, true);
    });
  }
  for (const [value, offset] of literals) view.setInt32(offset, value, true);
  for (const index of parts.order)
    placeCode(image, parts.codes[index] as FunctionCode, index, offsets, literals, literalOf);
  writeHeader(view, parts, offsets);
  return {
    image,
    offsets,
    tableBytes: literalsOffset - NATIVE_IMAGE_HEADER_BYTES,
    literalBytes: codeOffset - literalsOffset,
    literalsOffset,
    codeOffset,
  };
}

function align(offset: number): number {
  return (offset + WORD_BYTES - 1) & ~(WORD_BYTES - 1);
}

function placeCode(
  image: Uint8Array,
  code: FunctionCode,
  index: number,
  offsets: readonly number[],
  literals: ReadonlyMap<number, number>,
  literalOf: (literal: { value: number; symbol?: string | undefined }) => number,
): void {
  const start = offsets[index] as number;
  image.set(code.bytes, start);
  for (const { offset, function: callee, isTail } of code.calls) {
    const at = start + offset;
    image.set(encodeCall(isTail ? "j" : "call0", offsets[callee] as number, at, code.name), at);
  }
  for (const literal of code.literals) {
    const at = start + literal.offset;
    const target = literals.get(literalOf(literal)) as number;
    if (at - target > L32R_REACH_BYTES - CALL_BYTES) {
      throw new CompileError(`function ${code.name}: the code is too large, its constants are out of reach (256 KiB)`);
    }
    const register = (image[at] as number) >> 4;
    image.set(encode({ mnemonic: "l32r", operands: [register, target] }, at), at);
  }
}

/** Only an image of more than 128 KiB (jumps) or 512 KiB (calls) has targets out of reach. */
function encodeCall(mnemonic: "j" | "call0", target: number, at: number, name: string): Uint8Array {
  try {
    return encode({ mnemonic, operands: [target] }, at);
  } catch (error) {
    if (!(error instanceof EncodeError)) throw error;
    throw new CompileError(`function ${name}: the code is too large, a call in it is out of reach (${error.message})`);
  }
}

function writeHeader(view: DataView, parts: ImageParts, offsets: readonly number[]): void {
  const set = (word: NativeImageWord, value: number) => view.setUint32(WORD_BYTES * word, value, true);
  set(NativeImageWord.Magic, NATIVE_IMAGE_MAGIC);
  set(NativeImageWord.ImageBytes, view.byteLength);
  set(NativeImageWord.RamBytes, parts.ramBytes);
  for (const name of ["Init", "Start", "Poll", "HeapUsed", "HeapLimit"] as const) {
    const index = parts.entries[name];
    set(NativeImageWord[name], index === undefined ? 0 : (offsets[index] as number));
  }
}
