/**
 * Judges an allocation without knowing how it was made: follows, through the allocated code, which selected register's value
 * each place holds, and holds every operand to it. Shares no liveness and no graph with the allocator. The idea is
 * that of the checker of regalloc2 (C. Fallin, 2021).
 *
 * Instructions are recognised by being the same objects as before. Those that are gone must have been copies, constants, or
 * have defined what nobody reads; new ones must be moves between places.
 */
import { reversePostorder } from "../machine/control-flow.ts";
import { clobberedMask, hasEffect, isCall } from "../machine/instruction-facts.ts";
import {
  CALLEE_SAVED,
  FIRST_VIRTUAL,
  type MachineBlock,
  type MachineFunction,
  type MachineInst,
} from "../machine/machine-function.ts";
import type { Allocation } from "./allocation.ts";
import { CheckState, placeOfRecipe, placeOfRegister, placeOfSaved, placeOfSlot } from "./check-state.ts";

export class AllocationChecker {
  readonly #before = new Map<MachineBlock, MachineInst[]>();
  readonly #objects = new Map<MachineBlock, MachineInst[]>();
  readonly #registerCount: number;

  /** Remembers the function as it is now: prepared, not allocated. */
  constructor(fn: MachineFunction) {
    this.#registerCount = fn.registerCount;
    for (const block of fn.blocks) {
      this.#objects.set(block, block.insts.slice());
      this.#before.set(block, block.insts.map(remember));
    }
  }

  /** What is wrong with the allocation of the function; empty if nothing is. */
  check(fn: MachineFunction, allocation: Allocation): string[] {
    const entry = fn.blocks[0] as MachineBlock;
    const atStart = new Map<MachineBlock, CheckState>([[entry, this.#initialState()]]);
    const isDue = new Set<MachineBlock>([entry]);
    const order = reversePostorder(fn);
    while (isDue.size > 0) {
      for (const block of order) {
        if (!isDue.delete(block)) continue;
        const state = (atStart.get(block) as CheckState).copy();
        this.#follow(block, state, allocation, () => undefined);
        for (const next of block.successors) {
          const known = atStart.get(next);
          if (known === undefined) atStart.set(next, state.copy());
          else if (!known.meet(state)) continue;
          isDue.add(next);
        }
      }
    }
    const problems: string[] = [];
    for (const [block, state] of atStart) {
      const report = (problem: string) => problems.push(`b${block.id}: ${problem}`);
      this.#follow(block, state.copy(), allocation, report);
      this.#checkFlow(block, report);
    }
    return problems;
  }

  /** Physical registers stand for themselves; callers' values in them are values like others. */
  #initialState(): CheckState {
    const state = CheckState.atEntry(this.#registerCount, FIRST_VIRTUAL);
    for (let reg = 0; reg < FIRST_VIRTUAL; reg++) state.put(placeOfRegister(reg), reg);
    return state;
  }

  #follow(block: MachineBlock, state: CheckState, allocation: Allocation, report: (problem: string) => void): void {
    const objects = this.#objects.get(block) ?? [];
    const before = this.#before.get(block) ?? [];
    const present = new Set(block.insts);
    let next = 0;
    const passRemoved = (): void => {
      for (; next < objects.length && !present.has(objects[next] as MachineInst); next++) {
        followRemoved(before[next] as MachineInst, state, report);
      }
    };
    const follower = new Follower(state, allocation, report);
    for (const inst of block.insts) {
      passRemoved();
      if (objects[next] === inst) follower.followKept(before[next++] as MachineInst, inst);
      else if (objects.includes(inst)) report(`${inst.op} is not where it was`);
      else follower.followNew(inst);
    }
    passRemoved();
  }

  /** The ways between blocks are what they were, but for new blocks on them. */
  #checkFlow(block: MachineBlock, report: (problem: string) => void): void {
    const before = this.#before.get(block);
    if (before === undefined) return;
    for (const [index, inst] of (this.#objects.get(block) as MachineInst[]).entries()) {
      const old = before[index] as MachineInst;
      if (old.target !== undefined && this.#resolve(inst.target) !== old.target) report(`${inst.op} goes elsewhere`);
      for (const [place, target] of (old.targets ?? []).entries()) {
        if (this.#resolve(inst.targets?.[place]) !== target) report("an entry of a table goes elsewhere");
      }
    }
  }

  #resolve(block: MachineBlock | undefined): MachineBlock | undefined {
    let at = block;
    while (at !== undefined && !this.#before.has(at)) at = at.insts.at(-1)?.target;
    return at;
  }
}

function remember(inst: MachineInst): MachineInst {
  return {
    ...inst,
    defs: inst.defs.slice(),
    uses: inst.uses.slice(),
    ...(inst.inner === undefined ? {} : { inner: remember(inst.inner) }),
  };
}

function followRemoved(old: MachineInst, state: CheckState, report: (problem: string) => void): void {
  const [d = -1] = old.defs;
  const [s = -1] = old.uses;
  const recipe = placeOfRecipe(old);
  if (old.op === "copy") return makeEqual(state, d, s);
  if (old.op === "guarded" && old.inner?.op === "copy") {
    // d = d or s: it stays where both are.
    const source = old.inner.uses[0] as number;
    return state.redefineAs(d, (held) => held.has(d) && held.has(source));
  }
  if (hasEffect(old)) report(`${old.op} is gone`);
  for (const reg of old.defs) state.redefine(reg);
  if (recipe !== undefined) defineByRecipe(state, d, recipe);
}

/** `d` is wherever the recipe's outcome is. */
function defineByRecipe(state: CheckState, d: number, recipe: string): void {
  const value = valueOfRecipe(state, recipe);
  state.redefineAs(d, (held) => held.has(value));
}

/** A name for what a recipe makes, which stands in its place at any time. */
function valueOfRecipe(state: CheckState, recipe: string): number {
  const value = -1 - state.numberOf(recipe);
  state.put(recipe, value);
  return value;
}

function makeEqual(state: CheckState, d: number, s: number): void {
  if (d !== s && !state.isUnwritten(s)) state.redefineAs(d, (held) => held.has(s));
}

class Follower {
  readonly #state: CheckState;
  readonly #allocation: Allocation;
  readonly #report: (problem: string) => void;
  #isBehindTailCall = false;

  constructor(state: CheckState, allocation: Allocation, report: (problem: string) => void) {
    this.#state = state;
    this.#allocation = allocation;
    this.#report = report;
  }

  followNew(inst: MachineInst): void {
    const state = this.#state;
    const [d = -1] = inst.defs;
    const [s = -1] = inst.uses;
    switch (inst.op) {
      case "copy":
        return state.move(placeOfRegister(s), placeOfRegister(d));
      case "load_slot":
        this.#needFrame(inst);
        return state.move(placeOfSlot(inst.imm), placeOfRegister(d));
      case "store_slot":
        this.#needFrame(inst);
        return state.move(placeOfRegister(s), placeOfSlot(inst.imm));
      case "const":
      case "load_argument":
        valueOfRecipe(state, placeOfRecipe(inst) as string);
        return state.move(placeOfRecipe(inst) as string, placeOfRegister(d));
      case "enter_frame":
        return this.#changeFrame(true);
      case "leave_frame":
        return this.#changeFrame(false);
      case "jump":
        return;
      default:
        this.#report(`${inst.op} is new`);
    }
  }

  #changeFrame(enters: boolean): void {
    if (this.#state.isFramed !== !enters) this.#report(enters ? "a frame in a frame" : "no frame to leave");
    this.#state.isFramed = enters;
    for (const { register } of this.#allocation.frame.saved) {
      if (enters) this.#state.move(placeOfRegister(register), placeOfSaved(register));
      else this.#state.move(placeOfSaved(register), placeOfRegister(register));
    }
    // Below the stack pointer an interrupt may write.
    if (!enters) for (let slot = 0; slot < this.#allocation.slotCount; slot++) this.#state.clear(placeOfSlot(slot));
  }

  #needFrame(inst: MachineInst): void {
    if (this.#state.isFramed !== true) this.#report(`${inst.op} without a frame`);
  }

  followKept(old: MachineInst, inst: MachineInst): void {
    if (old.op !== inst.op) return this.#followConverted(old, inst);
    this.#checkUses(old, inst);
    const isSame =
      old.imm === inst.imm && old.imm2 === inst.imm2 && old.symbol === inst.symbol && old.condition === inst.condition;
    if (!isSame) this.#report(`${inst.op} is another`);
    if (isCall(inst)) this.#checkCall(inst);
    if (inst.op === "store_argument" || inst.op === "load_result") this.#needFrame(inst);
    if (inst.op === "ret") this.#checkReturn();
    for (let reg = 0, mask = clobberedMask(inst); mask !== 0; reg++, mask >>>= 1) {
      if ((mask & 1) !== 0) this.#state.clear(placeOfRegister(reg));
    }
    if (old.op === "copy") return this.#copyTo(old, placeOfRegister(inst.uses[0] as number), inst);
    for (const [index, reg] of old.defs.entries()) this.#define(reg, placeOfRegister(inst.defs[index] as number));
    const recipe = placeOfRecipe(old);
    if (recipe === undefined) return;
    defineByRecipe(this.#state, old.defs[0] as number, recipe);
    this.#state.move(recipe, placeOfRegister(inst.defs[0] as number));
  }

  #checkUses(old: MachineInst, inst: MachineInst): void {
    for (const [index, reg] of old.uses.entries()) this.#need(placeOfRegister(inst.uses[index] as number), reg, inst);
    if (old.inner === undefined || inst.inner === undefined) return;
    for (const [index, reg] of old.inner.uses.entries()) {
      this.#need(placeOfRegister(inst.inner.uses[index] as number), reg, inst);
    }
    if (old.inner.op !== inst.inner.op || old.inner.imm !== inst.inner.imm) this.#report("another inner instruction");
    if (inst.inner.defs[0] !== inst.defs[0]) this.#report("the inner instruction writes elsewhere");
    // What it may leave as it was must be where the new value comes.
    this.#need(placeOfRegister(inst.defs[0] as number), old.defs[0] as number, inst);
  }

  #need(place: string, reg: number, inst: MachineInst): void {
    if (!this.#state.has(place, reg)) this.#report(`${inst.op} wants v${reg} in ${place}, which has something else`);
  }

  #define(reg: number, place: string): void {
    this.#state.redefine(reg);
    this.#state.clear(place);
    this.#state.put(place, reg);
  }

  /** `old` is a copy whose source is in `from`. */
  #copyTo(old: MachineInst, from: string, inst: MachineInst): void {
    const [d = -1] = old.defs;
    const [s = -1] = old.uses;
    const to = inst.op === "store_slot" ? placeOfSlot(inst.imm) : placeOfRegister(inst.defs[0] as number);
    makeEqual(this.#state, d, s);
    this.#state.move(from, to);
    this.#state.put(to, d);
  }

  /** A copy from or to memory, or from a recipe. */
  #followConverted(old: MachineInst, inst: MachineInst): void {
    if (old.op !== "copy") return this.#report(`${old.op} has become ${inst.op}`);
    if (inst.op === "load_slot" || inst.op === "store_slot") this.#needFrame(inst);
    const from =
      inst.op === "load_slot"
        ? placeOfSlot(inst.imm)
        : inst.op === "store_slot"
          ? placeOfRegister(inst.uses[0] as number)
          : placeOfRecipe(inst);
    if (from === undefined) return this.#report(`a copy has become ${inst.op}`);
    if (placeOfRecipe(inst) !== undefined) valueOfRecipe(this.#state, from);
    this.#need(from, old.uses[0] as number, inst);
    this.#copyTo(old, from, inst);
  }

  #checkCall(inst: MachineInst): void {
    if (!this.#allocation.frame.tailCalls.has(inst)) return;
    this.#checkReturn();
    this.#isBehindTailCall = true;
  }

  #checkReturn(): void {
    if (this.#state.isFramed !== false) this.#report("a return with a frame");
    for (const reg of [0, ...CALLEE_SAVED]) {
      if (reg === 0 && this.#isBehindTailCall) continue;
      if (!this.#state.has(placeOfRegister(reg), reg)) this.#report(`a${reg} is not the caller's at a return`);
    }
  }
}
