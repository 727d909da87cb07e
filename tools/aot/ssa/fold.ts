/**
 * Folding and canonical forms of pure operations, one at a time: used while a function is built (`makeFolded`), and by every
 * pass that makes values. Forms that the passes and the instruction selector can count on:
 *
 * - a constant is the right operand, and no operation has constant operands only;
 * - x - c is x + (-c); constants come outermost in sums: (x + y) + c;
 * - a multiplication by a constant that two instructions can do is shifts and sums; 2^n is a shift;
 * - bit fields are (x >>u n) & mask;
 * - a comparison of a comparison with 0 is the opposite comparison; conditions are not `x != 0` but x.
 *
 * Every rule either makes the value simpler or moves it towards these forms, so that folding ends.
 */

import { foldAnd, foldFunnel, foldOr, foldRotr, foldShift, foldXor } from "./fold-bits.ts";
import { foldComparison } from "./fold-comparison.ts";
import { foldCarry, foldSelect } from "./fold-select.ts";
import { foldAdd, foldMul, foldSub } from "./fold-sum.ts";
import type { Block, Func, Op, PureOp, Value } from "./ir.ts";
import type { Maker } from "./maker.ts";
import { evaluate, isCommutative, isNumber, isPureOp } from "./operations.ts";

export class Folder implements Maker {
  readonly func: Func;
  /** Where new values are appended. */
  block: Block;
  /** Byte of the module that new values come from. */
  source: number | undefined;

  constructor(func: Func, block: Block) {
    this.func = func;
    this.block = block;
  }

  constant(imm: number, symbol?: string): Value {
    return this.func.constant(imm, symbol);
  }

  isShared(_value: Value): boolean {
    return true;
  }

  /** The value of a pure operation: an existing one, or a new one at the end of the block. */
  make(op: PureOp, args: Value[]): Value {
    return this.fold(op, args) ?? this.add(op, args);
  }

  /** What the operation is instead; undefined if it is best as it is. */
  fold(op: PureOp, args: Value[]): Value | undefined {
    if (op === "const") return undefined;
    if (args.every(isNumber)) {
      return this.constant(
        evaluate(
          op,
          args.map((arg) => arg.imm),
        ),
      );
    }
    const a = args[0] as Value;
    const b = args[1] as Value;
    if (isCommutative(op) && isBefore(b, a)) return this.make(op, [b, a]);
    switch (op) {
      case "add":
        return foldAdd(this, a, b);
      case "sub":
        return foldSub(this, a, b);
      case "mul":
        return foldMul(this, a, b);
      case "and":
        return foldAnd(this, a, b);
      case "or":
        return foldOr(this, a, b);
      case "xor":
        return foldXor(this, a, b);
      case "shl":
      case "shr_u":
      case "shr_s":
        return foldShift(this, op, a, b);
      case "rotr":
        return foldRotr(this, a, b);
      case "funnel":
        return foldFunnel(this, a, b, args[2] as Value);
      case "select":
        return foldSelect(this, a, b, args[2] as Value);
      case "add_lt_u":
      case "sub_lt_u":
        return foldCarry(this, op, a, b, args[2] as Value);
      case "clz":
        return undefined;
      default:
        return foldComparison(this, op, a, b);
    }
  }

  protected add(op: PureOp, args: Value[]): Value {
    const value = this.func.append(this.block, op, args);
    if (this.source !== undefined) value.source = this.source;
    return value;
  }
}

/** Order of commutative operands: constants right, symbols before numbers. */
function isBefore(a: Value, b: Value): boolean {
  return rank(a) < rank(b);
}

function rank(value: Value): number {
  if (value.op !== "const") return 0;
  return value.symbol === undefined ? 2 : 1;
}

/**
 * Appends an operation to a block while a function is built, folded if it is pure. Constants float (Func.constant), so a
 * function that is built with this needs place-constants.ts in the end; optimise() does that.
 */
export function makeFolded(func: Func, block: Block, op: Op, args: Value[], imm = 0, source?: number): Value {
  if (op === "const") return func.constant(imm);
  const folder = new Folder(func, block);
  if (source !== undefined) folder.source = source;
  if (isPureOp(op)) return folder.make(op, args);
  const value = func.append(block, op, args, imm);
  if (source !== undefined) value.source = source;
  return value;
}
