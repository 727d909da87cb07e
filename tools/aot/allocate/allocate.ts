/**
 * Registers and frame of a function. The allocation is tried with four callee-saved registers, then with fewer, and the
 * cheapest outcome is taken: what a register across calls is worth depends on everything else, so it is measured.
 *
 * A try is: rename webs, build the interference graph, colour it, cut what got no colour into pieces, again; then slots
 * and frame.
 */
import { estimateFrequencies } from "../machine/block-frequency.ts";
import {
  ALLOCATABLE_MASK,
  CALLEE_SAVED_MASK,
  countBits,
  isCall,
  RETURN_ADDRESS_MASK,
} from "../machine/instruction-facts.ts";
import { FIRST_VIRTUAL, type MachineFunction, type MachineInst } from "../machine/machine-function.ts";
import type { Allocation } from "./allocation.ts";
import { AllocationChecker } from "./check-allocation.ts";
import { type Colouring, colourGraph } from "./colour.ts";
import { dropRedundant } from "./drop-redundant.ts";
import { FunctionCopy } from "./function-copy.ts";
import { buildGraph } from "./interference.ts";
import { measureCost } from "./measure-cost.ts";
import { isFarFrame, makeFrame } from "./plan-frame.ts";
import { prepare } from "./prepare.ts";
import { freshFacts, type RegisterFacts } from "./register-facts.ts";
import { packSlots } from "./slots.ts";
import { type SpillContext, spillRegisters } from "./spill.ts";
import { splitLate } from "./split-late.ts";
import { renameWebs } from "./webs.ts";

/** A function is not allocated more than once when it is longer than this. */
const TRIAL_INSTRUCTIONS_MAX = 2000;
const ROUNDS_MAX = 40;

export interface AllocateOptions {
  /** Have the outcome judged by the checker; a wrong one is thrown as an error. */
  verify?: boolean;
}

/** Rewrites `fn` to physical registers, slots, enter_frame and leave_frame. */
export function allocateRegisters(fn: MachineFunction, { verify = false }: AllocateOptions = {}): Allocation {
  prepare(fn);
  const checker = verify ? new AllocationChecker(fn) : undefined;
  const best = countInstructions(fn) > TRIAL_INSTRUCTIONS_MAX ? tryAllocation(fn, ALLOCATABLE_MASK, false) : search(fn);
  best.copy.commit();
  const { slotCount, usedMask, frame } = best;
  const allocation = { slotCount, usedMask, frame: best.copy.translateFrame(frame) };
  const problems = checker?.check(fn, allocation) ?? [];
  if (problems.length > 0) throw new Error(`wrong allocation of ${fn.name}: ${problems.slice(0, 5).join("; ")}`);
  return allocation;
}

function search(fn: MachineFunction): Trial {
  let best = tryAllocation(fn, ALLOCATABLE_MASK, true);
  const consider = (other: Trial): void => {
    if (other.cost < best.cost) best = other;
  };
  if (best.isSplit) consider(tryAllocation(fn, ALLOCATABLE_MASK, false));
  const { isSplit } = best;
  for (const allowed of smallerSets(best.usedMask, containsCall(fn))) consider(tryAllocation(fn, allowed, isSplit));
  return best;
}

/** Sets of registers to try instead, when a try has used these. */
function smallerSets(usedMask: number, hasCall: boolean): number[] {
  const sets: number[] = [];
  const kept = usedMask & CALLEE_SAVED_MASK;
  for (let count = countBits(kept) - 1; count >= 0; count--) {
    sets.push((ALLOCATABLE_MASK & ~CALLEE_SAVED_MASK) | (((1 << count) - 1) << 12));
  }
  if (!hasCall && (usedMask & RETURN_ADDRESS_MASK) !== 0) {
    sets.push(...[ALLOCATABLE_MASK, ...sets].map((set) => set & ~RETURN_ADDRESS_MASK));
  }
  return sets;
}

function countInstructions(fn: MachineFunction): number {
  return fn.blocks.reduce((sum, block) => sum + block.insts.length, 0);
}

function containsCall(fn: MachineFunction): boolean {
  return fn.blocks.some((block) => block.insts.some(isCall));
}

interface Trial extends Allocation {
  copy: FunctionCopy;
  cost: number;
  isSplit: boolean;
}

function tryAllocation(fn: MachineFunction, allowed: number, splits: boolean): Trial {
  const copy = new FunctionCopy(fn);
  const { work } = copy;
  const isSplit = splits && splitLate(work);
  let facts: RegisterFacts[] = Array.from({ length: work.registerCount }, freshFacts);
  let slotCount = 0;
  let costly = CALLEE_SAVED_MASK;
  if (!containsCall(work)) costly |= RETURN_ADDRESS_MASK;
  for (let round = 0; ; round++) {
    if (round === ROUNDS_MAX) throw new Error(`registers of ${fn.name} are not settled after ${ROUNDS_MAX} rounds`);
    facts = renameWebs(work, facts);
    const frequencies = estimateFrequencies(work);
    const graph = buildGraph(work, facts, frequencies);
    const colouring = colourGraph(graph, { allowed, costly });
    if (colouring.spilled.length === 0) {
      applyColours(work, colouring);
      break;
    }
    const context: SpillContext = { fn: work, facts, frequencies, crossesCall: graph.crossesCall, slotCount };
    spillRegisters(context, colouring.spilled);
    slotCount = context.slotCount;
  }
  const frequencies = estimateFrequencies(work);
  dropRedundant(work);
  const packed = packSlots(work, slotCount, frequencies);
  if ((allowed & RETURN_ADDRESS_MASK) !== 0 && isFarFrame(work, packed)) {
    return tryAllocation(fn, allowed & ~RETURN_ADDRESS_MASK, splits);
  }
  const usedMask = writtenMask(work);
  const frame = makeFrame(work, packed, frequencies);
  return { copy, slotCount: packed, usedMask, frame, cost: measureCost(work, frame), isSplit };
}

function applyColours(fn: MachineFunction, { colour }: Colouring): void {
  const registerOf = (reg: number) => (reg < FIRST_VIRTUAL ? reg : (colour[reg] as number));
  const apply = (inst: MachineInst): void => {
    inst.defs = inst.defs.map(registerOf);
    inst.uses = inst.uses.map(registerOf);
    if (inst.inner !== undefined) apply(inst.inner);
  };
  for (const block of fn.blocks) {
    for (const inst of block.insts) apply(inst);
    block.insts = block.insts.filter((inst) => !isIdentity(inst));
  }
  fn.registerCount = FIRST_VIRTUAL;
}

function isIdentity(inst: MachineInst): boolean {
  if (inst.op === "guarded") return isIdentity(inst.inner as MachineInst);
  return inst.op === "copy" && inst.defs[0] === inst.uses[0];
}

function writtenMask(fn: MachineFunction): number {
  let mask = 0;
  for (const block of fn.blocks) {
    for (const inst of block.insts) for (const reg of inst.defs) mask |= 1 << reg;
  }
  return mask;
}
