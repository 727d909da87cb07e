/** What an allocated function costs: instructions run for one run of it, and a little for each that is there. */
import { estimateFrequencies } from "../machine/block-frequency.ts";
import type { MachineFunction, MachineInst } from "../machine/machine-function.ts";
import type { Frame } from "./plan-frame.ts";

/** An instruction that is there weighs as much as one that runs this often. */
const SIZE_WEIGHT = 0.1;
/** Half of the jumps vanish when the blocks are laid out. */
const JUMP_WEIGHT = 0.5;

export function measureCost(fn: MachineFunction, frame: Frame): number {
  const frequencies = estimateFrequencies(fn);
  let cost = 0;
  for (const block of fn.blocks) {
    const weight = SIZE_WEIGHT + frequencies.of(block);
    for (const inst of block.insts) cost += weight * countParts(inst, frame);
  }
  return cost;
}

function countParts(inst: MachineInst, frame: Frame): number {
  switch (inst.op) {
    case "shl":
    case "shr_u":
    case "shr_s":
    case "funnel":
    case "funnel_imm":
    case "guarded":
      return 2;
    case "enter_frame":
    case "leave_frame":
      return 1 + frame.saved.length;
    case "jump":
      return JUMP_WEIGHT;
    default:
      return 1;
  }
}
