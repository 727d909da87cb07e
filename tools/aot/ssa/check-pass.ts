/** Property test of a pass: random functions do the same before and after it, and stay well-formed. For tests. */
import { SeededRandom } from "../../../runtime/board/random.ts";
import { look, randomParams } from "./compare-runs.ts";
import { floatConstants, removeUnreachable } from "./edit.ts";
import type { Func } from "./ir.ts";
import { printFunc } from "./print.ts";
import { randomFunc } from "./random-function.ts";
import { verify } from "./verify.ts";

const PARAMS = 3;
const INPUTS = 6;
/** Passes may add steps, but not many. */
const STEPS_AFTER = 60_000;

export interface PassCheck {
  /** Functions that the pass changed. */
  changed: number;
  /** Runs that were compared: those that end, without a fault. */
  compared: number;
  mismatches: string[];
}

export function checkPass(pass: (func: Func) => unknown, firstSeed: number, count: number): PassCheck {
  const check: PassCheck = { changed: 0, compared: 0, mismatches: [] };
  for (let seed = firstSeed; seed < firstSeed + count; seed++) {
    const make = (): Func => {
      const func = randomFunc(new SeededRandom(seed), {
        statements: 3 + (seed % 28),
        params: PARAMS,
        results: 1 + (seed % 2),
      });
      floatConstants(func);
      removeUnreachable(func);
      return func;
    };
    const original = make();
    const changed = make();
    verify(original);
    const before = printFunc(changed);
    try {
      pass(changed);
      verify(changed);
    } catch (error) {
      check.mismatches.push(`seed ${seed}: ${(error as Error).message}`);
      continue;
    }
    if (printFunc(changed) !== before) check.changed++;
    const random = new SeededRandom(seed).fork(1);
    for (let input = 0; input < INPUTS; input++) {
      const params = randomParams(random, PARAMS);
      const expected = look(original, params, seed + input);
      if (expected.outcome.kind === "fault" || expected.outcome.kind === "too long") continue;
      check.compared++;
      const actual = look(changed, params, seed + input, STEPS_AFTER);
      if (JSON.stringify(actual) === JSON.stringify(expected)) continue;
      check.mismatches.push(
        `seed ${seed}, ${params.join()}: ${JSON.stringify(expected)}, then ${JSON.stringify(actual)}`,
      );
      break;
    }
  }
  return check;
}
