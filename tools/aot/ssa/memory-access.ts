/**
 * Addresses of loads and stores: where they point as (root, offset), which can overlap, and the form that instructions
 * can hold. All addresses are modulo 2^32, so constants move freely between the address and the offset.
 */

import { ADDMI_STEP, fitsAddi } from "../machine/immediates.ts";
import type { Region, Value } from "./ir.ts";
import type { Maker } from "./maker.ts";
import { accessBytes, fitsAccess, isNumber } from "./operations.ts";

/** `root` undefined: the offset is the address. */
export interface Place {
  region: Region;
  root: Value | undefined;
  symbol: string | undefined;
  offset: number;
  bytes: number;
}

export function placeOf(access: Value): Place {
  let root: Value | undefined = access.args[0] as Value;
  let offset = access.imm;
  let symbol: string | undefined;
  while (root.op === "add" && isNumber(root.args[1] as Value)) {
    offset += (root.args[1] as Value).imm;
    root = root.args[0] as Value;
  }
  if (root.op === "const") {
    offset += root.imm;
    symbol = root.symbol;
    root = undefined;
  }
  return { region: access.region ?? "memory", root, symbol, offset: offset | 0, bytes: accessBytes(access.op) };
}

export function isSamePlace(a: Place, b: Place): boolean {
  return a.offset === b.offset && a.bytes === b.bytes && hasSameRoot(a, b);
}

function hasSameRoot(a: Place, b: Place): boolean {
  return a.region === b.region && a.root === b.root && a.symbol === b.symbol;
}

export function mayOverlap(a: Place, b: Place): boolean {
  if (a.region !== b.region) return false;
  if (!hasSameRoot(a, b)) return true;
  return (b.offset - a.offset) >>> 0 < a.bytes || (a.offset - b.offset) >>> 0 < b.bytes;
}

/**
 * Brings the address of a load or store into the form that its instruction has: constants from the sum go into the
 * offset, as far as it can hold them. Of a constant address all goes into the constant.
 */
export function foldAddress(m: Maker, access: Value): void {
  const { root, constant } = pullConstant(m, access.args[0] as Value, 3);
  const offset = (access.imm + constant) | 0;
  if (root.op === "const") {
    access.args[0] = m.constant(root.imm + offset, root.symbol);
    access.imm = 0;
    return;
  }
  if (fitsAccess(access.op, offset)) {
    access.args[0] = root;
    access.imm = offset;
    return;
  }
  if (fitsAccess(access.op, access.imm)) return;
  // The rest is a multiple of what addmi adds, and the same for neighbours.
  const span = accessBytes(access.op) * ADDMI_STEP;
  const near = offset & (span - 1);
  const split = offset < 0 && fitsAddi(offset) ? 0 : fitsAccess(access.op, near) ? near : 0;
  access.args[0] = m.make("add", [root, m.constant(offset - split)]);
  access.imm = split;
}

/** Takes the constants out of a sum, also those that a shift has multiplied. */
function pullConstant(m: Maker, value: Value, depth: number): { root: Value; constant: number } {
  const a = value.args[0] as Value;
  const b = value.args[1] as Value;
  if (depth > 0 && value.op === "add") {
    if (isNumber(b)) {
      const inner = pullConstant(m, a, depth - 1);
      return { root: inner.root, constant: (inner.constant + b.imm) | 0 };
    }
    const left = pullConstant(m, a, depth - 1);
    const right = pullConstant(m, b, depth - 1);
    if (left.root === a && right.root === b) return { root: value, constant: 0 };
    return { root: m.make("add", [left.root, right.root]), constant: (left.constant + right.constant) | 0 };
  }
  if (depth > 0 && value.op === "shl" && isNumber(b)) {
    const inner = pullConstant(m, a, depth - 1);
    if (inner.root === a) return { root: value, constant: 0 };
    return { root: m.make("shl", [inner.root, b]), constant: inner.constant << b.imm };
  }
  return { root: value, constant: 0 };
}

/** A store writes some low bits only: what keeps or extends those may go. */
export function narrowStored(value: Value, bytes: number): Value {
  const bits = bytes * 8;
  const mask = 2 ** bits - 1;
  let current = value;
  for (;;) {
    const a = current.args[0] as Value;
    const b = current.args[1] as Value;
    if (current.op === "and" && isNumber(b) && (b.imm & mask) === mask) current = a;
    else if (current.op === "shr_s" || current.op === "shr_u") {
      if (!isNumber(b) || a.op !== "shl" || a.args[1] !== b || 32 - b.imm < bits) return current;
      current = a.args[0] as Value;
    } else return current;
  }
}
