/** Rules for add, sub and mul. All of it is exact modulo 2^32, so sums can be put in any order. */

import type { Value } from "./ir.ts";
import { isPowerOfTwo, trailingZeros } from "./known-bits.ts";
import type { Maker } from "./maker.ts";
import { isNumber } from "./operations.ts";

/** add(x, constant), constant being a number. */
function isSumWithNumber(value: Value): boolean {
  return value.op === "add" && isNumber(value.args[1] as Value);
}

function isNegation(value: Value): boolean {
  return value.op === "sub" && isZero(value.args[0] as Value);
}

function isZero(value: Value): boolean {
  return isNumber(value) && value.imm === 0;
}

export function foldAdd(m: Maker, a: Value, b: Value): Value | undefined {
  const a0 = a.args[0] as Value;
  const a1 = a.args[1] as Value;
  const b0 = b.args[0] as Value;
  const b1 = b.args[1] as Value;
  if (isNumber(b)) {
    if (b.imm === 0) return a;
    if (a.op === "const") return m.constant(a.imm + b.imm, a.symbol);
    if (a.op === "add" && a1.op === "const") return m.make("add", [a0, m.constant(a1.imm + b.imm, a1.symbol)]);
    if (a.op === "sub" && isNumber(a0)) return m.make("sub", [m.constant(a0.imm + b.imm), a1]);
    if (b.imm === 1 && a.op === "xor" && isNumber(a1) && a1.imm === -1) return m.make("sub", [m.constant(0), a0]);
    return undefined;
  }
  if (a === b) return m.make("shl", [a, m.constant(1)]);
  if (isNegation(b)) return m.make("sub", [a, b1]);
  if (isNegation(a)) return m.make("sub", [b, a1]);
  if (a.op === "sub" && a1 === b) return a0;
  if (b.op === "sub" && b1 === a) return b0;
  if (isSumWithNumber(a) && !m.isShared(a)) return m.make("add", [m.make("add", [a0, b]), a1]);
  if (isSumWithNumber(b) && !m.isShared(b)) return m.make("add", [m.make("add", [a, b0]), b1]);
  return undefined;
}

export function foldSub(m: Maker, a: Value, b: Value): Value | undefined {
  const a0 = a.args[0] as Value;
  const a1 = a.args[1] as Value;
  const b0 = b.args[0] as Value;
  const b1 = b.args[1] as Value;
  if (isNumber(b)) return m.make("add", [a, m.constant(-b.imm)]);
  if (a === b) return m.constant(0);
  if (isNegation(b)) return m.make("add", [a, b1]);
  if (a.op === "add" && a1 === b) return a0;
  if (a.op === "add" && a0 === b) return a1;
  if (b.op === "add" && b0 === a) return m.make("sub", [m.constant(0), b1]);
  if (b.op === "add" && b1 === a) return m.make("sub", [m.constant(0), b0]);
  if (a.op === "const" && b.op === "const" && a.symbol === b.symbol) return m.constant(a.imm - b.imm);
  if (isNumber(a)) {
    if (a.imm === -1) return m.make("xor", [b, a]);
    if (isSumWithNumber(b)) return m.make("sub", [m.constant(a.imm - b1.imm), b0]);
    if (b.op === "sub" && isNumber(b0)) return m.make("add", [b1, m.constant(a.imm - b0.imm)]);
    if (b.op === "sub" && a.imm === 0) return m.make("sub", [b1, b0]);
    return undefined;
  }
  if (isSumWithNumber(a) && !m.isShared(a)) return m.make("add", [m.make("sub", [a0, b]), a1]);
  if (isSumWithNumber(b) && !m.isShared(b)) return m.make("add", [m.make("sub", [a, b0]), m.constant(-b1.imm)]);
  return undefined;
}

export function foldMul(m: Maker, a: Value, b: Value): Value | undefined {
  if (!isNumber(b)) return undefined;
  const factor = b.imm;
  const a0 = a.args[0] as Value;
  const a1 = a.args[1] as Value;
  if (factor === 0) return b;
  if (factor === 1) return a;
  if (factor === -1) return m.make("sub", [m.constant(0), a]);
  if (a.op === "mul" && isNumber(a1)) return m.make("mul", [a0, m.constant(Math.imul(a1.imm, factor))]);
  if (a.op === "shl" && isNumber(a1)) return m.make("mul", [a0, m.constant(factor << a1.imm)]);
  if (isSumWithNumber(a) && !m.isShared(a)) {
    return m.make("add", [m.make("mul", [a0, b]), m.constant(Math.imul(a1.imm, factor))]);
  }
  return multiplyByShifts(m, a, factor);
}

/** x * 3, 5 and 9 are one instruction: addx2, addx4, addx8 with x twice. */
const ONE_SUM: ReadonlyMap<number, number> = new Map([
  [3, 1],
  [5, 2],
  [9, 3],
]);

/** A multiplication is the constant and mull, of which the result is late by one: two instructions are as good. */
function multiplyByShifts(m: Maker, x: Value, factor: number): Value | undefined {
  const shift = trailingZeros(factor);
  const odd = factor >> shift;
  const shifted = (value: Value, by: number): Value => (by === 0 ? value : m.make("shl", [value, m.constant(by)]));
  const sum = (value: Value, by: number): Value => m.make("add", [value, shifted(value, by)]);
  if (factor === -0x8000_0000 || odd === 1) return shifted(x, shift);
  if (odd === -1) return m.make("sub", [m.constant(0), shifted(x, shift)]);
  const one = ONE_SUM.get(odd);
  if (one !== undefined) return shifted(sum(x, one), shift);
  if (odd === 7) return shifted(m.make("sub", [shifted(x, 3), x]), shift);
  if (shift !== 0) return undefined;
  for (const [first, by] of ONE_SUM) {
    const second = odd % first === 0 ? ONE_SUM.get(odd / first) : undefined;
    if (second !== undefined) return sum(sum(x, by), second);
  }
  if (isPowerOfTwo(odd - 1)) return sum(x, trailingZeros(odd - 1));
  if (isPowerOfTwo(odd + 1)) return m.make("sub", [shifted(x, trailingZeros(odd + 1)), x]);
  if (isPowerOfTwo(1 - odd)) return m.make("sub", [x, shifted(x, trailingZeros(1 - odd))]);
  return undefined;
}
