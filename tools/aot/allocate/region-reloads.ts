/**
 * A register that lives across calls and gets no callee-saved one is kept in memory, and in a caller-saved register where
 * that pays: between calls. This places the loads so that they run as seldom as can be: a minimum cut between the
 * places where the value is in memory only (behind calls) and those that need it in a register. In a loop that calls
 * only on a rare way, the load is on that way and the loop itself runs as if there were no call.
 *
 * As in Cai and Xue, "Optimal and efficient speculation-based partial redundancy elimination" (CGO 2003), over calls and
 * uses of one register.
 */
import type { Frequencies } from "../machine/block-frequency.ts";
import { splitEdge } from "../machine/control-flow.ts";
import { isCall, makeInst, terminatorStart } from "../machine/instruction-facts.ts";
import {
  FIRST_VIRTUAL,
  type MachineBlock,
  type MachineFunction,
  type MachineInst,
} from "../machine/machine-function.ts";
import { CutNetwork } from "../machine/min-cut.ts";
import type { RegisterFacts } from "./register-facts.ts";

/** A split edge has a jump more. */
const SPLIT_FACTOR = 2;

export interface LiveBlocks {
  in: Set<MachineBlock>;
  out: Set<MachineBlock>;
  /** All in which the register is named or live. */
  all: MachineBlock[];
}

/** Keeps the register's name; its parts are separate webs afterwards. The facts have the slot or the recipe already. */
export function placeReloads(
  fn: MachineFunction,
  reg: number,
  fact: RegisterFacts,
  live: LiveBlocks,
  frequencies: Frequencies,
): void {
  const placer = new ReloadPlacer(fn, reg, fact, live, frequencies);
  placer.place();
}

export function makeReload(reg: number, fact: RegisterFacts): MachineInst {
  if (fact.recipe === undefined) return makeInst("load_slot", [reg], [], fact.slot);
  const { op, imm, symbol } = fact.recipe;
  return symbol === undefined ? makeInst(op, [reg], [], imm) : { op, defs: [reg], uses: [], imm, symbol };
}

/** Turns `copy d, reg` into the load itself. */
export function becomeReload(copy: MachineInst, fact: RegisterFacts): void {
  Object.assign(copy, makeReload(copy.defs[0] as number, fact));
}

class ReloadPlacer {
  readonly #fn: MachineFunction;
  readonly #reg: number;
  readonly #fact: RegisterFacts;
  readonly #live: LiveBlocks;
  readonly #frequencies: Frequencies;
  readonly #entryNode = new Map<MachineBlock, number>();
  readonly #exitNode = new Map<MachineBlock, number>();

  constructor(fn: MachineFunction, reg: number, fact: RegisterFacts, live: LiveBlocks, frequencies: Frequencies) {
    this.#fn = fn;
    this.#reg = reg;
    this.#fact = fact;
    this.#live = live;
    this.#frequencies = frequencies;
  }

  place(): void {
    const sides = this.#solve();
    const isWanted = (node: number | undefined) => node !== undefined && sides[node] === 1;
    const wantedAtEntry = new Set(this.#live.all.filter((block) => isWanted(this.#entryNode.get(block))));
    const pending: [MachineBlock, MachineBlock][] = [];
    for (const block of this.#live.all) {
      const isPresent = this.#rewrite(block, wantedAtEntry.has(block));
      if (isPresent) continue;
      const takers = block.successors.filter((next) => wantedAtEntry.has(next));
      if (isWanted(this.#exitNode.get(block)) || (takers.length > 0 && takers.length === block.successors.length)) {
        block.insts.splice(terminatorStart(block), 0, makeReload(this.#reg, this.#fact));
      } else for (const next of takers) pending.push([block, next]);
    }
    for (const [from, to] of pending) {
      const reload = makeReload(this.#reg, this.#fact);
      if (to.predecessors.length === 1) to.insts.unshift(reload);
      else splitEdge(this.#fn, from, to).insts.unshift(reload);
    }
  }

  #solve(): Uint8Array {
    const network = new CutNetwork();
    const source = network.addNode();
    const sink = network.addNode();
    for (const block of this.#live.in) this.#entryNode.set(block, network.addNode());
    for (const block of this.#live.out) this.#exitNode.set(block, network.addNode());
    const entry = this.#fn.blocks[0] as MachineBlock;
    const undefinedEntry = this.#entryNode.get(entry);
    if (undefinedEntry !== undefined) network.addEdge(source, undefinedEntry, Number.MAX_VALUE);
    for (const block of this.#live.all) {
      const frequency = this.#frequencies.of(block);
      const entryNode = this.#entryNode.get(block);
      const exitNode = this.#exitNode.get(block);
      const { needsAtEntry, isKilled, endsAbsent } = this.#summarise(block);
      if (entryNode !== undefined && needsAtEntry) network.addEdge(entryNode, sink, frequency);
      if (exitNode === undefined) continue;
      if (isKilled && endsAbsent) network.addEdge(source, exitNode, frequency);
      if (!isKilled && !needsAtEntry && entryNode !== undefined) network.addEdge(entryNode, exitNode, frequency);
      for (const next of block.successors) {
        const node = this.#entryNode.get(next);
        if (node === undefined) continue;
        const isCritical = block.successors.length > 1 && next.predecessors.length > 1;
        const cost = this.#frequencies.ofEdge(block, next) * (isCritical ? SPLIT_FACTOR : 1);
        network.addEdge(exitNode, node, cost);
      }
    }
    return network.cut(source, sink);
  }

  #summarise(block: MachineBlock): { needsAtEntry: boolean; isKilled: boolean; endsAbsent: boolean } {
    let needsAtEntry = false;
    let isKilled = false;
    let endsAbsent = false;
    for (const inst of block.insts) {
      if (this.#needs(inst)) {
        if (!isKilled) needsAtEntry = true;
        endsAbsent = false;
      }
      if (isCall(inst)) {
        isKilled = true;
        endsAbsent = true;
      }
      if (inst.defs.includes(this.#reg)) {
        isKilled = true;
        endsAbsent = this.#fact.recipe !== undefined;
      }
    }
    return { needsAtEntry, isKilled, endsAbsent };
  }

  /** A copy to a physical register can be a load to it as well. */
  #needs(inst: MachineInst): boolean {
    return inst.uses.includes(this.#reg) && !isCopyToPhysical(inst);
  }

  /** Whether the register has the value at the end of the block. */
  #rewrite(block: MachineBlock, startsPresent: boolean): boolean {
    let isPresent = startsPresent;
    const insts: MachineInst[] = [];
    for (const inst of block.insts) {
      if (inst.uses.includes(this.#reg) && !isPresent) {
        if (isCopyToPhysical(inst)) becomeReload(inst, this.#fact);
        else {
          insts.push(makeReload(this.#reg, this.#fact));
          isPresent = true;
        }
      }
      const isDefined = inst.defs.includes(this.#reg);
      if (isDefined && this.#fact.recipe !== undefined) {
        isPresent = false;
        continue;
      }
      insts.push(inst);
      if (isCall(inst)) isPresent = false;
      if (isDefined) {
        insts.push(makeInst("store_slot", [], [this.#reg], this.#fact.slot));
        isPresent = true;
      }
    }
    block.insts = insts;
    return isPresent;
  }
}

function isCopyToPhysical(inst: MachineInst): boolean {
  return inst.op === "copy" && (inst.defs[0] as number) < FIRST_VIRTUAL;
}
