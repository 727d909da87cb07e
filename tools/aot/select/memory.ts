/** Loads and stores to instructions. */
import type { MachineOp } from "../machine/machine-function.ts";
import type { Block, Value } from "../ssa/ir.ts";
import { addressOf } from "./addresses.ts";
import type { Selection } from "./selection.ts";
import { constantOf } from "./values.ts";

const LOADS: Record<string, { op: MachineOp; bytes: 1 | 2 | 4 }> = {
  load8_u: { op: "l8ui", bytes: 1 },
  load16_u: { op: "l16ui", bytes: 2 },
  load16_s: { op: "l16si", bytes: 2 },
  load32: { op: "l32i", bytes: 4 },
};
const STORES: Record<string, { op: MachineOp; bytes: 1 | 2 | 4 }> = {
  store8: { op: "s8i", bytes: 1 },
  store16: { op: "s16i", bytes: 2 },
  store32: { op: "s32i", bytes: 4 },
};

export function selectLoad(selection: Selection, value: Value): void {
  const { op, bytes } = LOADS[value.op] as { op: MachineOp; bytes: 1 | 2 | 4 };
  const { base, offset } = addressOf(selection, value.args[0] as Value, value.imm, bytes);
  selection.emit(op, [selection.registerOf(value)], [base], offset);
}

export function selectStore(selection: Selection, value: Value): void {
  const { op, bytes } = STORES[value.op] as { op: MachineOp; bytes: 1 | 2 | 4 };
  const [address, stored] = value.args as [Value, Value];
  const source = selection.read(bytes === 4 ? stored : narrowed(selection, stored, 8 * bytes, value.block));
  const { base, offset } = addressOf(selection, address, value.imm, bytes);
  selection.emit(op, [], [source, base], offset);
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
