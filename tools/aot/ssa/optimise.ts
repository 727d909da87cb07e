/** The passes, in their order. */
import { floatConstants, removeUnreachable } from "./edit.ts";
import type { Func } from "./ir.ts";
import { numberValues } from "./number-values.ts";
import { placeConstants } from "./place-constants.ts";
import { removeDead } from "./remove-dead.ts";
import { simplifyGraph } from "./simplify-graph.ts";

/** Rounds of the cheap passes; what is left after them is hardly worth another. */
const ROUNDS_MAX = 6;

/** The cheap passes only: what a function needs before calls of it are weighed for inlining. Constants float afterwards. */
export function cleanUp(func: Func): void {
  floatConstants(func);
  removeUnreachable(func);
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const isGraphChanged = simplifyGraph(func);
    const isNumbered = numberValues(func);
    removeDead(func);
    if (!isGraphChanged && !isNumbered) break;
  }
}
export function optimise(func: Func): void {
  cleanUp(func);
  placeConstants(func);
}
