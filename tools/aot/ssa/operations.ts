/** What the operations of the middle form are: pure or not, commutative, opposite; and their results on numbers. */
import { fitsOffset } from "../machine/immediates.ts";
import type { BinaryOp, Op, PureOp, StoreOp, Value } from "./ir.ts";

export type Comparison = "eq" | "ne" | "lt_s" | "lt_u" | "ge_s" | "ge_u";

export const BINARY_OPS: readonly BinaryOp[] = [
  ...(["add", "sub", "mul", "and", "or", "xor", "shl", "shr_u", "shr_s", "rotr"] as const),
  ...(["eq", "ne", "lt_s", "lt_u", "ge_s", "ge_u"] as const),
];
/** What is computed from its arguments alone. */
export const COMPUTED_OPS: readonly Exclude<PureOp, "const">[] = [
  ...BINARY_OPS,
  ...(["clz", "select", "add_lt_u", "sub_lt_u", "funnel"] as const),
];
const PURE: ReadonlySet<Op> = new Set<PureOp>(["const", ...COMPUTED_OPS]);
const COMMUTATIVE: ReadonlySet<Op> = new Set<Op>(["add", "mul", "and", "or", "xor", "eq", "ne"]);
const OPPOSITE: Readonly<Record<Comparison, Comparison>> = {
  eq: "ne",
  ne: "eq",
  lt_s: "ge_s",
  ge_s: "lt_s",
  lt_u: "ge_u",
  ge_u: "lt_u",
};

export function isPureOp(op: Op): op is PureOp {
  return PURE.has(op);
}

export function isCommutative(op: Op): boolean {
  return COMMUTATIVE.has(op);
}

export function isComparison(op: Op): op is Comparison {
  return op in OPPOSITE;
}

export function opposite(op: Comparison): Comparison {
  return OPPOSITE[op];
}

export function isLoad(op: Op): boolean {
  return op === "load32" || op === "load8_u" || op === "load16_u" || op === "load16_s";
}

export function isStore(op: Op): op is StoreOp {
  return op === "store32" || op === "store8" || op === "store16";
}

/** Bytes that a load or store touches. */
export function accessBytes(op: Op): 1 | 2 | 4 {
  if (op === "load32" || op === "store32") return 4;
  return op === "load8_u" || op === "store8" ? 1 : 2;
}

/** Whether the instruction of this access can hold the offset. */
export function fitsAccess(op: Op, offset: number): boolean {
  return fitsOffset(offset, accessBytes(op));
}

/** Writes memory, calls somebody or can trap: stays where it is even if nobody uses its value. */
export function hasEffect(value: Value): boolean {
  switch (value.op) {
    case "store8":
    case "store16":
    case "store32":
    case "call_pointer":
    case "trap_if":
      return true;
    case "call":
      return value.isPure !== true;
    default:
      return false;
  }
}

/** The same arguments give the same value wherever it stands. */
export function isPure(value: Value): boolean {
  return isPureOp(value.op) || (value.op === "call" && value.isPure === true) || isConstantLoad(value);
}

export function isConstantLoad(value: Value): boolean {
  return value.region === "constant" && isLoad(value.op);
}

/** A constant whose number is known now, not only when the image is linked. */
export function isNumber(value: Value): boolean {
  return value.op === "const" && value.symbol === undefined;
}

/** The number of a constant that is known now; undefined for everything else, names of the image included. */
export function constantOf(value: Value | undefined): number | undefined {
  return value !== undefined && isNumber(value) ? value.imm : undefined;
}

export function evaluateBinary(op: BinaryOp, a: number, b: number): number {
  switch (op) {
    case "add":
      return (a + b) | 0;
    case "sub":
      return (a - b) | 0;
    case "mul":
      return Math.imul(a, b);
    case "and":
      return a & b;
    case "or":
      return a | b;
    case "xor":
      return a ^ b;
    case "shl":
      return a << b;
    case "shr_u":
      return (a >>> b) | 0;
    case "shr_s":
      return a >> b;
    case "rotr":
      return (a >>> b) | (a << -b);
    default:
      return compare(op, a, b) ? 1 : 0;
  }
}

export function compare(op: Comparison, a: number, b: number): boolean {
  switch (op) {
    case "eq":
      return (a | 0) === (b | 0);
    case "ne":
      return (a | 0) !== (b | 0);
    case "lt_s":
      return (a | 0) < (b | 0);
    case "lt_u":
      return a >>> 0 < b >>> 0;
    case "ge_s":
      return (a | 0) >= (b | 0);
    case "ge_u":
      return a >>> 0 >= b >>> 0;
  }
}

/** Any pure operation on numbers. */
export function evaluate(op: Exclude<PureOp, "const">, args: readonly number[]): number {
  const a = args[0] as number;
  const b = args[1] as number;
  const c = args[2] as number;
  switch (op) {
    case "clz":
      return Math.clz32(a);
    case "select":
      return a !== 0 ? b : c;
    case "add_lt_u":
      return (a + (b >>> 0 < c >>> 0 ? 1 : 0)) | 0;
    case "sub_lt_u":
      return (a - (b >>> 0 < c >>> 0 ? 1 : 0)) | 0;
    case "funnel":
      return (c & 31) === 0 ? b : (b >>> c) | (a << -c);
    default:
      return evaluateBinary(op, a, b);
  }
}
