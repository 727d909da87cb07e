/** Rules for select and for the two operations with a carry. */

import type { Value } from "./ir.ts";
import { isBoolean } from "./known-bits.ts";
import type { Maker } from "./maker.ts";
import { compare, isNumber } from "./operations.ts";

function isZero(value: Value): boolean {
  return isNumber(value) && value.imm === 0;
}

/**
 * A condition in its shortest form: x instead of `x != 0`, and the opposite of x (`isOpposite`) instead of `x == 0`.
 * Fits wherever a value is only asked whether it is 0.
 */
export function bareCondition(condition: Value): { condition: Value; isOpposite: boolean } {
  let isOpposite = false;
  let current = condition;
  for (;;) {
    const a = current.args[0] as Value;
    const b = current.args[1] as Value;
    if (current.op === "ne" && isZero(b)) current = a;
    else if (current.op === "eq" && isZero(b)) {
      current = a;
      isOpposite = !isOpposite;
    } else if (current.op === "xor" && isNumber(b) && b.imm === 1 && isBoolean(a)) {
      current = a;
      isOpposite = !isOpposite;
    } else return { condition: current, isOpposite };
  }
}

export function foldSelect(m: Maker, condition: Value, yes: Value, no: Value): Value | undefined {
  if (yes === no) return yes;
  if (isNumber(condition)) return condition.imm !== 0 ? yes : no;
  const bare = bareCondition(condition);
  if (bare.condition !== condition) {
    return m.make("select", bare.isOpposite ? [bare.condition, no, yes] : [bare.condition, yes, no]);
  }
  if (isNumber(yes) && isNumber(no)) {
    if (yes.imm === 1 && no.imm === 0) return m.make("ne", [condition, no]);
    if (yes.imm === 0 && no.imm === 1) return m.make("eq", [condition, yes]);
  }
  if (yes === condition && isZero(no)) return yes;
  if (yes.op === "select" && yes.args[0] === condition) return m.make("select", [condition, yes.args[1] as Value, no]);
  if (no.op === "select" && no.args[0] === condition) return m.make("select", [condition, yes, no.args[2] as Value]);
  if (condition.op === "eq" || condition.op === "ne") {
    const [a, b] = condition.args as [Value, Value];
    if ((yes === a && no === b) || (yes === b && no === a)) return condition.op === "eq" ? no : yes;
  }
  return undefined;
}

/** x + (a <u b), x - (a <u b) */
export function foldCarry(m: Maker, op: "add_lt_u" | "sub_lt_u", x: Value, a: Value, b: Value): Value | undefined {
  const base = op === "add_lt_u" ? "add" : "sub";
  if (a === b || isZero(b)) return x;
  if (isNumber(a) && isNumber(b)) return compare("lt_u", a.imm, b.imm) ? m.make(base, [x, m.constant(1)]) : x;
  const carry = m.make("lt_u", [a, b]);
  if (isNumber(carry)) return carry.imm === 0 ? x : m.make(base, [x, m.constant(1)]);
  if (isZero(x) && op === "add_lt_u") return carry;
  return undefined;
}
