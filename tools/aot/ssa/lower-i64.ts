/** The instructions of WebAssembly on i64, as operations on pairs of words, low first. */
import type { Value } from "./ir.ts";
import { constantOf } from "./operations.ts";
import type { ValueBuilder } from "./value-builder.ts";

export type Pair = [low: Value, high: Value];
type Compare = "eq" | "ne" | "lt_s" | "lt_u" | "le_s" | "le_u" | "gt_s" | "gt_u" | "ge_s" | "ge_u";

export function add64(build: ValueBuilder, [al, ah]: Pair, [bl, bh]: Pair): Pair {
  const low = build.make("add", [al, bl]);
  return [low, build.make("add_lt_u", [build.make("add", [ah, bh]), low, bl])];
}

export function sub64(build: ValueBuilder, [al, ah]: Pair, [bl, bh]: Pair): Pair {
  return [build.make("sub", [al, bl]), build.make("sub_lt_u", [build.make("sub", [ah, bh]), al, bl])];
}

export function bitwise64(build: ValueBuilder, op: "and" | "or" | "xor", a: Pair, b: Pair): Pair {
  return [build.make(op, [a[0], b[0]]), build.make(op, [a[1], b[1]])];
}

export function isZero64(build: ValueBuilder, [low, high]: Pair): Value {
  return build.make("eq", [build.make("or", [low, high]), build.constant(0)]);
}

export function compare64(build: ValueBuilder, op: Compare, a: Pair, b: Pair): Value {
  switch (op) {
    case "eq":
    case "ne": {
      const [low, high] = bitwise64(build, "xor", a, b);
      return build.make(op, [build.make("or", [low, high]), build.constant(0)]);
    }
    case "gt_s":
      return compare64(build, "lt_s", b, a);
    case "gt_u":
      return compare64(build, "lt_u", b, a);
    case "le_s":
      return compare64(build, "ge_s", b, a);
    case "le_u":
      return compare64(build, "ge_u", b, a);
    case "lt_s":
    case "ge_s":
      // The sign is the high word's.
      if (constantOf(b[0]) === 0 && constantOf(b[1]) === 0) return build.make(op, [a[1], b[1]]);
      return compareByWords(build, op, a, b);
    default:
      return compareByWords(build, op, a, b);
  }
}

function compareByWords(build: ValueBuilder, op: "lt_s" | "lt_u" | "ge_s" | "ge_u", a: Pair, b: Pair): Value {
  const low = build.make(op === "lt_s" || op === "lt_u" ? "lt_u" : "ge_u", [a[0], b[0]]);
  return build.make("select", [build.make("eq", [a[1], b[1]]), low, build.make(op, [a[1], b[1]])]);
}

export type Shift64 = "shl" | "shr_s" | "shr_u" | "rotl" | "rotr";

/** By a constant; variable amounts are a routine's. */
export function shiftByConstant64(build: ValueBuilder, op: Shift64, [low, high]: Pair, amount: number): Pair {
  const by = amount & 63;
  const constant = (value: number) => build.constant(value);
  const funnel = (upper: Value, lower: Value, bits: number) => build.make("funnel", [upper, lower, constant(bits)]);
  if (by === 0) return [low, high];
  switch (op) {
    case "rotl":
      return shiftByConstant64(build, "rotr", [low, high], 64 - by);
    case "rotr":
      if (by === 32) return [high, low];
      return by < 32
        ? [funnel(high, low, by), funnel(low, high, by)]
        : [funnel(low, high, by - 32), funnel(high, low, by - 32)];
    case "shl":
      if (by >= 32) return [constant(0), by === 32 ? low : build.make("shl", [low, constant(by - 32)])];
      return [build.make("shl", [low, constant(by)]), funnel(high, low, 32 - by)];
    default: {
      const fill = op === "shr_u" ? constant(0) : build.make("shr_s", [high, constant(31)]);
      if (by >= 32) return [by === 32 ? high : build.make(op, [high, constant(by - 32)]), fill];
      return [funnel(high, low, by), build.make(op, [high, constant(by)])];
    }
  }
}

export function clz64(build: ValueBuilder, [low, high]: Pair): Value {
  const below = build.make("add", [build.make("clz", [low]), build.constant(32)]);
  return build.make("select", [high, build.make("clz", [high]), below]);
}

/** Trailing zeros of a word: those bits below the lowest one, counted from the top. */
export function ctz32(build: ValueBuilder, value: Value): Value {
  const below = build.make("and", [
    build.make("xor", [value, build.constant(-1)]),
    build.make("add", [value, build.constant(-1)]),
  ]);
  return build.make("sub", [build.constant(32), build.make("clz", [below])]);
}

export function ctz64(build: ValueBuilder, [low, high]: Pair): Value {
  const above = build.make("add", [ctz32(build, high), build.constant(32)]);
  return build.make("select", [low, ctz32(build, low), above]);
}

/** The low `bits` of a word, with their sign. */
export function signExtend32(build: ValueBuilder, value: Value, bits: number): Value {
  const by = build.constant(32 - bits);
  return build.make("shr_s", [build.make("shl", [value, by]), by]);
}

export function signWord(build: ValueBuilder, low: Value): Value {
  return build.make("shr_s", [low, build.constant(31)]);
}
