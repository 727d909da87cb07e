/** Loads and stores to instructions. Their offsets fit: ssa/memory-access.ts and ssa/place-constants.ts see to it. */
import type { LoadOp, StoreOp, Value } from "../ssa/ir.ts";
import type { Selection } from "./selection.ts";

const LOADS = { load8_u: "l8ui", load16_u: "l16ui", load16_s: "l16si", load32: "l32i" } as const;
const STORES = { store8: "s8i", store16: "s16i", store32: "s32i" } as const;

export function selectLoad(selection: Selection, value: Value): void {
  const base = selection.read(value.args[0] as Value);
  selection.emit(LOADS[value.op as LoadOp], [selection.registerOf(value)], [base], value.imm);
}

export function selectStore(selection: Selection, value: Value): void {
  const [address, stored] = value.args as [Value, Value];
  const source = selection.read(stored);
  selection.emit(STORES[value.op as StoreOp], [], [source, selection.read(address)], value.imm);
}
