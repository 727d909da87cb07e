/**
 * The last pass: gives the floating constants places. Each block has its own copy, right before the first use; taking them
 * out of loops is left to where registers are known (select/hoist-constants.ts). Constant addresses close to each other
 * become one constant with offsets.
 */

import { fitsMovi, fitsUnsignedBranch } from "../machine/immediates.ts";
import { countUses, floatConstants, mapTerminatorArgs } from "./edit.ts";
import { type Block, type Func, successors, type Value } from "./ir.ts";
import { trailingZeros } from "./known-bits.ts";
import { fitsAccess, isLoad, isNumber, isStore, opposite } from "./operations.ts";

/** A base that is rounded is more likely to be some other function's too: they share its place among the literals. */
const ROUND_BYTES = 256;

export function placeConstants(func: Func): void {
  floatConstants(func);
  shareAddresses(func);
  chooseBounds(func);
  for (const block of func.blocks) placeInBlock(func, block);
}

/** Constant addresses in the order of the numbers: as many as offsets reach from the lowest hang on one constant. */
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
  for (const accesses of bySymbol.values()) {
    accesses.sort((a, b) => targetOf(a) - targetOf(b) || a.id - b.id);
    for (let first = 0; first < accesses.length; ) {
      const lowest = targetOf(accesses[first] as Value);
      let end = first + 1;
      while (end < accesses.length && reaches(lowest, accesses[end] as Value)) end++;
      hangOnOne(func, lowest, accesses.slice(first, end));
      first = end;
    }
  }
}

function hangOnOne(func: Func, lowest: number, accesses: readonly Value[]): void {
  const rounded = lowest - (lowest % ROUND_BYTES);
  const base = accesses.every((access) => reaches(rounded, access)) ? rounded : lowest;
  for (const access of accesses) {
    const offset = targetOf(access) - base;
    access.args[0] = func.constant(base, access.args[0]?.symbol);
    access.imm = offset;
  }
}

/** The address of an access to a constant one. */
function targetOf(access: Value): number {
  return ((access.args[0] as Value).imm + access.imm) >>> 0;
}

function reaches(base: number, access: Value): boolean {
  return fitsAccess(access.op, targetOf(access) - base);
}

/**
 * x < c is c - 1 >= x: where c is a literal anyway, the one of the two that is used elsewhere, or the rounder one, which
 * the program is more likely to have named.
 */
function chooseBounds(func: Func): void {
  const uses = countUses(func);
  for (const block of func.blocks) {
    for (const value of block.values) {
      if (value.op !== "lt_s" && value.op !== "lt_u" && value.op !== "ge_s" && value.op !== "ge_u") continue;
      const [x, bound] = value.args as [Value, Value];
      if (!isNumber(bound) || !isLiteral(bound.imm) || !isLiteral(bound.imm - 1)) continue;
      const below = func.constant(bound.imm - 1);
      const isUsed = (uses[below.id] ?? 0) > 0;
      const isRounder = trailingZeros(below.imm) > trailingZeros(bound.imm);
      if (!isUsed && (!isRounder || (uses[bound.id] ?? 0) > 1)) continue;
      value.op = opposite(value.op);
      value.args = [below, x];
    }
  }
}

/** Needs to be loaded from the literals: neither movi nor a branch can hold it. */
function isLiteral(number: number): boolean {
  return !fitsMovi(number) && !fitsUnsignedBranch(number) && number !== -0x8000_0000;
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
