/** Changes and orders of a machine function's control flow graph. */
import { blockIdLimit } from "./instruction-facts.ts";
import type { MachineBlock, MachineFunction } from "./machine-function.ts";

/** The blocks that can be reached, each after those of its predecessors that do not lie on a back edge. */
export function reversePostorder(fn: MachineFunction): MachineBlock[] {
  const entry = fn.blocks[0] as MachineBlock;
  const seen = new Uint8Array(blockIdLimit(fn));
  const postorder: MachineBlock[] = [];
  const stack: { block: MachineBlock; next: number }[] = [{ block: entry, next: 0 }];
  seen[entry.id] = 1;
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const successor = top.block.successors[top.next++];
    if (successor === undefined) {
      postorder.push(top.block);
      stack.pop();
    } else if (seen[successor.id] === 0) {
      seen[successor.id] = 1;
      stack.push({ block: successor, next: 0 });
    }
  }
  return postorder.reverse();
}

export function removeUnreachable(fn: MachineFunction): void {
  const reachable = new Set(reversePostorder(fn));
  if (reachable.size === fn.blocks.length) return;
  fn.blocks = fn.blocks.filter((block) => reachable.has(block));
  for (const block of fn.blocks) block.predecessors = block.predecessors.filter((other) => reachable.has(other));
}

/** Makes every transfer of `from` to `to` go to `instead`; the caller sees to `instead`'s own edges. */
export function redirect(from: MachineBlock, to: MachineBlock, instead: MachineBlock): void {
  for (const inst of from.insts) {
    if (inst.target === to) inst.target = instead;
    if (inst.targets?.includes(to)) inst.targets = inst.targets.map((target) => (target === to ? instead : target));
  }
  from.successors = [...new Set(from.successors.map((block) => (block === to ? instead : block)))];
  to.predecessors = to.predecessors.filter((block) => block !== from);
  if (!instead.predecessors.includes(from)) instead.predecessors.push(from);
}

/** A new block on the edge, with nothing in it but the jump. */
export function splitEdge(fn: MachineFunction, from: MachineBlock, to: MachineBlock): MachineBlock {
  const middle: MachineBlock = {
    id: blockIdLimit(fn),
    insts: [{ op: "jump", defs: [], uses: [], imm: 0, target: to }],
    successors: [to],
    predecessors: [],
    loopDepth: Math.min(from.loopDepth, to.loopDepth),
  };
  redirect(from, to, middle);
  to.predecessors.push(middle);
  fn.blocks.push(middle);
  return middle;
}
