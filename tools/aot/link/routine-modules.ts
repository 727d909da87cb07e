/** The arithmetic routines as the compiler reads them: WebAssembly modules, decoded once in a process. */
import { MEMORY_MODULE, PURE_MODULE } from "./generated-routines.ts";

export interface RoutineModules {
  /** Functions of words, without memory, globals or imports. Exported by the name of the routine. */
  pure: Uint8Array;
  /** Functions that load and store; the module's own memory stands for the program's. */
  memory: Uint8Array;
}

let modules: RoutineModules | undefined;

export function routineModules(): RoutineModules {
  modules ??= { pure: Buffer.from(PURE_MODULE, "base64"), memory: Buffer.from(MEMORY_MODULE, "base64") };
  return modules;
}
