/** What a report of firmware/abi is worth: every function of the table was shown, and the lines are as many as the program says. */
import { HOST_FUNCTIONS, type HostFunction } from "../../runtime/contract/host-functions.ts";
import { type AbiReport, BAD, type CheckLine } from "./report-lines.ts";

export interface Verdict {
  /** By function, in the order of the table. */
  functions: { name: string; good: number; bad: number; failed: CheckLine[] }[];
  checks: number;
  failed: number;
  /** Why the run counts as failed, a sentence each. */
  faults: string[];
  /** Those of them that tell of functions that were not shown, as where the board lacks something. */
  notShown: string[];
}

/** A function without a result cannot refuse, one without parameters has nothing to. */
export function canRefuse({ params, returns }: HostFunction): boolean {
  return returns && params !== "";
}

export function judgeReport({ checks, done }: AbiReport): Verdict {
  const faults: string[] = [];
  const notShown: string[] = [];
  const functions = HOST_FUNCTIONS.map((fn) => {
    const own = checks.filter((line) => line.fn === fn.name);
    const bad = own.filter(({ check }) => BAD.test(check)).length;
    const good = own.length - bad;
    if (good === 0) notShown.push(`${fn.name} was not called with good arguments`);
    if (bad === 0 && canRefuse(fn)) notShown.push(`${fn.name} was not called with bad arguments`);
    return { name: fn.name, good, bad, failed: own.filter(({ isOk }) => !isOk) };
  });
  const failed = checks.filter(({ isOk }) => !isOk);
  const names = new Set(HOST_FUNCTIONS.map(({ name }) => name));
  for (const { fn, check } of checks) if (!names.has(fn)) faults.push(`${fn} (${check}) is no function of the table`);
  for (const { text } of failed) faults.push(text);
  faults.unshift(...notShown);
  if (done === undefined) faults.push("the program did not come to its end");
  else if (done.checks !== checks.length || done.failed !== failed.length) {
    faults.push(
      `the program counted ${done.checks} checks, ${done.failed} of them failed; its lines are ${checks.length} ` +
        `and ${failed.length}: some were lost`,
    );
  }
  return { functions, checks: checks.length, failed: failed.length, faults, notShown };
}
