/**
 * The part of the WebAssembly JavaScript API that the emulator uses (W3C, WebAssembly JavaScript Interface, section 5), as
 * types of our own: TypeScript ships them only with the DOM library, and `runtime/wasm` declares less than is needed here.
 */
export interface WasmMemory {
  readonly buffer: ArrayBuffer;
}
export interface WasmTable {
  readonly length: number;
  get(index: number): unknown;
  set(index: number, value: unknown): void;
  grow(by: number): number;
}
type WasmFunction = (...args: number[]) => number;

interface Api {
  Memory: new (limits: { initial: number; maximum: number }) => WasmMemory;
  Table: new (options: { element: "anyfunc"; initial: number; maximum?: number }) => WasmTable;
  Module: new (bytes: Uint8Array) => object;
  Instance: new (
    module: object,
    imports: Record<string, Record<string, WasmMemory | WasmTable>>,
  ) => { readonly exports: Readonly<Record<string, WasmFunction>> };
}

export const { Memory, Table, Module, Instance } = (globalThis as unknown as { WebAssembly: Api }).WebAssembly;

export const WASM_PAGE_BYTES = 65536;
