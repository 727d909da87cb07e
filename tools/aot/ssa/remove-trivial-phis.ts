/** Takes out phis that choose between one value and themselves, until none is left. */
import { phis, Replacements } from "./edit.ts";
import type { Func, Value } from "./ir.ts";

export function removeTrivialPhis(func: Func): void {
  const replacements = new Replacements();
  let waiting = func.blocks.flatMap(phis);
  for (let isChanged = true; isChanged; ) {
    isChanged = false;
    const left: Value[] = [];
    for (const phi of waiting) {
      const only = onlyArgument(phi, replacements);
      if (only === undefined) left.push(phi);
      else {
        replacements.set(phi, only);
        isChanged = true;
      }
    }
    waiting = left;
  }
  replacements.apply(func);
}

function onlyArgument(phi: Value, replacements: Replacements): Value | undefined {
  let only: Value | undefined;
  for (const arg of phi.args) {
    const value = replacements.resolve(arg);
    if (value === phi || value === only) continue;
    if (only !== undefined) return undefined;
    only = value;
  }
  return only;
}
