/** Removes what allocation and selection leave in the control flow: empty blocks, branches to where the code goes anyway. */
import { redirect, removeUnreachable } from "../machine/control-flow.ts";
import type { MachineBlock, MachineFunction } from "../machine/machine-function.ts";

export function simplifyFlow(fn: MachineFunction): void {
  for (const block of fn.blocks) dropIdleBranch(block);
  const entry = fn.blocks[0];
  for (const block of fn.blocks) {
    if (block === entry || !isEmpty(block)) continue;
    const to = block.successors[0] as MachineBlock;
    if (to === block) continue;
    for (const from of block.predecessors.slice()) {
      redirect(from, block, to);
      dropIdleBranch(from);
    }
    to.predecessors = to.predecessors.filter((from) => from !== block);
    block.predecessors = [];
  }
  removeUnreachable(fn);
}

function isEmpty(block: MachineBlock): boolean {
  return block.insts.length === 1 && block.insts[0]?.op === "jump";
}

function dropIdleBranch(block: MachineBlock): void {
  const jump = block.insts.at(-1);
  const branch = block.insts.at(-2);
  if (jump?.op !== "jump" || branch?.op !== "branch" || branch.target !== jump.target) return;
  block.insts.splice(-2, 1);
}
