/** Brings a selected function into the form that the allocator assumes, without a change of what it does. */
import { removeUnreachable } from "../machine/control-flow.ts";
import { blockIdLimit } from "../machine/instruction-facts.ts";
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
      if (isPure(inst) && inst.defs.every((reg) => reg >= FIRST_VIRTUAL && !live.has(reg))) continue;
      for (const reg of inst.defs) live.delete(reg);
      for (const reg of inst.uses) if (reg >= FIRST_VIRTUAL) live.add(reg);
      kept.push(inst);
    }
    if (kept.length < block.insts.length) block.insts = kept.reverse();
  }
}

/** Nothing but its definitions comes of it. */
function isPure(inst: MachineInst): boolean {
  switch (inst.op) {
    case "s8i":
    case "s16i":
    case "s32i":
    case "l8ui":
    case "l16ui":
    case "l16si":
    case "l32i":
    case "store_argument":
    case "store_result":
    case "store_slot":
    case "enter_frame":
    case "leave_frame":
    case "call":
    case "call_pointer":
    case "branch":
    case "jump":
    case "jump_table":
    case "ret":
    case "trap":
      return false;
    default:
      return true;
  }
}
