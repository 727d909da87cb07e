/** A WebAssembly program under test, wherever it runs: on the emulated chip, in V8, under QEMU. */
import type { ValType } from "../../tools/aot/read/module.ts";
import { showValues, type WasmValue } from "./wasm-values.ts";

export interface Signature {
  params: ValType[];
  results: ValType[];
}

/** A function that the program imports. */
export type HostFunction = (args: WasmValue[]) => WasmValue[];

/** What a program imports; undefined where it is not offered. */
export interface Imports {
  function(module: string, name: string): HostFunction | undefined;
  global(module: string, name: string): WasmValue | undefined;
}

export const NO_IMPORTS: Imports = { function: () => undefined, global: () => undefined };

export const STACK_EXHAUSTED = "call stack exhausted";

export type Outcome =
  | { kind: "returned"; values: WasmValue[] }
  /** `trap` in the words of the specification's tests. */
  | { kind: "trapped"; trap: string }
  /** What no correct program does. */
  | { kind: "crashed"; what: string }
  /** It takes longer than it may. */
  | { kind: "inconclusive"; reason: string };

export interface Program {
  /** What instantiation does: data, elements, start function. To be called once, before everything else. */
  init(): Outcome;
  call(name: string, args: readonly WasmValue[]): Outcome;
}

export function showOutcome(outcome: Outcome): string {
  switch (outcome.kind) {
    case "returned":
      return showValues(outcome.values);
    case "trapped":
      return `trap "${outcome.trap}"`;
    case "crashed":
      return `a crash: ${outcome.what}`;
    case "inconclusive":
      return `no answer (${outcome.reason})`;
  }
}
