/**
 * The module that the WebAssembly test suite imports from (WebAssembly/spec, interpreter/host/spectest.ml). Its memory and
 * table are no values: the compiler gives a module that imports them one of its own, as this device has but one program.
 */
import type { HostFunction, Imports } from "../native/program.ts";
import { valueOf, type WasmValue } from "../native/wasm-values.ts";

const SPECTEST = "spectest";

/** What they print is of no interest. */
const print: HostFunction = () => [];

const FUNCTIONS = new Map<string, string>([
  ["print", ""],
  ["print_i32", "i32"],
  ["print_i64", "i64"],
  ["print_f32", "f32"],
  ["print_f64", "f64"],
  ["print_i32_f32", "i32 f32"],
  ["print_f64_f64", "f64 f64"],
]);

const GLOBALS = new Map<string, WasmValue>([
  ["global_i32", valueOf("i32", 666n)],
  ["global_i64", valueOf("i64", 666n)],
  // 666.6, the value of the suite since 2.0.
  ["global_f32", valueOf("f32", 0x4426a666n)],
  ["global_f64", valueOf("f64", 0x4084d4cccccccccdn)],
]);

export const SPECTEST_IMPORTS: Imports = {
  function: (module, name) => (module === SPECTEST && FUNCTIONS.has(name) ? print : undefined),
  global: (module, name) => (module === SPECTEST ? GLOBALS.get(name) : undefined),
};

/** Why a module cannot have this import, if so. */
export function importProblem(module: string, name: string, kind: string, params: string[]): string | undefined {
  if (module !== SPECTEST) return `imports from "${module}": modules are not linked to each other`;
  const isThere =
    // Older editions print everything with "print".
    (kind === "function" && (name === "print" || FUNCTIONS.get(name) === params.join(" "))) ||
    (kind === "global" && GLOBALS.has(name)) ||
    kind === name;
  return isThere ? undefined : `imports ${kind} "${name}", which spectest does not have`;
}
