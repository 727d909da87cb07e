/**
 * A function over physical registers to bytes. Offsets count from its first byte, which stands at a multiple of 4; calls
 * and literals are for the linker to fill in.
 */
import type { Allocation } from "../allocate/allocation.ts";
import { estimateFrequencies, type Frequencies } from "../machine/block-frequency.ts";
import {
  CALLEE_SAVED_MASK,
  clobberedMask,
  maskOfRegisters,
  RETURN_ADDRESS_MASK,
} from "../machine/instruction-facts.ts";
import type { MachineBlock, MachineFunction, MachineInst } from "../machine/machine-function.ts";
import type { Trap } from "../ssa/ir.ts";
import { type AssembledCode, assemble } from "./assemble.ts";
import type { CodeItem, Label } from "./code-item.ts";
import { orderBlocks } from "./layout.ts";
import { Lowerer } from "./lower-inst.ts";
import { mergeEqualBlocks } from "./merge-equal-blocks.ts";
import { mergeTails, type Part } from "./merge-tails.ts";
import { BYTES_PER_JUMP_RUN, shareTails } from "./share-tails.ts";
import { simplifyFlow } from "./simplify-flow.ts";

export interface FunctionCode extends AssembledCode {
  name: string;
  index: number;
  frameBytes: number;
  /** Registers that a caller may find changed, those that callees change included. */
  clobbers: number;
}

export function emitFunction(fn: MachineFunction, allocation: Allocation): FunctionCode {
  simplifyFlow(fn);
  mergeEqualBlocks(fn, allocation.frame);
  simplifyFlow(fn);
  const items = new FunctionEmitter(fn, allocation).emit();
  return {
    ...assemble(items),
    name: fn.name,
    index: fn.index,
    frameBytes: allocation.frame.bytes,
    clobbers: clobbersOf(fn, allocation),
  };
}

function clobbersOf(fn: MachineFunction, { frame }: Allocation): number {
  let mask = RETURN_ADDRESS_MASK;
  for (const block of fn.blocks) {
    for (const inst of block.insts) mask |= maskOfRegisters(inst.defs) | clobberedMask(inst);
  }
  const restored = maskOfRegisters(frame.saved.map(({ register }) => register)) & CALLEE_SAVED_MASK;
  return mask & ~restored;
}

const JUMP_BYTES = 3;
const COPY_INSTS_MAX = 4;

class FunctionEmitter {
  readonly #order: MachineBlock[];
  readonly #frequencies: Frequencies;
  readonly #allocation: Allocation;
  readonly #lowerer: Lowerer;
  readonly #labels = new Map<MachineBlock, Label>();
  readonly #traps = new Map<Trap, Label>();

  constructor(fn: MachineFunction, allocation: Allocation) {
    this.#allocation = allocation;
    this.#frequencies = estimateFrequencies(fn);
    this.#order = orderBlocks(fn, this.#frequencies).filter((block) => block === fn.blocks[0] || !isTrapOnly(block));
    this.#lowerer = new Lowerer(allocation.frame);
  }

  emit(): CodeItem[] {
    const parts = this.#order.map((block, index) => this.#emitBlock(block, this.#order[index + 1]));
    const items = removeIdleJumps(shareTails(mergeTails(dropUnused(parts))).flatMap((part) => part.items));
    for (const [trap, label] of this.#traps) items.push({ kind: "shared-trap", label, trap });
    return items;
  }

  #emitBlock(block: MachineBlock, next: MachineBlock | undefined): Part {
    const label = this.#labelOf(block);
    const start = this.#lowerer.items.length;
    this.#lowerer.startBlock(label, this.#allocation.frame.framedAtStart.has(block));
    const fallsThrough = this.#emitInsts(block, next, 0);
    return { label, items: this.#lowerer.items.slice(start), fallsThrough, frequency: this.#frequencies.of(block) };
  }

  /** Returns whether the code runs on into `next`. */
  #emitInsts(block: MachineBlock, next: MachineBlock | undefined, copies: number): boolean {
    for (const inst of block.insts) {
      if (inst.op === "branch") {
        if (inst.target !== undefined) break;
        this.#lowerer.branch(inst, this.#trapLabel(inst.trap as Trap), false);
      } else if (inst.op === "jump") break;
      else if (inst.op === "jump_table") {
        this.#emitTable(inst);
        return false;
      } else {
        const isTail = this.#allocation.frame.tailCalls.has(inst);
        this.#lowerer.lower(inst);
        if (isTail) return false;
      }
    }
    const last = block.insts.at(-1) as MachineInst;
    if (last.op !== "jump") return false;
    const to = last.target as MachineBlock;
    const branch = block.insts.at(-2);
    if (branch?.op !== "branch" || branch.target === undefined) return this.#emitJump(block, to, next, copies);
    return this.#emitBranch(block, branch, to, next, copies);
  }

  #emitBranch(
    block: MachineBlock,
    branch: MachineInst,
    otherwise: MachineBlock,
    next: MachineBlock | undefined,
    copies: number,
  ): boolean {
    const target = branch.target as MachineBlock;
    if (isTrapOnly(target)) {
      const trap = target.insts[0]?.trap as Trap;
      this.#lowerer.branch({ ...branch, trap }, this.#trapLabel(trap), false);
      return this.#emitJump(block, otherwise, next, copies);
    }
    if (isTrapOnly(otherwise)) {
      const trap = otherwise.insts[0]?.trap as Trap;
      this.#lowerer.branch({ ...branch, trap }, this.#trapLabel(trap), true);
      return this.#emitJump(block, target, next, copies);
    }
    const { ofEdge } = this.#frequencies;
    // The way that runs more often takes one instruction, the other one two.
    const isOpposite = otherwise === next ? false : target === next || ofEdge(block, otherwise) > ofEdge(block, target);
    this.#lowerer.branch(branch, this.#labelOf(isOpposite ? otherwise : target), isOpposite);
    return this.#emitJump(block, isOpposite ? target : otherwise, next, copies);
  }

  #emitJump(from: MachineBlock, to: MachineBlock, next: MachineBlock | undefined, copies: number): boolean {
    if (to === next) return true;
    if (isTrapOnly(to)) {
      this.#lowerer.lower(to.insts[0] as MachineInst);
      return false;
    }
    if (copies === 0 && this.#isWorthCopying(from, to, next)) return this.#emitInsts(to, next, 1);
    this.#lowerer.push({ kind: "jump", to: this.#labelOf(to) });
    return false;
  }

  /** Short ways out of the function, and tests that either end in `next`. */
  #isWorthCopying(from: MachineBlock, to: MachineBlock, next: MachineBlock | undefined): boolean {
    const last = to.insts.at(-1) as MachineInst;
    const endsHere = last.op === "ret" || (last.op === "jump" && next !== undefined && to.successors.includes(next));
    if (!endsHere || to.insts.length > COPY_INSTS_MAX) return false;
    if (last.op === "jump" && to.successors.length !== 2) return false;
    const extraBytes = this.#estimateBytes(to) - JUMP_BYTES;
    return extraBytes <= BYTES_PER_JUMP_RUN * Math.min(1, this.#frequencies.ofEdge(from, to));
  }

  #estimateBytes(block: MachineBlock): number {
    const { saved } = this.#allocation.frame;
    return block.insts.reduce((sum, { op }) => {
      if (op === "jump") return sum;
      if (op === "ret" || op === "copy") return sum + 2;
      return sum + (op === "leave_frame" ? 3 + 2 * saved.length : 3);
    }, 0);
  }

  /**
   * The index times three is added to the address of the table, which is where the call0 over it would return to.
   */
  #emitTable(inst: MachineInst): void {
    const [scratch = 0] = inst.defs;
    const [index = 0] = inst.uses;
    const behind: Label = { address: 0 };
    this.#lowerer.put("addx2", scratch, index, index);
    this.#lowerer.push({ kind: "table-call", to: behind });
    for (const target of inst.targets ?? []) {
      const to = isTrapOnly(target) ? this.#trapLabel(target.insts[0]?.trap as Trap) : this.#labelOf(target);
      this.#lowerer.push({ kind: "jump", to });
    }
    this.#lowerer.push({ kind: "align" });
    this.#lowerer.push({ kind: "label", label: behind });
    this.#lowerer.put("add.n", 0, 0, scratch);
    this.#lowerer.put("jx", 0);
  }

  #labelOf(block: MachineBlock): Label {
    let label = this.#labels.get(block);
    if (label === undefined) {
      label = { address: 0 };
      this.#labels.set(block, label);
    }
    return label;
  }

  #trapLabel(trap: Trap): Label {
    let label = this.#traps.get(trap);
    if (label === undefined) {
      label = { address: 0 };
      this.#traps.set(trap, label);
    }
    return label;
  }
}

function isTrapOnly(block: MachineBlock): boolean {
  return block.insts.length === 1 && block.insts[0]?.op === "trap";
}

function targetOf(item: CodeItem): Label | undefined {
  return item.kind === "branch" || item.kind === "jump" || item.kind === "table-call" ? item.to : undefined;
}

/** Blocks that nothing goes to any more, because copies stand in all places. */
function dropUnused(parts: readonly Part[]): Part[] {
  let kept = parts.slice();
  for (;;) {
    const used = new Set(kept.flatMap(({ items }) => items.map(targetOf)));
    const left = kept.filter(
      ({ label }, index) => index === 0 || used.has(label) || (kept[index - 1] as Part).fallsThrough,
    );
    if (left.length === kept.length) return kept;
    kept = left;
  }
}

function removeIdleJumps(items: readonly CodeItem[]): CodeItem[] {
  return items.filter((item, index) => {
    if (item.kind !== "jump") return true;
    for (let after = index + 1; after < items.length; after++) {
      const other = items[after] as CodeItem;
      if (other.kind !== "label") return true;
      if (other.label === item.to) return false;
    }
    return true;
  });
}
