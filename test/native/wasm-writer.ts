/**
 * Writes small WebAssembly modules byte by byte, so that tests need no assembler to make the module they mean.
 * Source: WebAssembly Core Specification 1.0, chapter 5.
 */
import type { ValType } from "../../tools/aot/read/module.ts";
import type { Signature } from "./program.ts";

export const VALUE_TYPE_CODES: Record<ValType, number> = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c };
const FUNCREF = 0x70;
const HEADER = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
const END = 0x0b;

export interface FunctionSource extends Signature {
  /** Under which it is exported. */
  name?: string;
  locals?: ValType[];
  /** Without the final `end`. */
  code: number[];
}

export interface ModuleSource {
  /** Their index space comes before that of `functions`. */
  imports?: (Signature & { module: string; name: string })[];
  functions: FunctionSource[];
  /** Pages of 64 KiB. */
  memory?: { least: number; most?: number };
  /** Indices of functions, from 0 on. */
  table?: number[];
  data?: { address: number; bytes: number[] }[];
}

/** LEB128, unsigned. */
export function unsigned(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest];
    bytes.push((rest % 128) | 128);
  }
}

/** LEB128, signed. */
export function signed(value: bigint): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>= 7n) {
    const byte = Number(rest & 127n);
    if (rest === (byte & 64 ? -1n : 0n) || (rest >= -64n && rest < 64n)) return [...bytes, byte];
    bytes.push(byte | 128);
  }
}

export const localGet = (index: number): number[] => [0x20, ...unsigned(index)];
export const localSet = (index: number): number[] => [0x21, ...unsigned(index)];

/** A constant of any type, given by its bits. */
export function constant(type: ValType, bits: bigint): number[] {
  switch (type) {
    case "i32":
      return [0x41, ...signed(BigInt.asIntN(32, bits))];
    case "i64":
      return [0x42, ...signed(BigInt.asIntN(64, bits))];
    case "f32":
      return [0x43, ...littleEndian(bits, 4)];
    case "f64":
      return [0x44, ...littleEndian(bits, 8)];
  }
}

function littleEndian(bits: bigint, length: number): number[] {
  return Array.from({ length }, (_, index) => Number((bits >> BigInt(8 * index)) & 0xffn));
}

export function list(items: number[][]): number[] {
  return [...unsigned(items.length), ...items.flat()];
}

function name(text: string): number[] {
  const bytes = [...new TextEncoder().encode(text)];
  return [...unsigned(bytes.length), ...bytes];
}

function section(id: number, content: number[]): number[] {
  return [id, ...unsigned(content.length), ...content];
}

export function writeModule(source: ModuleSource): Uint8Array {
  const { imports = [], functions, memory, table, data = [] } = source;
  const types: string[] = [];
  const typeCodes: number[][] = [];
  const typeIndex = ({ params, results }: Signature): number => {
    const key = `${params}:${results}`;
    if (!types.includes(key)) {
      types.push(key);
      const codes = (list_: ValType[]) => list(list_.map((type) => [VALUE_TYPE_CODES[type]]));
      typeCodes.push([0x60, ...codes(params), ...codes(results)]);
    }
    return types.indexOf(key);
  };
  const importCodes = imports.map((item) => [
    ...name(item.module),
    ...name(item.name),
    0,
    ...unsigned(typeIndex(item)),
  ]);
  const functionCodes = functions.map((item) => unsigned(typeIndex(item)));
  const exports = functions.flatMap((item, index) =>
    item.name === undefined ? [] : [[...name(item.name), 0, ...unsigned(imports.length + index)]],
  );
  if (memory !== undefined) exports.push([...name("memory"), 2, 0]);
  const bodies = functions.map(({ locals = [], code }) => {
    const body = [...list(locals.map((type) => [1, VALUE_TYPE_CODES[type]])), ...code, END];
    return [...unsigned(body.length), ...body];
  });
  const offset = (address: number) => [...constant("i32", BigInt(address)), END];
  return Uint8Array.from([
    ...HEADER,
    ...section(1, list(typeCodes)),
    ...section(2, list(importCodes)),
    ...section(3, list(functionCodes)),
    ...(table ? section(4, [1, FUNCREF, 0, ...unsigned(table.length)]) : []),
    ...(memory ? section(5, [1, ...limits(memory)]) : []),
    ...section(7, list(exports)),
    ...(table ? section(9, list([[0, ...offset(0), ...list(table.map(unsigned))]])) : []),
    ...section(10, list(bodies)),
    ...section(
      11,
      list(data.map(({ address, bytes }) => [0, ...offset(address), ...unsigned(bytes.length), ...bytes])),
    ),
  ]);
}

function limits({ least, most }: { least: number; most?: number }): number[] {
  return most === undefined ? [0, ...unsigned(least)] : [1, ...unsigned(least), ...unsigned(most)];
}
