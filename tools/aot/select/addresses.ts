/** Addresses of loads and stores: a register and an offset that the instruction can hold. */
import type { Reg } from "../machine/machine-function.ts";
import type { Value } from "../ssa/ir.ts";
import type { Selection } from "./selection.ts";
import { constantOf } from "./values.ts";

export interface Address {
  base: Reg;
  offset: number;
}

/** Offsets are 8 bits in units of the access (Xtensa ISA Reference Manual, l8ui, l16ui, l32i). */
const OFFSET_MAX_UNITS = 255;
const ADDMI_STEP = 256;
const ADDMI_MIN = -32768;
const ADDMI_MAX = 32512;
/** Constant addresses within such a block share their base, and so its place in the literal pool. */
const ANCHOR_BYTES = 1024;

export function addressOf(selection: Selection, address: Value, offset: number, accessBytes: 1 | 2 | 4): Address {
  const constant = constantOf(address);
  if (constant !== undefined) return constantAddress(selection, constant + offset, accessBytes);
  if (address.op === "add") {
    const [x, y] = address.args as [Value, Value];
    const more = constantOf(y);
    if (more !== undefined) {
      const sum = (offset | 0) + more;
      if (fits(sum, accessBytes)) return { base: selection.read(x), offset: sum };
      // The sum is read elsewhere anyway, and the rest fits.
      if (fits(offset, accessBytes) && selection.isNeeded(address)) return { base: selection.read(address), offset };
      if (Math.abs(sum) < 2 ** 31) return farAddress(selection, x, sum, accessBytes);
    }
  }
  if (fits(offset, accessBytes)) return { base: selection.read(address), offset };
  return farAddress(selection, address, offset | 0, accessBytes);
}

function fits(offset: number, accessBytes: number): boolean {
  return offset >= 0 && offset <= OFFSET_MAX_UNITS * accessBytes && offset % accessBytes === 0;
}

/** Splits an offset into a part that addmi adds and one that the instruction holds; else a constant is added. */
function farAddress(selection: Selection, value: Value, offset: number, accessBytes: number): Address {
  const rest = ((offset % ADDMI_STEP) + ADDMI_STEP) % ADDMI_STEP;
  const step = offset - rest;
  const base = selection.newRegister();
  if (fits(rest, accessBytes) && step >= ADDMI_MIN && step <= ADDMI_MAX) {
    selection.emit("addi", [base], [selection.read(value)], step);
    return { base, offset: rest };
  }
  const source = selection.read(value);
  selection.emit("add", [base], [source, selection.constant(offset | 0)]);
  return { base, offset: 0 };
}

function constantAddress(selection: Selection, address: number, accessBytes: number): Address {
  const span = Math.min(ANCHOR_BYTES, ADDMI_STEP * accessBytes);
  const rest = ((address % span) + span) % span;
  if (rest % accessBytes !== 0) return { base: selection.constant(address | 0), offset: 0 };
  return { base: selection.constant((address - rest) | 0), offset: rest };
}
