/**
 * The last pass: gives the floating constants places. Each block has its own copy, right before the first use; a constant
 * that needs an instruction of its own in a loop stands before the loop while registers last. Constant addresses close to
 * each other become one constant with offsets.
 */
import { Dominators } from "./dominators.ts";
import { floatConstants, mapTerminatorArgs } from "./edit.ts";
import { isSmall, needsNoRegister } from "./immediates.ts";
import { type Block, type Func, successors, type Value } from "./ir.ts";
import { LoopPressure } from "./loop-pressure.ts";
import { ensurePreheader, type Loop, Loops } from "./loops.ts";
import { fitsAccess, isLoad, isStore } from "./operations.ts";

/** Literals take a load each time, others an instruction that the allocator can repeat: these get what is left over. */
const KEPT_FOR_OTHERS = 3;

export function placeConstants(func: Func): void {
  floatConstants(func);
  shareAddresses(func);
  const outside = new ConstantsBeforeLoops(func);
  outside.hoist();
  for (const block of func.blocks.slice()) placeInBlock(func, block);
}

/** Constant addresses in the order of the numbers: each group hangs on its lowest, as far as offsets reach. */
function shareAddresses(func: Func): void {
  const bySymbol = new Map<string | undefined, Value[]>();
  for (const block of func.blocks) {
    for (const value of block.values) {
      if (!isLoad(value.op) && !isStore(value.op)) continue;
      const address = value.args[0] as Value;
      if (address.op !== "const") continue;
      const accesses = bySymbol.get(address.symbol);
      if (accesses === undefined) bySymbol.set(address.symbol, [value]);
      else accesses.push(value);
    }
  }
  const target = (access: Value): number => ((access.args[0] as Value).imm + access.imm) >>> 0;
  for (const [symbol, accesses] of bySymbol) {
    accesses.sort((a, b) => target(a) - target(b) || a.id - b.id);
    let base: number | undefined;
    for (const access of accesses) {
      const address = target(access);
      if (base === undefined || !fitsAccess(access.op, address - base)) base = address;
      access.args[0] = func.constant(base, symbol);
      access.imm = address - base;
    }
  }
}

class ConstantsBeforeLoops {
  readonly #func: Func;
  readonly #loops: Loops;
  readonly #pressure = new Map<Loop, LoopPressure>();
  /** Copies that stand before a loop. */
  readonly #copies = new Map<Loop, Map<Value, Value>>();

  constructor(func: Func) {
    this.#func = func;
    this.#loops = new Loops(new Dominators(func));
  }

  hoist(): void {
    if (this.#loops.all.length === 0) return;
    // Inner loops first: they have the first claim on what is left in the loops around them.
    const blocks = this.#func.blocks.slice().sort((a, b) => this.#loops.depth(b) - this.#loops.depth(a));
    for (const literals of [true, false]) {
      for (const block of blocks) {
        const loop = this.#loops.of(block);
        if (loop !== undefined) this.#hoistFrom(block, loop, literals);
      }
    }
  }

  #hoistFrom(block: Block, loop: Loop, literals: boolean): void {
    for (const user of block.values) {
      for (let index = 0; index < user.args.length; index++) {
        const constant = user.args[index] as Value;
        if (constant.op !== "const" || isSmall(constant) === literals || needsNoRegister(user, index)) continue;
        // A copy of an outer loop's preheader is no floating constant any more.
        if (constant !== this.#func.constant(constant.imm, constant.symbol)) continue;
        const copy = this.#before(loop, constant, literals ? 0 : KEPT_FOR_OTHERS);
        if (copy !== undefined) user.args[index] = copy;
      }
    }
  }

  /** The constant before the outermost loop that has a register for it. */
  #before(loop: Loop, constant: Value, kept: number): Value | undefined {
    let found: Value | undefined;
    const passed: Loop[] = [];
    let outermost: Loop | undefined;
    for (let at: Loop | undefined = loop; at !== undefined; at = at.parent) {
      found = this.#copies.get(at)?.get(constant);
      if (found !== undefined) break;
      if (this.#pressureOf(at).left <= kept) break;
      passed.push(at);
      outermost = at;
    }
    for (const at of passed) this.#pressureOf(at).left--;
    if (outermost === undefined) return found;
    if (found === undefined) {
      const preheader = ensurePreheader(this.#func, outermost);
      found = this.#func.append(preheader, "const", [], constant.imm);
      if (constant.symbol !== undefined) found.symbol = constant.symbol;
    }
    for (const at of passed) {
      const copies = this.#copies.get(at) ?? new Map<Value, Value>();
      copies.set(constant, found);
      this.#copies.set(at, copies);
    }
    return found;
  }

  #pressureOf(loop: Loop): LoopPressure {
    let pressure = this.#pressure.get(loop);
    if (pressure === undefined) {
      pressure = new LoopPressure(loop);
      this.#pressure.set(loop, pressure);
    }
    return pressure;
  }
}

function placeInBlock(func: Func, block: Block): void {
  const copies = new Map<Value, Value>();
  const placed: Value[] = [];
  const place = (constant: Value): Value => {
    if (constant.op !== "const" || constant !== func.constant(constant.imm, constant.symbol)) return constant;
    let copy = copies.get(constant);
    if (copy === undefined) {
      copy = func.newValue(block, "const", [], constant.imm);
      if (constant.symbol !== undefined) copy.symbol = constant.symbol;
      copies.set(constant, copy);
      placed.push(copy);
    }
    return copy;
  };
  for (const value of block.values) {
    if (value.op !== "phi") value.args = value.args.map(place);
    placed.push(value);
  }
  mapTerminatorArgs(block.terminator, place);
  for (const [next, index] of edgesOf(block)) {
    for (const phi of next.values) {
      if (phi.op !== "phi") break;
      phi.args[index] = place(phi.args[index] as Value);
    }
  }
  block.values = placed;
}

/** Targets of a block with the places of the edges in their lists. */
function* edgesOf(block: Block): Generator<[Block, number]> {
  for (const next of new Set(successors(block.terminator))) {
    for (let index = 0; index < next.predecessors.length; index++) {
      if (next.predecessors[index] === block) yield [next, index];
    }
  }
}
