/**
 * Conditions as branch instructions test them: comparisons of two registers, of a register with zero or one of sixteen
 * constants, tests of bits.
 */
import { fitsExtui, fitsSignedBranch, fitsSrli, fitsUnsignedBranch } from "../machine/immediates.ts";
import type { Condition, Reg } from "../machine/machine-function.ts";
import { oppositeOf } from "../machine/opposite-condition.ts";
import type { Block, Value } from "../ssa/ir.ts";
import { isBoolean, isPowerOfTwo, lowMaskBits, trailingZeros } from "../ssa/known-bits.ts";
import { constantOf, isComparison } from "../ssa/operations.ts";
import type { Selection } from "./selection.ts";

export interface Test {
  condition: Condition;
  uses: Reg[];
  imm: number;
}

/** Shorter as a shift and a test for zero than with a constant from the literal pool. */
const SHIFT_TEST_MIN_BITS = 12;

export function invert(test: Test): Test {
  return { ...test, condition: oppositeOf(test.condition) };
}

/** The test for "value is not 0", with the comparisons in it folded. Emits what its operands need. */
export function testOf(selection: Selection, value: Value, user: Block): Test {
  if (isComparison(value.op) && isFoldable(selection, value, user)) return comparison(selection, value, user);
  if (value.op === "xor" && constantOf(value.args[1]) === 1 && isBoolean(value.args[0] as Value)) {
    if (selection.canFold(value, user)) return invert(testOf(selection, value.args[0] as Value, user));
  }
  return againstZero(selection, "bnez", value, user);
}

/** A comparison is one instruction in a branch and two or three as a value: worth repeating. */
function isFoldable(selection: Selection, value: Value, user: Block): boolean {
  return selection.canFold(value, user) || (!selection.isNeeded(value) && selection.canRepeat(value, user));
}

/** The test that a comparison makes. */
export function comparison(selection: Selection, value: Value, user: Block): Test {
  const [a, b] = value.args as [Value, Value];
  switch (value.op) {
    case "eq":
      return equality(selection, "beq", a, b, user);
    case "ne":
      return equality(selection, "bne", a, b, user);
    case "lt_s":
      return signed(selection, "blt", a, b);
    case "ge_s":
      return signed(selection, "bge", a, b);
    case "lt_u":
      return unsigned(selection, "bltu", a, b, user);
    default:
      return unsigned(selection, "bgeu", a, b, user);
  }
}

function equality(selection: Selection, condition: "beq" | "bne", a: Value, b: Value, user: Block): Test {
  const isEqual = condition === "beq";
  const constant = constantOf(b);
  if (constant === 0) return againstZero(selection, isEqual ? "beqz" : "bnez", a, user);
  if (a.op === "and" && selection.canFold(a, user)) {
    const [x, y] = a.args as [Value, Value];
    // x & y == y: all bits of y are set in x.
    if (y === b || (constant !== undefined && constantOf(y) === constant)) {
      const bit = constant === undefined ? -1 : powerOfTwo(constant);
      if (bit >= 0) return { condition: isEqual ? "bbsi" : "bbci", uses: [selection.read(x)], imm: bit };
      return registers(isEqual ? "ball" : "bnall", selection.read(x), selection.read(y));
    }
  }
  if (constant !== undefined && fitsSignedBranch(constant)) {
    return { condition: isEqual ? "beqi" : "bnei", uses: [selection.read(a)], imm: constant };
  }
  return registers(condition, selection.read(a), selection.read(b));
}

/** Tests of bits are tests against zero of an `and`. */
function againstZero(selection: Selection, condition: "beqz" | "bnez", value: Value, user: Block): Test {
  const isZero = condition === "beqz";
  if (value.op === "and" && selection.canFold(value, user)) {
    const [x, y] = value.args as [Value, Value];
    const mask = constantOf(y);
    if (mask === 1 && x.op === "shr_u" && constantOf(x.args[1]) !== undefined && selection.canFold(x, user)) {
      const bit = (constantOf(x.args[1]) as number) & 31;
      return { condition: isZero ? "bbci" : "bbsi", uses: [selection.read(x.args[0] as Value)], imm: bit };
    }
    const bit = mask === undefined ? -1 : powerOfTwo(mask);
    if (bit >= 0) return { condition: isZero ? "bbci" : "bbsi", uses: [selection.read(x)], imm: bit };
    const bits = mask === undefined ? 0 : lowMaskBits(mask);
    if (!fitsExtui(bits)) return registers(isZero ? "bnone" : "bany", selection.read(x), selection.read(y));
  }
  return { condition, uses: [selection.read(value)], imm: 0 };
}

function signed(selection: Selection, condition: "blt" | "bge", a: Value, b: Value): Test {
  const isLess = condition === "blt";
  const right = constantOf(b);
  if (right === 0) return { condition: isLess ? "bltz" : "bgez", uses: [selection.read(a)], imm: 0 };
  if (right !== undefined && fitsSignedBranch(right)) {
    return { condition: isLess ? "blti" : "bgei", uses: [selection.read(a)], imm: right };
  }
  // left < b is b >= left + 1, unless left is the greatest number.
  const left = constantOf(a);
  if (left !== undefined && left !== 0x7fffffff) {
    if (left === -1) return { condition: isLess ? "bgez" : "bltz", uses: [selection.read(b)], imm: 0 };
    if (fitsSignedBranch(left + 1)) {
      return { condition: isLess ? "bgei" : "blti", uses: [selection.read(b)], imm: left + 1 };
    }
  }
  return registers(condition, selection.read(a), selection.read(b));
}

function unsigned(selection: Selection, condition: "bltu" | "bgeu", a: Value, b: Value, user: Block): Test {
  const isLess = condition === "bltu";
  const right = constantOf(b);
  if (right !== undefined) {
    if (right === 1) return againstZero(selection, isLess ? "beqz" : "bnez", a, user);
    if (fitsUnsignedBranch(right)) {
      return { condition: isLess ? "bltui" : "bgeui", uses: [selection.read(a)], imm: right };
    }
    const bits = powerOfTwo(right);
    if (bits >= SHIFT_TEST_MIN_BITS) return shifted(selection, isLess, a, bits);
  }
  const left = constantOf(a);
  if (left !== undefined && left !== -1) {
    if (left === 0) return againstZero(selection, isLess ? "bnez" : "beqz", b, user);
    const next = left + 1;
    if (fitsUnsignedBranch(next)) {
      return { condition: isLess ? "bgeui" : "bltui", uses: [selection.read(b)], imm: next };
    }
    const bits = powerOfTwo(next);
    if (bits >= SHIFT_TEST_MIN_BITS) return shifted(selection, !isLess, b, bits);
  }
  return registers(condition, selection.read(a), selection.read(b));
}

/** Below 2^bits: nothing is left after a shift by so many. */
function shifted(selection: Selection, isLess: boolean, value: Value, bits: number): Test {
  const source = selection.read(value);
  const rest = selection.newRegister();
  if (fitsSrli(bits)) selection.emit("srli", [rest], [source], bits);
  else selection.emit("extui", [rest], [source], bits).imm2 = 32 - bits;
  return { condition: isLess ? "beqz" : "bnez", uses: [rest], imm: 0 };
}

/** k of 2^k, also for the sign bit; -1 for everything else. */
function powerOfTwo(value: number): number {
  return isPowerOfTwo(value) ? trailingZeros(value) : -1;
}

function registers(condition: Condition, a: Reg, b: Reg): Test {
  return { condition, uses: [a, b], imm: 0 };
}
