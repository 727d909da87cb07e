/** The passes, in their order. */
import { floatConstants, removeUnreachable } from "./edit.ts";
import { hoistInvariants } from "./hoist-invariants.ts";
import type { Func } from "./ir.ts";
import { numberValues } from "./number-values.ts";
import { placeConstants } from "./place-constants.ts";
import { reduceStrength } from "./reduce-strength.ts";
import { removeDead } from "./remove-dead.ts";
import { removeDeadStores } from "./remove-dead-stores.ts";
import { rotateLoops } from "./rotate-loops.ts";
import { selectDiamonds } from "./select-diamonds.ts";
import { simplifyGraph } from "./simplify-graph.ts";
import { sinkValues } from "./sink-values.ts";
import { splitConditions } from "./split-conditions.ts";
import { threadJumps } from "./thread-jumps.ts";

/** Rounds of the cheap passes; what is left after them is hardly worth another. */
const ROUNDS_MAX = 6;
/** Threading copies blocks: what it makes of copies of copies is not wanted. */
const THREADING_ROUNDS = 4;

/** The cheap passes only: what a function needs before calls of it are weighed for inlining. Constants float afterwards. */
export function cleanUp(func: Func): void {
  floatConstants(func);
  removeUnreachable(func);
  runRounds(func);
}

function runRounds(func: Func): void {
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const isThreaded = round < THREADING_ROUNDS && threadJumps(func);
    const isGraphChanged = simplifyGraph(func) || isThreaded;
    const isNumbered = numberValues(func);
    removeDeadStores(func);
    removeDead(func);
    if (!isGraphChanged && !isNumbered) break;
  }
}

/** Everything. Afterwards all values, constants too, stand where they are computed, and offsets fit their instructions. */
export function optimise(func: Func): void {
  cleanUp(func);
  if (rotateLoops(func)) runRounds(func);
  hoistInvariants(func);
  reduceStrength(func);
  removeDead(func);
  hoistInvariants(func);
  runRounds(func);
  const isSelected = selectDiamonds(func);
  const isSplit = splitConditions(func);
  if (isSelected || isSplit) runRounds(func);
  sinkValues(func);
  placeConstants(func);
}
