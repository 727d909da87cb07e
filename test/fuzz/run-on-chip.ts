/** The run of a module, compiled, on the emulated chip. */
import { type ChipSettings, compileForChip, type ProgramOnChip } from "../native/program-on-chip.ts";
import type { WasmValue } from "../native/wasm-values.ts";
import { type Call, logInto, type Run, runCalls } from "./run.ts";

/** `memory` is all that there can be: the judge knows how much of it there is. */
export function runOnChip(
  wasm: Uint8Array,
  calls: readonly Call[],
  settings: ChipSettings & { memoryMaxBytes: number },
): Run & { program: ProgramOnChip } {
  const log: string[] = [];
  const program = compileForChip(wasm, { ...settings, imports: logInto(log) });
  const outcomes = runCalls(program, calls);
  const globals = new Map<string, WasmValue>();
  for (const [name, { kind }] of program.native.exports) {
    const value = kind === "global" ? program.global(name) : undefined;
    if (value !== undefined) globals.set(name, value);
  }
  return { outcomes, log, globals, memory: program.memory(settings.memoryMaxBytes), program };
}
