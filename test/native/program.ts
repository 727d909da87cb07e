/** A module that runs somewhere (in V8, on the emulated chip, under QEMU), and what a call of it comes to. */
import type { ValType } from "../../tools/aot/read/module.ts";
import { showValue, type WasmValue } from "./wasm-values.ts";

export interface Signature {
  params: ValType[];
  results: ValType[];
}

export type HostFunction = (args: WasmValue[]) => WasmValue[];

export interface Imports {
  /** undefined: not offered. */
  function: (module: string, name: string) => HostFunction | undefined;
  global: (module: string, name: string) => WasmValue | undefined;
}

export const NO_IMPORTS: Imports = { function: () => undefined, global: () => undefined };

export type Outcome =
  | { kind: "returned"; values: WasmValue[] }
  /** The trap in the words of the specification. */
  | { kind: "trapped"; trap: string }
  /** It says nothing about the compiler. */
  | { kind: "inconclusive"; reason: string };

/** What the specification's tests call it when calls nest too deep. */
export const STACK_EXHAUSTED = "call stack exhausted";

export interface Program {
  /** Memory, globals, the module's start function. */
  init(): Outcome;
  call(name: string, args: readonly WasmValue[]): Outcome;
  /** An exported global. */
  global(name: string, type: ValType): WasmValue | undefined;
  memory(): Uint8Array;
}

export function showOutcome(outcome: Outcome): string {
  if (outcome.kind === "trapped") return `trap "${outcome.trap}"`;
  if (outcome.kind === "inconclusive") return `no answer (${outcome.reason})`;
  return outcome.values.map(showValue).join(", ") || "nothing";
}
