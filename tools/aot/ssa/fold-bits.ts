/** Rules for and, or, xor, shifts, rotations and funnel shifts. Bit fields of up to 16 bits become `extui`. */

import { fitsExtui } from "../machine/immediates.ts";
import type { Value } from "./ir.ts";
import { lowMaskBits, possibleBits } from "./known-bits.ts";
import type { Maker } from "./maker.ts";
import { isComparison, isNumber, opposite } from "./operations.ts";

/** Ones at the low end, as many as extui can keep. */
function isFieldMask(mask: number): boolean {
  return fitsExtui(lowMaskBits(mask));
}

function isWith(value: Value, op: Value["op"]): boolean {
  return value.op === op && isNumber(value.args[1] as Value);
}

export function foldAnd(m: Maker, a: Value, b: Value): Value | undefined {
  if (a === b) return a;
  if (!isNumber(b)) return isDisjoint(a, b) ? m.constant(0) : undefined;
  const mask = b.imm;
  const possible = possibleBits(a);
  if ((possible & mask) === 0) return m.constant(0);
  if ((possible & ~mask) === 0) return a;
  const a0 = a.args[0] as Value;
  const a1 = a.args[1] as Value;
  if (isWith(a, "and")) return m.make("and", [a0, m.constant(a1.imm & mask)]);
  if (isWith(a, "or") && (a1.imm & mask) === 0) return m.make("and", [a0, b]);
  if (isWith(a, "xor") && (a1.imm & mask) === 0) return m.make("and", [a0, b]);
  if (isWith(a, "shr_s") && (mask & ~(-1 >>> a1.imm)) === 0) return m.make("and", [m.make("shr_u", [a0, a1]), b]);
  if (a.op === "or" || a.op === "xor") {
    if ((possibleBits(a0) & mask) === 0) return m.make("and", [a1, b]);
    if ((possibleBits(a1) & mask) === 0) return m.make("and", [a0, b]);
  }
  return undefined;
}

export function foldOr(m: Maker, a: Value, b: Value): Value | undefined {
  if (a === b) return a;
  const a0 = a.args[0] as Value;
  const a1 = a.args[1] as Value;
  if (isNumber(b)) {
    if (b.imm === 0) return a;
    if (b.imm === -1 || (possibleBits(a) & ~b.imm) === 0) return b;
    if (isWith(a, "or")) return m.make("or", [a0, m.constant(a1.imm | b.imm)]);
    return isDisjoint(a, b) ? m.make("add", [a, b]) : undefined;
  }
  if (isWith(a, "and") && isWith(b, "and") && a0 === b.args[0]) {
    return m.make("and", [a0, m.constant(a1.imm | (b.args[1] as Value).imm)]);
  }
  return asFunnel(m, a, b) ?? asSum(m, a, b);
}

/** Where no bit is in both, or is a sum: addx2, addx4 and addx8 do a shift on the way. */
function asSum(m: Maker, a: Value, b: Value): Value | undefined {
  const isSmallShift = (value: Value): boolean => isWith(value, "shl") && (value.args[1] as Value).imm <= 3;
  return (isSmallShift(a) || isSmallShift(b)) && isDisjoint(a, b) ? m.make("add", [a, b]) : undefined;
}

export function foldXor(m: Maker, a: Value, b: Value): Value | undefined {
  if (a === b) return m.constant(0);
  const a0 = a.args[0] as Value;
  const a1 = a.args[1] as Value;
  if (isNumber(b)) {
    if (b.imm === 0) return a;
    if (isWith(a, "xor")) return m.make("xor", [a0, m.constant(a1.imm ^ b.imm)]);
    if (b.imm === 1 && isComparison(a.op)) return m.make(opposite(a.op), [a0, a1]);
    return undefined;
  }
  return asFunnel(m, a, b);
}

/** (high << n) | (low >>u (32 - n)) is a shift of the pair. */
function asFunnel(m: Maker, a: Value, b: Value): Value | undefined {
  if (isWith(a, "shr_u") && isWith(b, "shl")) return asFunnel(m, b, a);
  if (!isWith(a, "shl") || !isWith(b, "shr_u")) return undefined;
  const amount = (b.args[1] as Value).imm & 31;
  if (((a.args[1] as Value).imm & 31) + amount !== 32) return undefined;
  return m.make("funnel", [a.args[0] as Value, b.args[0] as Value, m.constant(amount)]);
}

export function foldShift(m: Maker, op: "shl" | "shr_u" | "shr_s", a: Value, b: Value): Value | undefined {
  if (isNumber(a) && (a.imm === 0 || (a.imm === -1 && op === "shr_s"))) return a;
  if (!isNumber(b)) return maskedAmount(m, op, a, b);
  const amount = b.imm & 31;
  if (amount !== b.imm) return m.make(op, [a, m.constant(amount)]);
  if (amount === 0) return a;
  const possible = possibleBits(a);
  if (op === "shl") return foldShl(m, a, amount, possible);
  if (op === "shr_s" && possible >= 0) return m.make("shr_u", [a, b]);
  if (op === "shr_u" && possible >>> amount === 0) return m.constant(0);
  return op === "shr_u" ? foldShrU(m, a, amount) : foldShrS(m, a, amount);
}

/** Amounts are taken modulo 32 anyway. */
function maskedAmount(m: Maker, op: "shl" | "shr_u" | "shr_s" | "rotr", a: Value, b: Value): Value | undefined {
  if (isWith(b, "and") && ((b.args[1] as Value).imm & 31) === 31) return m.make(op, [a, b.args[0] as Value]);
  if (b.op === "add" && isNumber(b.args[1] as Value) && ((b.args[1] as Value).imm & 31) === 0) {
    return m.make(op, [a, b.args[0] as Value]);
  }
  if (b.op === "sub" && isNumber(b.args[0] as Value)) {
    const from = (b.args[0] as Value).imm;
    if (from !== 0 && (from & 31) === 0) return m.make(op, [a, m.make("sub", [m.constant(0), b.args[1] as Value])]);
  }
  return undefined;
}

function foldShl(m: Maker, a: Value, amount: number, possible: number): Value | undefined {
  if (possible << amount === 0) return m.constant(0);
  const a0 = a.args[0] as Value;
  const a1 = a.args[1] as Value;
  if (isWith(a, "shl")) return m.make("shl", [a0, m.constant(a1.imm + amount)]);
  if (isWith(a, "and") && a1.imm << amount === -1 << amount) return m.make("shl", [a0, m.constant(amount)]);
  if (isWith(a, "shr_u") || isWith(a, "shr_s")) {
    const lost = (1 << a1.imm) - 1;
    if (a1.imm === amount && (possibleBits(a0) & lost) === 0) return a0;
  }
  if (a.op === "add" && isNumber(a1) && !m.isShared(a)) {
    return m.make("add", [m.make("shl", [a0, m.constant(amount)]), m.constant(a1.imm << amount)]);
  }
  return undefined;
}

function foldShrU(m: Maker, a: Value, amount: number): Value | undefined {
  const a0 = a.args[0] as Value;
  const a1 = a.args[1] as Value;
  if (isWith(a, "shr_u")) {
    const sum = a1.imm + amount;
    return sum > 31 ? m.constant(0) : m.make("shr_u", [a0, m.constant(sum)]);
  }
  if (isWith(a, "shl")) {
    const mask = -1 >>> amount;
    if (a1.imm <= amount && isFieldMask(mask)) {
      return m.make("and", [m.make("shr_u", [a0, m.constant(amount - a1.imm)]), m.constant(mask)]);
    }
    if (a1.imm <= amount && (possibleBits(a0) << a1.imm) >>> a1.imm === possibleBits(a0) >>> 0) {
      return m.make("shr_u", [a0, m.constant(amount - a1.imm)]);
    }
  }
  if (isWith(a, "and")) {
    const mask = a1.imm >>> amount;
    if (mask === -1 >>> amount) return m.make("shr_u", [a0, m.constant(amount)]);
    if (isFieldMask(mask)) return m.make("and", [m.make("shr_u", [a0, m.constant(amount)]), m.constant(mask)]);
  }
  if (isWith(a, "shr_s") && amount === 31) return m.make("shr_u", [a0, m.constant(31)]);
  return undefined;
}

function foldShrS(m: Maker, a: Value, amount: number): Value | undefined {
  const a0 = a.args[0] as Value;
  const a1 = a.args[1] as Value;
  if (isWith(a, "shr_s")) return m.make("shr_s", [a0, m.constant(Math.min(31, a1.imm + amount))]);
  if (isWith(a, "shl") && a1.imm === amount) {
    const possible = possibleBits(a0);
    if ((possible << amount) >> amount === possible && possible << amount >= 0) return a0;
    // A sign that is extended already.
    if (amount === 16 && a0.op === "load16_s") return a0;
    if (isWith(a0, "shr_s") && (a0.args[1] as Value).imm >= amount) return a0;
  }
  return undefined;
}

export function foldRotr(m: Maker, a: Value, b: Value): Value | undefined {
  if (isNumber(a) && (a.imm === 0 || a.imm === -1)) return a;
  if (!isNumber(b)) return maskedAmount(m, "rotr", a, b);
  const amount = b.imm & 31;
  if (amount === 0) return a;
  if (amount !== b.imm) return m.make("rotr", [a, m.constant(amount)]);
  if (isWith(a, "rotr")) return m.make("rotr", [a.args[0] as Value, m.constant((a.args[1] as Value).imm + amount)]);
  return undefined;
}

export function foldFunnel(m: Maker, high: Value, low: Value, amount: Value): Value | undefined {
  if (high === low) return m.make("rotr", [high, amount]);
  if (!isNumber(amount)) return undefined;
  const by = amount.imm & 31;
  if (by === 0) return low;
  if (by !== amount.imm) return m.make("funnel", [high, low, m.constant(by)]);
  if (isNumber(high) && high.imm === 0) return m.make("shr_u", [low, amount]);
  if (isNumber(low) && low.imm === 0) return m.make("shl", [high, m.constant(32 - by)]);
  return undefined;
}

/** No bit can be 1 in both. */
export function isDisjoint(a: Value, b: Value): boolean {
  return (possibleBits(a) & possibleBits(b)) === 0;
}
