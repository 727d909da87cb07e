/**
 * One random module in V8 and in the program under test, call by call: results, traps, what it logs, and at the end
 * globals and memory.
 */
import { SeededRandom } from "../../runtime/board/random.ts";
import { randomBits } from "../conformance/edge-values.ts";
import { interfaceOf } from "../native/interface-of.ts";
import { type Imports, type Outcome, type Program, STACK_EXHAUSTED, showOutcome } from "../native/program.ts";
import { isTrapOfV8, ProgramInV8 } from "../native/program-in-v8.ts";
import { isNan, showValue, valueOf, type WasmValue } from "../native/wasm-values.ts";
import { HANG_LIMIT_EXPORT } from "./random-module.ts";

export type Verdict =
  | { kind: "same"; calls: number; traps: number }
  | { kind: "different"; what: string }
  /** Only a limit of an engine was met. */
  | { kind: "inconclusive"; what: string };

/** What the comparison reads at the end. */
export interface TestedProgram extends Program {
  global(name: string): WasmValue | undefined;
  memory(lengthBytes: number): Uint8Array;
}

export interface Call {
  name: string;
  args: WasmValue[];
}

const CALLS_OF_EACH_MOST = 3;
const LOG_MODULE = "fuzzing-support";

/** Every export in order, each behind the one that sets the hang limit again. */
export function planCalls(wasm: Uint8Array, seed: number): Call[] {
  const random = new SeededRandom(seed).fork(1);
  const functions = interfaceOf(wasm).exports.filter(({ kind }) => kind === "function");
  const hasLimit = functions.some(({ name }) => name === HANG_LIMIT_EXPORT);
  return functions
    .filter(({ name }) => name !== HANG_LIMIT_EXPORT)
    .flatMap(({ name, signature: { params } }) => {
      const rounds = params.length === 0 ? 1 : CALLS_OF_EACH_MOST;
      return Array.from({ length: rounds }, (): Call[] => {
        const args = params.map((type) => valueOf(type, randomBits(type, random)));
        const call = { name, args: args.map(withoutPayload) };
        return hasLimit ? [{ name: HANG_LIMIT_EXPORT, args: [] }, call] : [call];
      }).flat();
    });
}

/** JavaScript need not keep the payload of a NaN, so V8 would not be told the same. */
function withoutPayload(value: WasmValue): WasmValue {
  if (!isNan(value)) return value;
  return valueOf(value.type, value.type === "f32" ? 0x7fc00000n : 0x7ff8n << 48n);
}

/** Takes down what a module logs. */
export class Log {
  entries: string[] = [];

  readonly imports: Imports = {
    function: (module, name) =>
      module === LOG_MODULE
        ? (args) => {
            this.entries.push(`${name} ${args.map(showUpToNan).join(" ")}`);
            return [];
          }
        : undefined,
    global: () => undefined,
  };
}

export function compareRuns(
  wasm: Uint8Array,
  calls: readonly Call[],
  load: (imports: Imports) => TestedProgram,
): Verdict {
  const judgeLog = new Log();
  const log = new Log();
  const judge = new ProgramInV8(wasm, judgeLog.imports);
  const program = load(log.imports);
  let traps = 0;
  const steps = [
    { text: "its start", run: (tested: Program) => tested.init() },
    ...calls.map(({ name, args }) => ({
      text: `${name}(${args.map(showValue).join(", ")})`,
      run: (tested: Program) => tested.call(name, args),
    })),
  ];
  for (const [index, { text, run }] of steps.entries()) {
    const expected = run(judge);
    const got = run(program);
    const at = `call ${index}, ${text}`;
    if (meetsLimit(expected) || meetsLimit(got)) return { kind: "inconclusive", what: `${at}: ${showOutcome(got)}` };
    if (!isSame(expected, got)) {
      return { kind: "different", what: `${at}: expected ${showOutcome(expected)}, got ${showOutcome(got)}` };
    }
    const difference = differenceOf(judgeLog.entries, log.entries);
    if (difference !== undefined) return { kind: "different", what: `${at}: log ${difference}` };
    if (expected.kind === "trapped") traps++;
    // Without its memory set up a module cannot go on.
    if (expected.kind === "trapped" && index === 0) break;
  }
  const difference = differenceInGlobals(wasm, judge, program) ?? differenceInMemory(judge, program);
  if (difference !== undefined) return { kind: "different", what: `at the end: ${difference}` };
  return { kind: "same", calls: calls.length, traps };
}

function meetsLimit(outcome: Outcome): boolean {
  return outcome.kind === "inconclusive" || (outcome.kind === "trapped" && outcome.trap === STACK_EXHAUSTED);
}

export function isSame(expected: Outcome, got: Outcome): boolean {
  if (expected.kind === "trapped") return got.kind === "trapped" && isTrapOfV8(expected.trap, got.trap);
  if (expected.kind !== "returned" || got.kind !== "returned") return false;
  return expected.values.map(showUpToNan).join() === got.values.map(showUpToNan).join();
}

/** Which NaN a result is, is open. */
function showUpToNan(value: WasmValue): string {
  return isNan(value) ? `${value.type} NaN` : showValue(value);
}

function differenceOf(expected: string[], got: string[]): string | undefined {
  const index = Array.from({ length: Math.max(expected.length, got.length) }).findIndex(
    (_, at) => expected[at] !== got[at],
  );
  return index < 0 ? undefined : `entry ${index}: expected ${expected[index]}, got ${got[index]}`;
}

function differenceInGlobals(wasm: Uint8Array, judge: ProgramInV8, program: TestedProgram): string | undefined {
  for (const { name, kind } of interfaceOf(wasm).exports) {
    const got = kind === "global" ? program.global(name) : undefined;
    const expected = got && judge.global(name, got.type);
    if (got === undefined || expected === undefined) continue;
    if (showUpToNan(expected) !== showUpToNan(got))
      return `${name}: expected ${showValue(expected)}, got ${showValue(got)}`;
  }
  return undefined;
}

function differenceInMemory(judge: ProgramInV8, program: TestedProgram): string | undefined {
  const expected = judge.memory();
  const got = program.memory(expected.length);
  if (Buffer.compare(expected, got) === 0) return undefined;
  const at = expected.findIndex((byte, index) => byte !== got[index]);
  return `memory at ${at}: expected ${expected[at]}, got ${got[at]}`;
}
