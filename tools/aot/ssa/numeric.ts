/**
 * The numeric instructions (core specification 4.3 and 5.4.7) on words. Floating point is bits and calls of routines; what
 * traps is checked here, so routines never do.
 */
import type { Callee, Value } from "./ir.ts";
import { isPowerOfTwo, trailingZeros } from "./known-bits.ts";
import {
  add64,
  bitwise64,
  clz64,
  compare64,
  ctz32,
  ctz64,
  isZero64,
  type Pair,
  type Shift64,
  shiftByConstant64,
  signExtend32,
  signWord,
  sub64,
} from "./lower-i64.ts";
import { constantOf } from "./operations.ts";
import type { ProgramSpace } from "./program-space.ts";
import type { ValueBuilder } from "./value-builder.ts";

/** Operands as words, in the order in which they were pushed. */
type Operands = Value[][];

export interface NumericContext {
  build: ValueBuilder;
  space: ProgramSpace;
}

const INT_MIN = -0x80000000;
const COMPARISONS = ["eq", "ne", "lt_s", "lt_u", "gt_s", "gt_u", "le_s", "le_u", "ge_s", "ge_u"] as const;
const FLOAT_COMPARISONS = ["eq", "ne", "lt", "gt", "le", "ge"] as const;
/** What the compare routine (-1 less, 0 equal, 1 greater, 2 unordered) says for each. */
const FLOAT_VERDICTS = {
  eq: ["eq", 0],
  ne: ["ne", 0],
  lt: ["lt_s", 0],
  gt: ["eq", 1],
  le: ["lt_s", 1],
  ge: ["lt_u", 2],
} as const;
const INTEGER = [
  ...["clz", "ctz", "popcnt", "add", "sub", "mul", "div_s", "div_u", "rem_s", "rem_u", "and", "or", "xor"],
  ...["shl", "shr_s", "shr_u", "rotl", "rotr"],
] as const;
const FLOAT_UNARY = ["abs", "neg", "ceil", "floor", "trunc", "nearest", "sqrt"];
const FLOAT_BINARY = ["add", "sub", "mul", "div", "min", "max", "copysign"];
const TRUNCATIONS = ["f32_s", "f32_u", "f64_s", "f64_u"];

type Handler = { operands: number; run: (context: NumericContext, operands: Operands) => Value[] };

/** By opcode; the two-byte ones of prefix 0xfc at 0xfc00 + number. */
export const NUMERIC: ReadonlyMap<number, Handler> = numericTable();

function numericTable(): Map<number, Handler> {
  const table = new Map<number, Handler>();
  const set = (opcode: number, operands: number, run: Handler["run"]) => table.set(opcode, { operands, run });

  set(0x45, 1, ({ build }, operands) => [build.make("eq", [oneWord(operands), build.constant(0)])]);
  COMPARISONS.forEach((op, index) => {
    set(0x46 + index, 2, ({ build }, operands) => [compare32(build, op, ...twoWords(operands))]);
    set(0x51 + index, 2, ({ build }, [a, b]) => [compare64(build, op, a as Pair, b as Pair)]);
  });
  set(0x50, 1, ({ build }, [a]) => [isZero64(build, a as Pair)]);
  FLOAT_COMPARISONS.forEach((op, index) => {
    set(0x5b + index, 2, floatComparison("f32", op));
    set(0x61 + index, 2, floatComparison("f64", op));
  });
  INTEGER.forEach((op, index) => {
    const operands = index < 3 ? 1 : 2;
    set(0x67 + index, operands, (context, args) => [integer32(context, op, args)]);
    set(0x79 + index, operands, (context, args) => integer64(context, op, args));
  });
  FLOAT_UNARY.forEach((op, index) => {
    set(0x8b + index, 1, floatUnary("f32", op));
    set(0x99 + index, 1, floatUnary("f64", op));
  });
  FLOAT_BINARY.forEach((op, index) => {
    set(0x92 + index, 2, floatBinary("f32", op));
    set(0xa0 + index, 2, floatBinary("f64", op));
  });
  set(0xa7, 1, (_, operands) => [oneWord(operands)]);
  TRUNCATIONS.forEach((from, index) => {
    set(0xa8 + index, 1, trappingTruncation("i32", from));
    set(0xae + index, 1, trappingTruncation("i64", from));
    set(0xfc00 + index, 1, pureRoutine(`i32_from_${from}`, 1));
    set(0xfc04 + index, 1, pureRoutine(`i64_from_${from}`, 2));
  });
  set(0xac, 1, ({ build }, operands) => [oneWord(operands), signWord(build, oneWord(operands))]);
  set(0xad, 1, ({ build }, operands) => [oneWord(operands), build.constant(0)]);
  ["i32_s", "i32_u", "i64_s", "i64_u"].forEach((from, index) => {
    set(0xb2 + index, 1, pureRoutine(`f32_from_${from}`, 1));
    set(0xb7 + index, 1, pureRoutine(`f64_from_${from}`, 2));
  });
  set(0xb6, 1, pureRoutine("f32_from_f64", 1));
  set(0xbb, 1, pureRoutine("f64_from_f32", 2));
  for (const opcode of [0xbc, 0xbd, 0xbe, 0xbf]) set(opcode, 1, (_, [a]) => a as Value[]);
  [8, 16].forEach((bits, index) => {
    set(0xc0 + index, 1, ({ build }, operands) => [signExtend32(build, oneWord(operands), bits)]);
    set(0xc2 + index, 1, ({ build }, operands) => {
      const low = signExtend32(build, oneWord(operands), bits);
      return [low, signWord(build, low)];
    });
  });
  set(0xc4, 1, ({ build }, operands) => [oneWord(operands), signWord(build, oneWord(operands))]);
  return table;
}

function oneWord([a]: Operands): Value {
  return a?.[0] as Value;
}

function twoWords([a, b]: Operands): [Value, Value] {
  return [a?.[0] as Value, b?.[0] as Value];
}

function pureRoutine(name: string, resultWords: number): Handler["run"] {
  return ({ build, space }, operands) => build.call(space.routine(name), operands.flat(), resultWords, true);
}

function floatComparison(type: "f32" | "f64", comparison: (typeof FLOAT_COMPARISONS)[number]): Handler["run"] {
  return (context, operands) => {
    const [verdict] = callRoutine(context, `${type}_compare`, operands.flat(), 1) as [Value];
    const [op, limit] = FLOAT_VERDICTS[comparison];
    return [context.build.make(op, [verdict, context.build.constant(limit)])];
  };
}

function callRoutine({ build, space }: NumericContext, name: string, args: Value[], resultWords: number): Value[] {
  return build.call(space.routine(name) as Callee, args, resultWords, true);
}

export function compare32(build: ValueBuilder, op: (typeof COMPARISONS)[number], a: Value, b: Value): Value {
  switch (op) {
    case "gt_s":
      return build.make("lt_s", [b, a]);
    case "gt_u":
      return build.make("lt_u", [b, a]);
    case "le_s":
      return build.make("ge_s", [b, a]);
    case "le_u":
      return build.make("ge_u", [b, a]);
    default:
      return build.make(op, [a, b]);
  }
}

function integer32(context: NumericContext, op: (typeof INTEGER)[number], operands: Operands): Value {
  const { build } = context;
  const [a, b] = twoWords(operands);
  switch (op) {
    case "clz":
      return build.make("clz", [a]);
    case "ctz":
      return ctz32(build, a);
    case "popcnt":
      return callRoutine(context, "i32_popcnt", [a], 1)[0] as Value;
    case "div_s":
    case "div_u":
    case "rem_s":
    case "rem_u":
      return divide32(context, op, a, b);
    case "rotl":
      return build.make("rotr", [a, build.make("sub", [build.constant(32), b])]);
    default:
      return build.make(op, [a, b]);
  }
}

function divide32(context: NumericContext, op: "div_s" | "div_u" | "rem_s" | "rem_u", a: Value, b: Value): Value {
  const { build } = context;
  const divisor = constantOf(b);
  if (divisor === undefined || divisor === 0) build.trapIf(isZero(build, b), "integer divide by zero");
  if (op === "div_s" && (divisor === undefined || divisor === -1)) {
    const isLeast = build.make("eq", [a, build.constant(INT_MIN)]);
    const isMinusOne = build.make("eq", [b, build.constant(-1)]);
    build.trapIf(build.make("and", [isLeast, isMinusOne]), "integer overflow");
  }
  if (divisor !== undefined && divisor > 0 && isPowerOfTwo(divisor)) {
    return divideByPowerOfTwo(build, op, a, trailingZeros(divisor));
  }
  return callRoutine(context, `i32_${op}`, [a, b], 1)[0] as Value;
}

function isZero(build: ValueBuilder, value: Value): Value {
  return build.make("eq", [value, build.constant(0)]);
}

function divideByPowerOfTwo(
  build: ValueBuilder,
  op: "div_s" | "div_u" | "rem_s" | "rem_u",
  a: Value,
  shift: number,
): Value {
  const by = build.constant(shift);
  if (op === "div_u") return build.make("shr_u", [a, by]);
  if (op === "rem_u") return build.make("and", [a, build.constant(2 ** shift - 1)]);
  if (shift === 0) return op === "div_s" ? a : build.constant(0);
  // Rounds towards zero: negative numbers get 2^shift - 1 added first.
  const bias = build.make("shr_u", [signWord(build, a), build.constant(32 - shift)]);
  const biased = build.make("add", [a, bias]);
  if (op === "div_s") return build.make("shr_s", [biased, by]);
  return build.make("sub", [build.make("and", [biased, build.constant(2 ** shift - 1)]), bias]);
}

function integer64(context: NumericContext, op: (typeof INTEGER)[number], operands: Operands): Value[] {
  const { build } = context;
  const [a, b] = operands as [Pair, Pair];
  const zero = () => build.constant(0);
  switch (op) {
    case "clz":
      return [clz64(build, a), zero()];
    case "ctz":
      return [ctz64(build, a), zero()];
    case "popcnt":
      return [callRoutine(context, "i64_popcnt", a, 1)[0] as Value, zero()];
    case "add":
      return add64(build, a, b);
    case "sub":
      return sub64(build, a, b);
    case "and":
    case "or":
    case "xor":
      return bitwise64(build, op, a, b);
    case "mul":
      return multiply64(context, a, b);
    case "shl":
    case "shr_s":
    case "shr_u":
    case "rotl":
    case "rotr":
      return shift64(context, op, a, b);
    default:
      return divide64(context, op, a, b);
  }
}

function multiply64(context: NumericContext, a: Pair, b: Pair): Value[] {
  if (constantOf(a[1]) === 0 && constantOf(b[1]) === 0) {
    return callRoutine(context, "i32_mul_wide_u", [a[0], b[0]], 2);
  }
  return callRoutine(context, "i64_mul", [...a, ...b], 2);
}

function shift64(context: NumericContext, op: Shift64, a: Pair, [amount]: Pair): Value[] {
  const known = constantOf(amount);
  if (known !== undefined) return shiftByConstant64(context.build, op, a, known);
  return callRoutine(context, `i64_${op}`, [...a, amount], 2);
}

function divide64(context: NumericContext, op: "div_s" | "div_u" | "rem_s" | "rem_u", a: Pair, b: Pair): Value[] {
  const { build } = context;
  build.trapIf(isZero64(build, b), "integer divide by zero");
  if (op === "div_s") {
    const isLeast = compare64(build, "eq", a, [build.constant(0), build.constant(INT_MIN)]);
    const isMinusOne = compare64(build, "eq", b, [build.constant(-1), build.constant(-1)]);
    build.trapIf(build.make("and", [isLeast, isMinusOne]), "integer overflow");
  }
  return callRoutine(context, `i64_${op}`, [...a, ...b], 2);
}

/** abs and neg are the sign bit's; the rest are routines. The sign is in the last word. */
function floatUnary(type: "f32" | "f64", op: string): Handler["run"] {
  if (op !== "abs" && op !== "neg") return pureRoutine(`${type}_${op}`, type === "f32" ? 1 : 2);
  return ({ build }, [words]) => {
    const rest = (words as Value[]).slice(0, -1);
    const last = (words as Value[]).at(-1) as Value;
    if (op === "abs") return [...rest, build.make("and", [last, build.constant(~INT_MIN)])];
    return [...rest, build.make("xor", [last, build.constant(INT_MIN)])];
  };
}

function floatBinary(type: "f32" | "f64", op: string): Handler["run"] {
  if (op !== "copysign") return pureRoutine(`${type}_${op}`, type === "f32" ? 1 : 2);
  return ({ build }, [a, b]) => {
    const rest = (a as Value[]).slice(0, -1);
    const magnitude = build.make("and", [(a as Value[]).at(-1) as Value, build.constant(~INT_MIN)]);
    const sign = build.make("and", [(b as Value[]).at(-1) as Value, build.constant(INT_MIN)]);
    return [...rest, build.make("or", [magnitude, sign])];
  };
}

/** A predicate routine says 0 fine, 1 not a number, 2 out of range. */
function trappingTruncation(to: "i32" | "i64", from: string): Handler["run"] {
  const name = from.slice(0, 3);
  const sign = from.slice(4);
  return (context, [words]) => {
    const { build } = context;
    const args = words as Value[];
    const [verdict] = callRoutine(context, `${to}_${name}_${sign}_trap`, args, 1) as [Value];
    build.trapIf(build.make("eq", [verdict, build.constant(1)]), "invalid conversion to integer");
    build.trapIf(build.make("eq", [verdict, build.constant(2)]), "integer overflow");
    return callRoutine(context, `${to}_from_${from}`, args, to === "i32" ? 1 : 2);
  };
}
