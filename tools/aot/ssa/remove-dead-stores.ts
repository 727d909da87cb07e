/** Drops stores that a later one in the same block overwrites before anybody can have seen them. */
import type { Func, Value } from "./ir.ts";
import { isSamePlace, mayOverlap, type Place, placeOf } from "./memory-access.ts";
import { hasEffect, isLoad, isStore } from "./operations.ts";

/** Returns whether anything was dropped. */
export function removeDeadStores(func: Func): boolean {
  let isChanged = false;
  for (const block of func.blocks) {
    if (!block.values.some((value) => isStore(value.op))) continue;
    const kept: Value[] = [];
    /** Places that will be overwritten. */
    let overwritten: Place[] = [];
    for (let index = block.values.length - 1; index >= 0; index--) {
      const value = block.values[index] as Value;
      if (isStore(value.op)) {
        const place = placeOf(value);
        if (overwritten.some((other) => isSamePlace(other, place))) {
          isChanged = true;
          continue;
        }
        overwritten.push(place);
      } else if (isLoad(value.op)) {
        const place = placeOf(value);
        overwritten = overwritten.filter((other) => !mayOverlap(other, place));
      } else if (hasEffect(value)) overwritten = [];
      kept.push(value);
    }
    block.values = kept.reverse();
  }
  return isChanged;
}
