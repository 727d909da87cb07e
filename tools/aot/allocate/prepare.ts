/** Brings a selected function into the form that the allocator assumes, without a change of what it does. */
import { removeUnreachable } from "../machine/control-flow.ts";
import { blockIdLimit, hasEffect } from "../machine/instruction-facts.ts";
import {
  FIRST_VIRTUAL,
  type MachineBlock,
  type MachineFunction,
  type MachineInst,
} from "../machine/machine-function.ts";
import { splitLargeAdds } from "../machine/split-large-adds.ts";
import { Liveness } from "./liveness.ts";

export function prepare(fn: MachineFunction): void {
  removeUnreachable(fn);
  separateEntry(fn);
  splitLargeAdds(fn);
  for (const block of fn.blocks) {
    for (const inst of block.insts) if (inst.op === "guarded") readWhatIsWritten(inst);
  }
  removeDeadCode(fn);
}

/** Nothing jumps to the entry, so that what is put there runs once. */
function separateEntry(fn: MachineFunction): void {
  const first = fn.blocks[0] as MachineBlock;
  if (first.predecessors.length === 0) return;
  const entry: MachineBlock = {
    id: blockIdLimit(fn),
    insts: [{ op: "jump", defs: [], uses: [], imm: 0, target: first }],
    successors: [first],
    predecessors: [],
    loopDepth: 0,
  };
  first.predecessors.push(entry);
  fn.blocks.unshift(entry);
}

/** When the guard jumps over it, the old value stays. */
function readWhatIsWritten(inst: MachineInst): void {
  for (const reg of inst.defs) if (!inst.uses.includes(reg)) inst.uses.push(reg);
}

function removeDeadCode(fn: MachineFunction): void {
  const liveness = new Liveness(fn);
  for (const block of fn.blocks) {
    const live = new Set(liveness.virtualOut(block));
    const kept: MachineInst[] = [];
    for (let index = block.insts.length - 1; index >= 0; index--) {
      const inst = block.insts[index] as MachineInst;
      if (!hasEffect(inst) && inst.defs.every((reg) => reg >= FIRST_VIRTUAL && !live.has(reg))) continue;
      for (const reg of inst.defs) live.delete(reg);
      for (const reg of inst.uses) if (reg >= FIRST_VIRTUAL) live.add(reg);
      kept.push(inst);
    }
    if (kept.length < block.insts.length) block.insts = kept.reverse();
  }
}
