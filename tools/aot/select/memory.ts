/** Loads and stores to instructions. */
import type { Block, LoadOp, StoreOp, Value } from "../ssa/ir.ts";
import { accessBytes, constantOf } from "../ssa/operations.ts";
import { addressOf } from "./addresses.ts";
import type { Selection } from "./selection.ts";

const LOADS = { load8_u: "l8ui", load16_u: "l16ui", load16_s: "l16si", load32: "l32i" } as const;
const STORES = { store8: "s8i", store16: "s16i", store32: "s32i" } as const;

export function selectLoad(selection: Selection, value: Value): void {
  const { base, offset } = addressOf(selection, value.args[0] as Value, value.imm, accessBytes(value.op));
  selection.emit(LOADS[value.op as LoadOp], [selection.registerOf(value)], [base], offset);
}

export function selectStore(selection: Selection, value: Value): void {
  const bytes = accessBytes(value.op);
  const [address, stored] = value.args as [Value, Value];
  const source = selection.read(bytes === 4 ? stored : narrowed(selection, stored, 8 * bytes, value.block));
  const { base, offset } = addressOf(selection, address, value.imm, bytes);
  selection.emit(STORES[value.op as StoreOp], [], [source, base], offset);
}

/** A value whose lower bits are the same: the store drops the others. */
function narrowed(selection: Selection, value: Value, bits: number, user: Block): Value {
  const mask = 2 ** bits - 1;
  if (!selection.canFold(value, user)) return value;
  const [a, b] = value.args as [Value, Value];
  if (value.op === "and" && ((constantOf(b) ?? 0) & mask) === mask) return narrowed(selection, a, bits, user);
  const by = value.op === "shr_s" ? constantOf(b) : undefined;
  if (by !== undefined && by <= 32 - bits && a.op === "shl" && constantOf(a.args[1]) === by) {
    return selection.usesOf(a) === 1 ? narrowed(selection, a.args[0] as Value, bits, user) : value;
  }
  return value;
}
