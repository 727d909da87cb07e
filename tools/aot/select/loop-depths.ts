/** How many loops each block stands in: natural loops, found by the edges that lead back to a dominator. */
import { Dominators } from "../ssa/dominators.ts";
import { type Block, type Func, successors } from "../ssa/ir.ts";

export function loopDepths(func: Func): Map<Block, number> {
  const dominators = new Dominators(func);
  const depths = new Map<Block, number>();
  const bodies = new Map<Block, Set<Block>>();
  for (const block of func.blocks) {
    for (const head of successors(block.terminator)) {
      if (!dominators.dominates(head, block)) continue;
      const body = bodies.get(head) ?? new Set([head]);
      bodies.set(head, body);
      const waiting = [block];
      for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
        if (body.has(next)) continue;
        body.add(next);
        waiting.push(...next.predecessors);
      }
    }
  }
  for (const body of bodies.values()) for (const block of body) depths.set(block, (depths.get(block) ?? 0) + 1);
  return depths;
}
