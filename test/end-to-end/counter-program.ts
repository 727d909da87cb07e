/** The counter, compiled once for all tests of a file. */
import { WasmProgram } from "../../runtime/wasm/wasm-program.ts";
import { compileProgram } from "../../tools/build/compile-program.ts";

let compiled: Promise<WasmProgram> | undefined;

export function counterProgram(): Promise<WasmProgram> {
  compiled ??= compileProgram("firmware/counter").then(({ wasm }) => WasmProgram.compile(wasm));
  return compiled;
}
