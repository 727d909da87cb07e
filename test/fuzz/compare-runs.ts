/** Compares the run of a module with the judge's. */
import { type Outcome, STACK_EXHAUSTED, showOutcome } from "../native/program.ts";
import { isTrapOfV8 } from "../native/program-in-v8.ts";
import { showValue } from "../native/wasm-values.ts";
import { type Call, type Run, showUpToNan } from "./run.ts";

export type Verdict =
  | { kind: "same"; calls: number; traps: number }
  | { kind: "different"; what: string }
  /** An engine met a limit of its own; before that all was the same. */
  | { kind: "inconclusive"; what: string };

export function compareRuns(judge: Run, tested: Run, calls: readonly Call[]): Verdict {
  for (const [index, expected] of judge.outcomes.entries()) {
    const got = tested.outcomes[index] ?? { kind: "crashed", what: "no such call" };
    const at = index === 0 ? "its start" : showCall(index, calls[index - 1] as Call);
    if (meetsLimit(expected) || meetsLimit(got)) return { kind: "inconclusive", what: `${at}: ${showOutcome(got)}` };
    if (isSame(expected, got)) continue;
    return { kind: "different", what: `${at}: expected ${showOutcome(expected)}, got ${showOutcome(got)}` };
  }
  const difference =
    differenceInLog(judge, tested) ?? differenceInGlobals(judge, tested) ?? differenceInMemory(judge, tested);
  if (difference !== undefined) return { kind: "different", what: difference };
  return {
    kind: "same",
    calls: judge.outcomes.length,
    traps: judge.outcomes.filter(({ kind }) => kind === "trapped").length,
  };
}

function showCall(index: number, { name, args }: Call): string {
  return `call ${index}, ${name}(${args.map(showValue).join(", ")})`;
}

function meetsLimit(outcome: Outcome): boolean {
  return outcome.kind === "inconclusive" || (outcome.kind === "trapped" && outcome.trap === STACK_EXHAUSTED);
}

function isSame(expected: Outcome, got: Outcome): boolean {
  if (expected.kind === "trapped") return got.kind === "trapped" && isTrapOfV8(expected.trap, got.trap);
  if (expected.kind !== "returned" || got.kind !== "returned") return false;
  return expected.values.map(showUpToNan).join() === got.values.map(showUpToNan).join();
}

function differenceInLog({ log: expected }: Run, { log: got }: Run): string | undefined {
  const longer = expected.length > got.length ? expected : got;
  const index = longer.findIndex((_, at) => expected[at] !== got[at]);
  return index < 0 ? undefined : `entry ${index} of the log: expected ${expected[index]}, got ${got[index]}`;
}

function differenceInGlobals({ globals: expected }: Run, { globals: got }: Run): string | undefined {
  for (const [name, value] of expected) {
    const other = got.get(name);
    if (other !== undefined && showUpToNan(other) === showUpToNan(value)) continue;
    return `${name} at the end: expected ${showValue(value)}, got ${other && showValue(other)}`;
  }
  return undefined;
}

function differenceInMemory({ memory: expected }: Run, { memory: got }: Run): string | undefined {
  const at = expected.findIndex((byte, index) => byte !== got[index]);
  return at < 0 ? undefined : `byte ${at} of memory at the end: expected ${expected[at]}, got ${got[at]}`;
}
