/** What a module does from its start to its end, wherever it runs: what there is to be compared. */
import { SeededRandom } from "../../runtime/board/random.ts";
import type { ValType } from "../../tools/aot/read/module.ts";
import { randomBits } from "../conformance/edge-values.ts";
import { interfaceOf } from "../native/interface-of.ts";
import type { Imports, Outcome, Program } from "../native/program.ts";
import { isNan, showValue, valueOf, type WasmValue } from "../native/wasm-values.ts";
import { HANG_LIMIT_EXPORT } from "./random-module.ts";

export interface Call {
  name: string;
  args: WasmValue[];
}

export interface Run {
  /** Of `init`, then of each call. */
  outcomes: Outcome[];
  log: string[];
  /** The exported ones. */
  globals: Map<string, WasmValue>;
  memory: Uint8Array;
}

/** The module whose functions random modules import, to log values. */
const LOG_MODULE = "fuzzing-support";
const CALLS_OF_EACH_MOST = 3;

/** Every export in order, each behind the one that sets the hang limit again. */
export function planCalls(wasm: Uint8Array, seed: number): Call[] {
  const random = new SeededRandom(seed).fork(1);
  const functions = interfaceOf(wasm).exports.filter(({ kind }) => kind === "function");
  const hasLimit = functions.some(({ name }) => name === HANG_LIMIT_EXPORT);
  const calls: Call[] = [];
  for (const { name, signature } of functions) {
    if (name === HANG_LIMIT_EXPORT) continue;
    for (let round = 0; round < (signature.params.length === 0 ? 1 : CALLS_OF_EACH_MOST); round++) {
      if (hasLimit) calls.push({ name: HANG_LIMIT_EXPORT, args: [] });
      calls.push({ name, args: signature.params.map((type) => randomArgument(type, random)) });
    }
  }
  return calls;
}

/** JavaScript need not keep the payload of a NaN, so V8 would not be told the same: canonical ones only. */
function randomArgument(type: ValType, random: SeededRandom): WasmValue {
  const value = valueOf(type, randomBits(type, random));
  if (!isNan(value)) return value;
  return valueOf(type, type === "f32" ? 0x7fc00000n : 0x7ff8n << 48n);
}

/** Imports that take down what a module logs. */
export function logInto(log: string[]): Imports {
  return {
    function: (module, name) =>
      module === LOG_MODULE
        ? (args) => {
            log.push(logEntry(name, args));
            return [];
          }
        : undefined,
    global: () => undefined,
  };
}

export function logEntry(name: string, args: readonly WasmValue[]): string {
  return `${name} ${args.map(showUpToNan).join(", ")}`;
}

/** Which of the NaNs a result is, the specification leaves open. */
export function showUpToNan(value: WasmValue): string {
  return isNan(value) ? `${value.type} NaN` : showValue(value);
}

/** A module whose start traps has no more to say. */
export function runCalls(program: Program, calls: readonly Call[]): Outcome[] {
  const outcomes = [program.init()];
  if (outcomes[0]?.kind !== "returned") return outcomes;
  for (const { name, args } of calls) outcomes.push(program.call(name, args));
  return outcomes;
}
