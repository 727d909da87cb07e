/** Questions about values that the selector asks again and again. */
import type { Value } from "../ssa/ir.ts";

/** The number of a constant that is one now; undefined for everything else, names of the image included. */
export function constantOf(value: Value | undefined): number | undefined {
  return value?.op === "const" && value.symbol === undefined ? value.imm : undefined;
}

/** k of 2^k (also for the sign bit); -1 for everything else. */
export function powerOfTwo(value: number): number {
  return value !== 0 && (value & (value - 1)) === 0 ? 31 - Math.clz32(value) : -1;
}

/** n of the mask 2^n - 1, 1 to 32; 0 for everything else. */
export function lowMaskBits(mask: number): number {
  if (mask === -1) return 32;
  return mask > 0 && (mask & (mask + 1)) === 0 ? 32 - Math.clz32(mask) : 0;
}

export const COMPARISONS: ReadonlySet<string> = new Set(["eq", "ne", "lt_s", "lt_u", "ge_s", "ge_u"]);

/** 0 or 1. */
export function isBoolean(value: Value): boolean {
  if (COMPARISONS.has(value.op)) return true;
  const constant = constantOf(value);
  if (constant !== undefined) return constant === 0 || constant === 1;
  const [a, b] = value.args as [Value, Value];
  if (value.op === "and") return isBoolean(a) || isBoolean(b);
  return (value.op === "or" || value.op === "xor") && isBoolean(a) && isBoolean(b);
}

/** Neither effect nor memory: it can be computed again, or elsewhere. */
export function isPlain(value: Value): boolean {
  switch (value.op) {
    case "phi":
    case "param":
    case "load8_u":
    case "load16_u":
    case "load16_s":
    case "load32":
    case "store8":
    case "store16":
    case "store32":
    case "call":
    case "call_pointer":
    case "result":
    case "trap_if":
      return false;
    default:
      return true;
  }
}
