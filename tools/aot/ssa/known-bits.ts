/** Which bits of a value can be 1: enough to drop masks behind byte loads, and carries that cannot happen. */
import type { Value } from "./ir.ts";
import { isNumber } from "./operations.ts";

const ALL = -1;
/** Deep enough for a mask behind some shifts; the work doubles with each step. */
const DEPTH = 5;

/** A mask of the bits that can be 1, as a signed number. */
export function possibleBits(value: Value, depth = DEPTH): number {
  switch (value.op) {
    case "const":
      return value.symbol === undefined ? value.imm : ALL;
    case "load8_u":
      return 0xff;
    case "load16_u":
      return 0xffff;
    case "eq":
    case "ne":
    case "lt_s":
    case "lt_u":
    case "ge_s":
    case "ge_u":
      return 1;
    case "clz":
      return 63;
    default:
      return depth === 0 ? ALL : bitsOfOperation(value, depth - 1);
  }
}

function bitsOfOperation(value: Value, depth: number): number {
  const a = value.args[0] as Value;
  const b = value.args[1] as Value;
  switch (value.op) {
    case "and":
      return possibleBits(a, depth) & possibleBits(b, depth);
    case "or":
    case "xor":
      return possibleBits(a, depth) | possibleBits(b, depth);
    case "shl":
      return isNumber(b) ? possibleBits(a, depth) << b.imm : ALL;
    case "shr_u":
      return isNumber(b) ? (possibleBits(a, depth) >>> b.imm) | 0 : below(possibleBits(a, depth));
    case "shr_s":
      return isNumber(b) ? possibleBits(a, depth) >> b.imm : below(possibleBits(a, depth));
    case "select":
      return possibleBits(b, depth) | possibleBits(value.args[2] as Value, depth);
    case "add": {
      const either = possibleBits(a, depth) | possibleBits(b, depth);
      return below(either | (either << 1)) & aboveLowest(either);
    }
    case "mul":
      return bitsOfProduct(possibleBits(a, depth), possibleBits(b, depth));
    case "phi":
      return bitsOfPhi(value, depth);
    default:
      return ALL;
  }
}

function bitsOfProduct(a: number, b: number): number {
  if (a === 0 || b === 0) return 0;
  const length = 64 - Math.clz32(a) - Math.clz32(b);
  const upper = length >= 32 ? ALL : (1 << length) - 1;
  const zeros = trailingZeros(a) + trailingZeros(b);
  return zeros >= 32 ? 0 : upper & (ALL << zeros);
}

function bitsOfPhi(phi: Value, depth: number): number {
  if (phi.block.isOpen === true || phi.args.length > 4) return ALL;
  let bits = 0;
  for (const arg of phi.args) {
    if (arg !== phi) bits |= possibleBits(arg, Math.min(depth, 1));
    if (bits === ALL) break;
  }
  return bits;
}

/** All bits up to the highest of a mask. */
function below(mask: number): number {
  return mask === 0 ? 0 : (ALL >>> Math.clz32(mask)) | 0;
}

/** All bits from the lowest of a mask up. */
function aboveLowest(mask: number): number {
  return mask === 0 ? 0 : ALL << trailingZeros(mask);
}

export function trailingZeros(mask: number): number {
  return mask === 0 ? 32 : 31 - Math.clz32(mask & -mask);
}

/** 2^31 is one with either sign. */
export function isPowerOfTwo(number: number): boolean {
  return number !== 0 && (number & (number - 1)) === 0;
}

/** n of the mask 2^n - 1, 1 to 32; 0 for everything else. */
export function lowMaskBits(mask: number): number {
  if (mask === -1) return 32;
  return mask > 0 && (mask & (mask + 1)) === 0 ? 32 - Math.clz32(mask) : 0;
}

/** The greatest that a value can be, unsigned. */
export function greatest(value: Value): number {
  return isNumber(value) ? value.imm >>> 0 : possibleBits(value) >>> 0;
}

export function isBoolean(value: Value): boolean {
  return (possibleBits(value) & ~1) === 0;
}
