/** Rules for comparisons. Branches compare with 0 and some small constants for free; a boolean in a register costs three. */

import { fitsUnsignedBranch } from "../machine/immediates.ts";
import type { Value } from "./ir.ts";
import { greatest, isBoolean, isPowerOfTwo, possibleBits } from "./known-bits.ts";
import type { Maker } from "./maker.ts";
import { type Comparison, compare, isComparison, isNumber, opposite } from "./operations.ts";

const SIGNED_MIN = -0x8000_0000;
const SIGNED_MAX = 0x7fff_ffff;

export function foldComparison(m: Maker, op: Comparison, a: Value, b: Value): Value | undefined {
  const truth = (holds: boolean): Value => m.constant(holds ? 1 : 0);
  if (a === b) return truth(op === "eq" || op === "ge_s" || op === "ge_u");
  if (a.op === "const" && b.op === "const" && a.symbol === b.symbol && (op === "eq" || op === "ne")) {
    return truth(compare(op, a.imm, b.imm));
  }
  if (isNumber(a)) return withNumberRight(m, op, a.imm, b);
  if (isNumber(b)) {
    return op === "eq" || op === "ne" ? foldEquality(m, op, a, b) : foldOrder(m, op, a, b.imm);
  }
  return foldOfValues(m, op, a, b);
}

/** number op x, with the number right: number < x is x >= number + 1. */
function withNumberRight(m: Maker, op: Comparison, number: number, x: Value): Value {
  const last = op === "lt_s" || op === "ge_s" ? SIGNED_MAX : -1;
  switch (op) {
    case "lt_s":
    case "lt_u":
      return number === last ? m.constant(0) : m.make(opposite(op), [x, m.constant(number + 1)]);
    case "ge_s":
    case "ge_u":
      return number === last ? m.constant(1) : m.make(opposite(op), [x, m.constant(number + 1)]);
    default:
      return m.make(op, [x, m.constant(number)]);
  }
}

function foldOrder(m: Maker, op: Comparison, a: Value, number: number): Value | undefined {
  const isLess = op === "lt_s" || op === "lt_u";
  const equality = (isEqual: boolean, to: number): Value =>
    m.make(isEqual === isLess ? "eq" : "ne", [a, m.constant(to)]);
  const truth = (isLower: boolean): Value => m.constant(isLower === isLess ? 1 : 0);
  if (op === "lt_u" || op === "ge_u") {
    if (number === 0 || isSumWithoutCarry(a, m.constant(number))) return truth(false);
    if (greatest(a) < number >>> 0) return truth(true);
    if (number === 1) return equality(true, 0);
    if (number === -1) return equality(false, -1);
    if (number === SIGNED_MIN) return m.make(isLess ? "ge_s" : "lt_s", [a, m.constant(0)]);
    return undefined;
  }
  if (number === SIGNED_MIN) return truth(false);
  if (number === SIGNED_MIN + 1) return equality(true, SIGNED_MIN);
  if (number === SIGNED_MAX) return equality(false, SIGNED_MAX);
  if (possibleBits(a) >= 0) {
    return number <= 0 ? truth(false) : m.make(isLess ? "lt_u" : "ge_u", [a, m.constant(number)]);
  }
  return undefined;
}

function foldEquality(m: Maker, op: "eq" | "ne", a: Value, b: Value): Value | undefined {
  const number = b.imm;
  if ((number & ~possibleBits(a)) !== 0) return m.constant(op === "ne" ? 1 : 0);
  if (isBoolean(a)) return foldBooleanEquality(m, (op === "ne") === (number === 0), a);
  const a0 = a.args[0] as Value;
  const a1 = a.args[1] as Value;
  switch (a.op) {
    case "add":
      if (isNumber(a1) && !m.isShared(a)) return m.make(op, [a0, m.constant(number - a1.imm)]);
      break;
    case "sub":
      if (number === 0 && !m.isShared(a)) return m.make(op, [a0, a1]);
      if (isNumber(a0) && !m.isShared(a)) return m.make(op, [a1, m.constant(a0.imm - number)]);
      break;
    case "xor":
      if (isNumber(a1)) {
        if (!m.isShared(a)) return m.make(op, [a0, m.constant(a1.imm ^ number)]);
      } else if (number === 0 && !m.isShared(a)) return m.make(op, [a0, a1]);
      break;
    case "and":
      if (isNumber(a1) && number === a1.imm && isPowerOfTwo(number)) {
        return m.make(opposite(op), [a, m.constant(0)]);
      }
      break;
    case "shl":
      if (number === 0 && isNumber(a1) && !m.isShared(a)) {
        return m.make(op, [m.make("and", [a0, m.constant(-1 >>> a1.imm)]), b]);
      }
      break;
    case "shr_u":
      if (number === 0 && isNumber(a1) && fitsUnsignedBranch(1 << a1.imm) && !m.isShared(a)) {
        return m.make(op === "eq" ? "lt_u" : "ge_u", [a0, m.constant(1 << a1.imm)]);
      }
      break;
    case "clz":
      if (number === 32) return m.make(op, [a0, m.constant(0)]);
      break;
    case "select":
      return foldEqualityOfSelect(m, op, a, number);
  }
  return undefined;
}

/** isTrue: whether the boolean itself is asked for, or its opposite. */
function foldBooleanEquality(m: Maker, isTrue: boolean, a: Value): Value | undefined {
  if (isTrue) return a;
  const a0 = a.args[0] as Value;
  const a1 = a.args[1] as Value;
  if (isComparison(a.op)) return m.make(opposite(a.op), [a0, a1]);
  if (a.op === "xor" && isNumber(a1) && a1.imm === 1 && isBoolean(a0)) return a0;
  if (a.op === "select") return foldEqualityOfSelect(m, "eq", a, 0);
  return undefined;
}

/** The choice between two numbers, compared with a number, is the condition of the choice. */
function foldEqualityOfSelect(m: Maker, op: "eq" | "ne", a: Value, number: number): Value | undefined {
  const [condition, yes, no] = a.args as [Value, Value, Value];
  if (!isNumber(yes) || !isNumber(no)) return undefined;
  const ifYes = compare(op, yes.imm, number);
  const ifNo = compare(op, no.imm, number);
  if (ifYes === ifNo) return m.constant(ifYes ? 1 : 0);
  return m.make(ifYes ? "ne" : "eq", [condition, m.constant(0)]);
}

function foldOfValues(m: Maker, op: Comparison, a: Value, b: Value): Value | undefined {
  if (op === "lt_u" || op === "ge_u") {
    if (isSumWithoutCarry(a, b)) return m.constant(op === "ge_u" ? 1 : 0);
    return undefined;
  }
  if (op !== "eq" && op !== "ne") return undefined;
  // A sum that is needed anyway is as good to compare.
  if (a.op === "add" && b.op === "add" && !m.isShared(a) && !m.isShared(b)) {
    for (const i of [0, 1]) {
      for (const j of [0, 1]) {
        if (a.args[i] === b.args[j]) return m.make(op, [a.args[1 - i] as Value, b.args[1 - j] as Value]);
      }
    }
  }
  return differenceIsZero(m, op, a, b) ?? differenceIsZero(m, op, b, a);
}

/** a == b where a is b plus (or xor) something: that is 0. */
function differenceIsZero(m: Maker, op: "eq" | "ne", a: Value, b: Value): Value | undefined {
  if (a.op !== "add" && a.op !== "xor") return undefined;
  if (a.args[0] === b) return m.make(op, [a.args[1] as Value, m.constant(0)]);
  if (a.args[1] === b) return m.make(op, [a.args[0] as Value, m.constant(0)]);
  return undefined;
}

/** x + y compared with one of its terms, where the sum cannot pass 2^32. */
export function isSumWithoutCarry(a: Value, b: Value): boolean {
  if (a.op !== "add" || (a.args[0] !== b && a.args[1] !== b)) return false;
  return greatest(a.args[0] as Value) + greatest(a.args[1] as Value) <= 0xffff_ffff;
}
