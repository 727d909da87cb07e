/**
 * A register that must leave where its value comes from (because a call, or a write of that register, lies ahead on some
 * ways) does so late: where only such ways are left. Ways that end early then run without a copy, a store or a frame.
 *
 * All blocks from the first such point on use a second register; copies to it stand on the edges into them.
 */
import { estimateFrequencies, type Frequencies } from "../machine/block-frequency.ts";
import { splitEdge } from "../machine/control-flow.ts";
import { clobberedMask, isCall, makeInst, maskOfRegisters, terminatorStart } from "../machine/instruction-facts.ts";
import {
  CALLER_SAVED_MASK,
  FIRST_VIRTUAL,
  type MachineBlock,
  type MachineFunction,
  type MachineInst,
} from "../machine/machine-function.ts";
import { Liveness } from "./liveness.ts";

/** A function with more blocks is left alone: each register is looked at over the whole of it. */
const BLOCKS_MAX = 1000;

export function splitLate(fn: MachineFunction): boolean {
  if (fn.blocks.length > BLOCKS_MAX || fn.blocks.length === 1) return false;
  const ranges = collectRanges(fn);
  const frequencies = estimateFrequencies(fn);
  const known = new Set(fn.blocks);
  let isChanged = false;
  for (const [reg, range] of ranges) {
    if (range.crossing.length > 0 && splitRange(fn, reg, range, known, frequencies)) isChanged = true;
  }
  return isChanged;
}

interface Range {
  liveIn: Set<MachineBlock>;
  /** Blocks in which the register lives across the point that makes it move. */
  crossing: MachineBlock[];
  defBlocks: MachineBlock[];
}

function collectRanges(fn: MachineFunction): Map<number, Range> {
  const home = findHomes(fn);
  const liveness = new Liveness(fn);
  const ranges = new Map<number, Range>();
  const rangeOf = (reg: number): Range => {
    let range = ranges.get(reg);
    if (range === undefined) {
      range = { liveIn: new Set(), crossing: [], defBlocks: [] };
      ranges.set(reg, range);
    }
    return range;
  };
  for (const block of fn.blocks) {
    for (const reg of liveness.virtualIn(block)) rangeOf(reg).liveIn.add(block);
    const live = new Set(liveness.virtualOut(block));
    for (let index = block.insts.length - 1; index >= 0; index--) {
      const inst = block.insts[index] as MachineInst;
      for (const reg of inst.defs) {
        live.delete(reg);
        if (reg >= FIRST_VIRTUAL) rangeOf(reg).defBlocks.push(block);
      }
      const written = clobberedMask(inst) | maskOfRegisters(inst.defs.filter((reg) => reg < FIRST_VIRTUAL));
      if (written !== 0) {
        for (const reg of live) {
          const { crossing } = rangeOf(reg);
          const mask = (home[reg] as number) >= 0 ? 1 << (home[reg] as number) : CALLER_SAVED_MASK;
          const isMoved = (home[reg] as number) >= 0 ? (written & mask) !== 0 : isCall(inst);
          // A copy of it to its own home leaves the value there.
          const isSame = inst.op === "copy" && inst.uses[0] === reg;
          if (isMoved && !isSame && crossing.at(-1) !== block) crossing.push(block);
        }
      }
      for (const reg of inst.uses) if (reg >= FIRST_VIRTUAL) live.add(reg);
    }
  }
  return ranges;
}

/** The physical register that all definitions of a register copy; -1 for none. */
function findHomes(fn: MachineFunction): Int32Array {
  const unknown = -2;
  const home = new Int32Array(fn.registerCount).fill(unknown);
  for (const block of fn.blocks) {
    for (const inst of block.insts) {
      for (const reg of inst.defs) {
        if (reg < FIRST_VIRTUAL) continue;
        const source = inst.op === "copy" ? (inst.uses[0] as number) : -1;
        const isPhysical = source >= 0 && source < FIRST_VIRTUAL;
        const isNew = home[reg] === unknown || home[reg] === source;
        home[reg] = isPhysical && isNew ? source : -1;
      }
    }
  }
  return home;
}

function splitRange(
  fn: MachineFunction,
  reg: number,
  range: Range,
  known: ReadonlySet<MachineBlock>,
  frequencies: Frequencies,
): boolean {
  // A block put on an edge since has one way on, and is not among those whose ranges were looked at.
  const isLiveInto = (block: MachineBlock): boolean =>
    known.has(block) ? range.liveIn.has(block) : isLiveInto(block.successors[0] as MachineBlock);
  const late = new Set<MachineBlock>(range.crossing);
  const queue = [...late];
  for (let block = queue.pop(); block !== undefined; block = queue.pop()) {
    for (const next of block.successors) {
      if (!late.has(next) && isLiveInto(next)) {
        late.add(next);
        queue.push(next);
      }
    }
  }
  const early = range.defBlocks.filter((block) => !late.has(block));
  if (early.length === 0) return false;
  const edges: [MachineBlock, MachineBlock][] = [];
  for (const block of late) {
    if (!isLiveInto(block)) continue;
    for (const from of block.predecessors) if (!late.has(from)) edges.push([from, block]);
  }
  const before = early.reduce((sum, block) => sum + frequencies.of(block), 0);
  const after = edges.reduce((sum, [from, to]) => sum + frequencies.ofEdge(from, to), 0);
  if (after >= before) return false;
  const second = fn.registerCount++;
  for (const block of late) for (const inst of block.insts) rename(inst, reg, second);
  for (const [from, to] of edges) {
    const copy = makeInst("copy", [second], [reg]);
    const comeTogether = edges.filter(([, other]) => other === to).length;
    if (comeTogether === to.predecessors.length) {
      if (to.predecessors[0] === from) to.insts.unshift(copy);
    } else if (from.successors.length === 1) from.insts.splice(terminatorStart(from), 0, copy);
    else splitEdge(fn, from, to).insts.unshift(copy);
  }
  return true;
}

function rename(inst: MachineInst, from: number, to: number): void {
  const nameOf = (reg: number) => (reg === from ? to : reg);
  inst.uses = inst.uses.map(nameOf);
  inst.defs = inst.defs.map(nameOf);
  if (inst.inner !== undefined) rename(inst.inner, from, to);
}
