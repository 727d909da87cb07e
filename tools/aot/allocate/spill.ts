/**
 * Cuts the ranges of registers that got no colour (see Piece): the value goes to a slot of the frame once, where it is
 * defined, and comes back by loads; a constant is made again instead.
 */
import type { Frequencies } from "../machine/block-frequency.ts";
import { isCall, makeInst } from "../machine/instruction-facts.ts";
import type { MachineBlock, MachineFunction, MachineInst } from "../machine/machine-function.ts";
import { Liveness } from "./liveness.ts";
import { becomeReload, type LiveBlocks, makeReload, placeReloads } from "./region-reloads.ts";
import { Piece, type RegisterFacts } from "./register-facts.ts";

/** Above this, placing loads by cuts takes too long. */
const REGION_BLOCKS_MAX = 500;

export interface SpillContext {
  fn: MachineFunction;
  facts: RegisterFacts[];
  frequencies: Frequencies;
  crossesCall: Uint8Array;
  /** Slots given out so far. */
  slotCount: number;
}

export function spillRegisters(context: SpillContext, spilled: readonly number[]): void {
  const { fn, facts } = context;
  const regional: number[] = [];
  const local = new Map<number, LocalSpill>();
  for (const reg of spilled) {
    const fact = facts[reg] as RegisterFacts;
    if (fact.piece === Piece.Tiny) throw new Error(`no register for a piece of one instruction in ${fn.name}`);
    const isStored = fact.slot >= 0 || fact.recipe !== undefined;
    if (!isStored) fact.slot = context.slotCount++;
    if (fact.piece === Piece.Whole && context.crossesCall[reg] === 1 && fn.blocks.length <= REGION_BLOCKS_MAX) {
      fact.piece = Piece.Region;
      regional.push(reg);
    } else {
      fact.piece = fact.piece === Piece.Local ? Piece.Tiny : Piece.Local;
      local.set(reg, { fact, isStored });
    }
  }
  if (local.size > 0) {
    for (const block of fn.blocks) new BlockSpiller(context, local, block).run();
  }
  if (regional.length === 0) return;
  const liveBlocks = collectLiveBlocks(fn, regional);
  const knownCount = fn.blocks.length;
  for (const reg of regional) {
    // Edges that an earlier one has split are new blocks that this one does not know: it passes through them.
    const live = liveBlocks.get(reg) as LiveBlocks;
    addSplitBlocks(fn.blocks.slice(knownCount), live);
    placeReloads(fn, reg, facts[reg] as RegisterFacts, live, context.frequencies);
  }
}

interface LocalSpill {
  fact: RegisterFacts;
  /** Its definitions need no store behind them. */
  isStored: boolean;
}

class BlockSpiller {
  readonly #context: SpillContext;
  readonly #spills: ReadonlyMap<number, LocalSpill>;
  readonly #block: MachineBlock;
  /** Which piece has the value of a spilled register here. */
  readonly #current = new Map<number, number>();
  #out: MachineInst[] = [];

  constructor(context: SpillContext, spills: ReadonlyMap<number, LocalSpill>, block: MachineBlock) {
    this.#context = context;
    this.#spills = spills;
    this.#block = block;
  }

  run(): void {
    const isTouched = (reg: number) => this.#spills.has(reg);
    if (!this.#block.insts.some((inst) => inst.uses.some(isTouched) || inst.defs.some(isTouched))) return;
    for (const inst of this.#block.insts) this.#rewrite(inst);
    this.#block.insts = this.#out;
  }

  #rewrite(inst: MachineInst): void {
    const used = inst.uses.find((reg) => this.#spills.has(reg));
    const defined = inst.defs.find((reg) => this.#spills.has(reg));
    if (used === undefined && defined === undefined) {
      this.#out.push(inst);
      if (isCall(inst)) this.#current.clear();
      else if (this.#current.size > 0) this.#forgetTinyExcept(new Map());
      return;
    }
    if (defined !== undefined && !inst.uses.includes(defined)) {
      const { fact } = this.#spills.get(defined) as LocalSpill;
      // The value is where it is loaded or made from anyway.
      if (fact.recipe !== undefined || (inst.op === "load_slot" && inst.imm === fact.slot)) {
        this.#current.delete(defined);
        return;
      }
    }
    if (inst.op === "copy" && this.#rewriteCopy(inst, used, defined)) return;
    const names = new Map<number, number>();
    for (const reg of inst.uses) {
      const spill = this.#spills.get(reg);
      if (spill === undefined || names.has(reg)) continue;
      names.set(reg, this.#current.get(reg) ?? this.#reload(reg, spill.fact));
    }
    const stores: MachineInst[] = [];
    for (const reg of inst.defs) {
      const spill = this.#spills.get(reg);
      if (spill === undefined) continue;
      const piece = names.get(reg) ?? this.#newPiece(spill.fact);
      names.set(reg, piece);
      if (!spill.isStored) stores.push(makeInst("store_slot", [], [piece], spill.fact.slot));
    }
    rename(inst, names);
    this.#out.push(inst, ...stores);
    if (isCall(inst)) this.#current.clear();
    for (const [reg, piece] of names) {
      const { piece: step } = (this.#spills.get(reg) as LocalSpill).fact;
      // A tiny piece is for one instruction, and for the store behind its definition.
      if (step === Piece.Local || inst.defs.includes(piece)) this.#current.set(reg, piece);
      else this.#current.delete(reg);
    }
    this.#forgetTinyExcept(names);
  }

  #forgetTinyExcept(names: ReadonlyMap<number, number>): void {
    for (const reg of this.#current.keys()) {
      if (!names.has(reg) && (this.#spills.get(reg) as LocalSpill).fact.piece === Piece.Tiny) this.#current.delete(reg);
    }
  }

  /** A copy from a spilled register is a load, a copy to one is a store. */
  #rewriteCopy(inst: MachineInst, used: number | undefined, defined: number | undefined): boolean {
    if (used !== undefined && defined === undefined && !this.#current.has(used)) {
      becomeReload(inst, (this.#spills.get(used) as LocalSpill).fact);
      this.#out.push(inst);
      return true;
    }
    if (defined === undefined || used !== undefined) return false;
    const { fact, isStored } = this.#spills.get(defined) as LocalSpill;
    if (isStored || this.#isUsedSoon(inst, defined)) return false;
    inst.op = "store_slot";
    inst.defs = [];
    inst.imm = fact.slot;
    this.#out.push(inst);
    this.#current.delete(defined);
    return true;
  }

  /** Whether a use comes before the next call. */
  #isUsedSoon(after: MachineInst, reg: number): boolean {
    const { insts } = this.#block;
    for (let index = insts.indexOf(after) + 1; index < insts.length; index++) {
      const inst = insts[index] as MachineInst;
      if (inst.uses.includes(reg)) return true;
      if (isCall(inst) || inst.defs.includes(reg)) return false;
    }
    return false;
  }

  #reload(reg: number, fact: RegisterFacts): number {
    const piece = this.#newPiece(fact);
    this.#out.push(makeReload(piece, fact));
    if (fact.piece === Piece.Local) this.#current.set(reg, piece);
    return piece;
  }

  #newPiece(fact: RegisterFacts): number {
    this.#context.facts.push({ ...fact });
    return this.#context.fn.registerCount++;
  }
}

function rename(inst: MachineInst, names: ReadonlyMap<number, number>): void {
  const nameOf = (reg: number) => names.get(reg) ?? reg;
  inst.uses = inst.uses.map(nameOf);
  inst.defs = inst.defs.map(nameOf);
  if (inst.inner !== undefined) rename(inst.inner, names);
}

function collectLiveBlocks(fn: MachineFunction, registers: readonly number[]): Map<number, LiveBlocks> {
  const liveness = new Liveness(fn);
  const found = new Map<number, LiveBlocks>(registers.map((reg) => [reg, { in: new Set(), out: new Set(), all: [] }]));
  for (const block of fn.blocks) {
    const note = (reg: number): LiveBlocks | undefined => {
      const live = found.get(reg);
      if (live !== undefined && live.all.at(-1) !== block) live.all.push(block);
      return live;
    };
    for (const reg of liveness.virtualIn(block)) note(reg)?.in.add(block);
    for (const reg of liveness.virtualOut(block)) note(reg)?.out.add(block);
    for (const inst of block.insts) {
      for (const reg of inst.uses) note(reg);
      for (const reg of inst.defs) note(reg);
    }
  }
  return found;
}

/** Blocks made on edges since: what is live into the one successor is live through them. */
function addSplitBlocks(blocks: readonly MachineBlock[], live: LiveBlocks): void {
  for (const block of blocks) {
    if (!live.in.has(block.successors[0] as MachineBlock)) continue;
    live.in.add(block);
    live.out.add(block);
    live.all.push(block);
  }
}
