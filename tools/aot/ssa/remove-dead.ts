/** Drops values that nothing with an effect needs, circles of phis included. */
import { type Func, terminatorArgs, type Value } from "./ir.ts";
import { hasEffect } from "./operations.ts";

/** Returns whether anything was dropped. */
export function removeDead(func: Func): boolean {
  const isNeeded = new Uint8Array(func.valueCount);
  const stack: Value[] = [];
  const need = (value: Value): void => {
    if (isNeeded[value.id] === 1) return;
    isNeeded[value.id] = 1;
    stack.push(value);
  };
  for (const block of func.blocks) {
    for (const value of block.values) if (hasEffect(value)) need(value);
    for (const value of terminatorArgs(block.terminator)) need(value);
  }
  while (stack.length > 0) for (const arg of (stack.pop() as Value).args) need(arg);
  let isChanged = false;
  for (const block of func.blocks) {
    if (block.values.every((value) => isNeeded[value.id] === 1)) continue;
    block.values = block.values.filter((value) => isNeeded[value.id] === 1);
    isChanged = true;
  }
  return isChanged;
}
