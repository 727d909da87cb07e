/**
 * The part of the WebAssembly JavaScript API that this room uses (W3C, WebAssembly JavaScript Interface, section 5).
 * TypeScript ships it only with the DOM library, which would let browser globals into every room.
 */
declare namespace WebAssembly {
  class Module {
    constructor(bytes: Uint8Array);
  }

  /** A trap. */
  class RuntimeError extends Error {}

  class Memory {
    readonly buffer: ArrayBuffer;
  }

  class Global {
    value: number;
  }

  type ExportValue = Memory | Global | ((...args: number[]) => number | undefined);

  class Instance {
    constructor(module: Module, imports: Record<string, Record<string, (...args: number[]) => number | void>>);
    readonly exports: Readonly<Record<string, ExportValue | undefined>>;
  }
}
