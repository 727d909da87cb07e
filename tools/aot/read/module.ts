/** A WebAssembly module as the compiler sees it (core specification, chapter 2). */

export type ValType = "i32" | "i64" | "f32" | "f64";

export interface FuncType {
  params: ValType[];
  results: ValType[];
}

/** Words of 32 bits. */
export function wordsOf(types: readonly ValType[]): number {
  return types.reduce((sum, type) => sum + (type === "i64" || type === "f64" ? 2 : 1), 0);
}

export function isSameType(a: FuncType, b: FuncType): boolean {
  return a.params.join() === b.params.join() && a.results.join() === b.results.join();
}

/** Initial value: constant words (low first), or the value of an (imported) global. */
export type ConstExpr = { kind: "words"; words: number[] } | { kind: "global"; index: number };

export interface Global {
  type: ValType;
  isMutable: boolean;
  /** Imported: where from. */
  imported?: { module: string; name: string };
  init?: ConstExpr;
}

export interface Limits {
  least: number;
  most: number | undefined;
}

/** Imports come first in the index space of functions. */
export interface FunctionImport {
  module: string;
  name: string;
  typeIndex: number;
}

export interface FunctionBody {
  name: string;
  typeIndex: number;
  /** Types of all locals, parameters first. */
  locals: ValType[];
  /** Bytes of the instructions within the module, the final `end` included. */
  start: number;
  end: number;
}

export interface ElementSegment {
  table: number;
  offset: ConstExpr;
  /** undefined: a null reference. */
  functions: (number | undefined)[];
}

export interface DataSegment {
  offset: ConstExpr;
  bytes: Uint8Array;
}

export interface Export {
  name: string;
  kind: "function" | "table" | "memory" | "global";
  index: number;
}

export interface Module {
  bytes: Uint8Array;
  types: FuncType[];
  functionImports: FunctionImport[];
  functions: FunctionBody[];
  tables: Limits[];
  /** Pages of 64 KiB. */
  memory: Limits | undefined;
  globals: Global[];
  exports: Export[];
  start: number | undefined;
  elements: ElementSegment[];
  data: DataSegment[];
}
