/**
 * Where translated code checks its budget of cycles, and for how many: enough for the longest way to the next check.
 * Every loop has a check at its header, every entry of the region is one; long ways get more, so that code can run on until
 * shortly before an event.
 */
import { TAKEN_CYCLES } from "../core/cycle-model.ts";
import type { Region, RegionBlock } from "./region.ts";
import type { Item } from "./structure.ts";

const LONG_WAY_CYCLES = 200;

/** By block; blocks that are not in it check nothing. */
export function checkBudgets(region: Region, items: readonly Item[]): ReadonlyMap<number, number> {
  const checks = new Set<number>(region.entries);
  const addHeaders = (scope: readonly Item[]): void => {
    for (const item of scope) {
      if (typeof item === "number") continue;
      checks.add(item.header);
      addHeaders(item.items);
    }
  };
  addHeaders(items);
  const ways = new Map<number, number>();
  // The items' order is topological but for edges back to headers, which are checks: from the end, successors come first.
  for (const index of flatten(items).reverse()) {
    const block = region.blocks[index] as RegionBlock;
    const onward = block.successors.map((next) => (checks.has(next) ? 0 : (ways.get(next) ?? 0)));
    const way = block.cycles + TAKEN_CYCLES + Math.max(0, ...onward);
    ways.set(index, way);
    if (way > LONG_WAY_CYCLES) checks.add(index);
  }
  return new Map([...checks].map((index) => [index, ways.get(index) as number]));
}

function flatten(items: readonly Item[]): number[] {
  return items.flatMap((item) => (typeof item === "number" ? [item] : flatten(item.items)));
}
