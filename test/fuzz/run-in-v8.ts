/** The run of a module in Node's own engine. */
import type { NativeExport } from "../../tools/aot/compile-module.ts";
import { ProgramInV8 } from "../native/program-in-v8.ts";
import type { WasmValue } from "../native/wasm-values.ts";
import { type Call, logInto, type Run, runCalls } from "./run.ts";

/** `exports` of the compiled module tells the types of globals, which JavaScript does not. */
export function runInV8(wasm: Uint8Array, calls: readonly Call[], exports: ReadonlyMap<string, NativeExport>): Run {
  const log: string[] = [];
  const program = new ProgramInV8(wasm, logInto(log));
  const outcomes = runCalls(program, calls);
  const globals = new Map<string, WasmValue>();
  for (const [name, item] of exports) {
    const value = item.kind === "global" ? program.global(name, item.type) : undefined;
    if (value !== undefined) globals.set(name, value);
  }
  return { outcomes, log, globals, memory: program.memory() };
}
