/** A module in Node's own engine: the judge of what it should do. */
import type { ValType } from "../../tools/aot/read/module.ts";
import { interfaceOf } from "./interface-of.ts";
import type { Imports, Outcome, Program, Signature } from "./program.ts";
import { STACK_EXHAUSTED } from "./program.ts";
import { fromJs, toJs, type WasmValue } from "./wasm-values.ts";

type JsValue = number | bigint;
type JsFunction = (...args: JsValue[]) => JsValue | JsValue[] | undefined;

/** V8's words for a trap, and those of the specification; V8 has one text for some that the specification tells apart. */
const TRAPS: [text: string, traps: string][] = [
  ["unreachable", "unreachable"],
  ["divide by zero", "integer divide by zero"],
  ["remainder by zero", "integer divide by zero"],
  ["divide result unrepresentable", "integer overflow"],
  ["float unrepresentable in integer range", "integer overflow|invalid conversion to integer"],
  ["memory access out of bounds", "out of bounds memory access"],
  ["data segment", "out of bounds memory access"],
  ["table initializer", "out of bounds table access"],
  ["table index is out of bounds", "undefined element|out of bounds table access"],
  ["null function or function signature mismatch", "uninitialized element|indirect call type mismatch"],
];

/** Whether a trap of the program under test is the one that V8 met. */
export function isTrapOfV8(trapsInV8: string, trap: string): boolean {
  return trapsInV8.split("|").includes(trap);
}

export class ProgramInV8 implements Program {
  readonly #module: WebAssembly.Module;
  readonly #imports: Record<string, Record<string, unknown>> = {};
  readonly #functions = new Map<string, Signature>();
  #exports: Record<string, unknown> = {};

  constructor(wasm: Uint8Array, imports: Imports) {
    this.#module = new WebAssembly.Module(wasm);
    const items = interfaceOf(wasm);
    for (const { name, kind, signature } of items.exports)
      if (kind === "function") this.#functions.set(name, signature);
    for (const { module, name, kind, signature } of items.imports) {
      const value = kind === "function" ? this.#hostFunction(imports, module, name, signature) : undefined;
      if (value === undefined) throw new Error(`the import ${module}.${name} (${kind}) is not offered`);
      this.#imports[module] ??= {};
      this.#imports[module][name] = value;
    }
  }

  #hostFunction(
    imports: Imports,
    module: string,
    name: string,
    { params, results }: Signature,
  ): JsFunction | undefined {
    const run = imports.function(module, name);
    return (
      run &&
      ((...args) => {
        const values = run(params.map((type, index) => fromJs(type, args[index]))).map(toJs);
        return results.length > 1 ? values : values[0];
      })
    );
  }

  init(): Outcome {
    return this.#attempt(() => {
      this.#exports = new WebAssembly.Instance(this.#module, this.#imports as never).exports as Record<string, unknown>;
      return [];
    });
  }

  call(name: string, args: readonly WasmValue[]): Outcome {
    const run = this.#exports[name] as JsFunction | undefined;
    const signature = this.#functions.get(name);
    if (run === undefined || signature === undefined) throw new Error(`no exported function "${name}"`);
    return this.#attempt(() => {
      const result = run(...args.map(toJs));
      const values = Array.isArray(result) ? result : [result];
      return signature.results.map((type, index) => fromJs(type, values[index]));
    });
  }

  #attempt(run: () => WasmValue[]): Outcome {
    try {
      return { kind: "returned", values: run() };
    } catch (error) {
      if (error instanceof RangeError && error.message.includes("call stack")) {
        return { kind: "trapped", trap: STACK_EXHAUSTED };
      }
      if (!(error instanceof WebAssembly.RuntimeError)) throw error;
      const traps = TRAPS.find(([text]) => error.message.includes(text))?.[1];
      if (traps === undefined) throw error;
      return { kind: "trapped", trap: traps };
    }
  }

  /** An exported global. V8 may have changed the payload of a NaN. */
  global(name: string, type: ValType): WasmValue | undefined {
    const global = this.#exports[name];
    return global instanceof WebAssembly.Global ? fromJs(type, global.value) : undefined;
  }

  /** The exported memory. */
  memory(): Uint8Array {
    const memory = Object.values(this.#exports).find((value) => value instanceof WebAssembly.Memory);
    return new Uint8Array((memory as WebAssembly.Memory | undefined)?.buffer ?? new ArrayBuffer(0));
  }
}
