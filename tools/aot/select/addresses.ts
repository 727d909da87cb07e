/** Addresses of loads and stores: a register and an offset that the instruction can hold. */
import { ADDMI_STEP, fitsOffset as fits, fitsAddi, fitsAddmi } from "../machine/immediates.ts";
import type { Reg } from "../machine/machine-function.ts";
import type { Value } from "../ssa/ir.ts";
import { constantOf } from "../ssa/operations.ts";
import type { Selection } from "./selection.ts";

type AccessBytes = 1 | 2 | 4;

export interface Address {
  base: Reg;
  offset: number;
}

/** Constant addresses within such a block share their base, and so its place in the literal pool. */
const ANCHOR_BYTES = 1024;

export function addressOf(selection: Selection, address: Value, offset: number, accessBytes: AccessBytes): Address {
  const constant = constantOf(address);
  if (constant !== undefined) return constantAddress(selection, constant + offset, accessBytes);
  if (address.op === "add") {
    const [x, y] = address.args as [Value, Value];
    const more = constantOf(y);
    if (more !== undefined) {
      // Somebody else reads the sum: nothing is won by keeping what it is made of alive.
      if (selection.isNeeded(address) && fits(offset, accessBytes)) return { base: selection.read(address), offset };
      const sum = (offset | 0) + more;
      if (fits(sum, accessBytes)) return { base: selection.read(x), offset: sum };
      if (!fits(offset, accessBytes) || isNear(sum, accessBytes)) return farAddress(selection, x, sum, accessBytes);
    }
  }
  if (fits(offset, accessBytes)) return { base: selection.read(address), offset };
  return farAddress(selection, address, offset | 0, accessBytes);
}

/** Whether addi, or addmi and what the instruction holds, reach it. */
function isNear(offset: number, accessBytes: AccessBytes): boolean {
  if (fitsAddi(offset)) return true;
  const { step, rest } = split(offset);
  return fits(rest, accessBytes) && fitsAddmi(step);
}

function split(offset: number): { step: number; rest: number } {
  const rest = ((offset % ADDMI_STEP) + ADDMI_STEP) % ADDMI_STEP;
  return { step: offset - rest, rest };
}

/** An offset that does not fit: as much as addi or addmi can is added first; else a constant. */
function farAddress(selection: Selection, value: Value, offset: number, accessBytes: AccessBytes): Address {
  const source = selection.read(value);
  const base = selection.newRegister();
  if (fitsAddi(offset)) {
    selection.emit("addi", [base], [source], offset);
    return { base, offset: 0 };
  }
  const { step, rest } = split(offset);
  if (isNear(offset, accessBytes)) {
    selection.emit("addi", [base], [source], step);
    return { base, offset: rest };
  }
  selection.emit("add", [base], [source, selection.constant(offset | 0)]);
  return { base, offset: 0 };
}

function constantAddress(selection: Selection, address: number, accessBytes: AccessBytes): Address {
  const span = Math.min(ANCHOR_BYTES, ADDMI_STEP * accessBytes);
  const rest = ((address % span) + span) % span;
  if (rest % accessBytes !== 0) return { base: selection.constant(address | 0), offset: 0 };
  return { base: selection.constant((address - rest) | 0), offset: rest };
}
