/** Who calls whom: the order in which functions are compiled, and the deepest stack that calls can need. */
import type { Func } from "../ssa/ir.ts";

/** Callees of each function; `indirect` are those that a call through a table can reach. */
export function calleesOf(func: Func, indirect: readonly number[]): number[] {
  const callees = new Set<number>();
  for (const block of func.blocks) {
    for (const value of block.values) {
      if (value.op === "call" && value.callee?.kind === "function") callees.add(value.callee.index);
      if (value.op === "call_pointer") for (const index of indirect) callees.add(index);
    }
  }
  return [...callees];
}

/** Every function after those that it calls; members of a cycle stand in some order. */
export function bottomUp(callees: readonly (readonly number[])[]): number[] {
  const order: number[] = [];
  const seen = new Set<number>();
  for (let root = 0; root < callees.length; root++) {
    if (seen.has(root)) continue;
    seen.add(root);
    const stack = [{ index: root, next: 0 }];
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const callee = callees[top.index]?.[top.next++];
      if (callee === undefined) {
        order.push(top.index);
        stack.pop();
      } else if (!seen.has(callee)) {
        seen.add(callee);
        stack.push({ index: callee, next: 0 });
      }
    }
  }
  return order;
}

export interface DeepestStack {
  /** Bytes of the frames along the deepest chain; undefined where functions call themselves. */
  bytes: number | undefined;
  /** The chain, outermost first; for recursion the functions of the cycle. */
  chain: number[];
}

/** From the entry functions down. */
export function deepestStack(
  entries: readonly number[],
  callees: readonly (readonly number[])[],
  frameBytes: readonly number[],
): DeepestStack {
  const best = new Map<number, { bytes: number; next: number | undefined }>();
  const state = new Map<number, "open" | "done">();
  for (const root of entries) {
    if (state.has(root)) continue;
    state.set(root, "open");
    const stack = [{ index: root, next: 0 }];
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const callee = callees[top.index]?.[top.next++];
      if (callee === undefined) {
        best.set(top.index, deepestFrom(top.index, callees, frameBytes, best));
        state.set(top.index, "done");
        stack.pop();
      } else if (state.get(callee) === "open") {
        const indexes = stack.map(({ index }) => index);
        return { bytes: undefined, chain: indexes.slice(indexes.indexOf(callee)) };
      } else if (!state.has(callee)) {
        state.set(callee, "open");
        stack.push({ index: callee, next: 0 });
      }
    }
  }
  const root = entries.reduce<number | undefined>(
    (deepest, index) => (deepest === undefined || bytesOf(best, index) > bytesOf(best, deepest) ? index : deepest),
    undefined,
  );
  const chain: number[] = [];
  for (let at = root; at !== undefined; at = best.get(at)?.next) chain.push(at);
  return { bytes: root === undefined ? 0 : bytesOf(best, root), chain };
}

function bytesOf(best: ReadonlyMap<number, { bytes: number }>, index: number): number {
  return best.get(index)?.bytes ?? 0;
}

function deepestFrom(
  index: number,
  callees: readonly (readonly number[])[],
  frameBytes: readonly number[],
  best: ReadonlyMap<number, { bytes: number }>,
): { bytes: number; next: number | undefined } {
  let next: number | undefined;
  for (const callee of callees[index] ?? []) {
    if (next === undefined || bytesOf(best, callee) > bytesOf(best, next)) next = callee;
  }
  return { bytes: (frameBytes[index] ?? 0) + (next === undefined ? 0 : bytesOf(best, next)), next };
}
