/** Calls: arguments into registers and onto the stack, results out of them (the call0 convention). */
import { ARGUMENT_REGISTERS, CALLER_SAVED_MASK, type Reg } from "../machine/machine-function.ts";
import type { Callee, Value } from "../ssa/ir.ts";
import type { Selection } from "./selection.ts";

export interface CallFacts {
  /** Registers that a function may change; CALLER_SAVED_MASK where it is not known yet. */
  clobbersOf: (functionIndex: number) => number;
  /** Native address of the host's table of function pointers. */
  hostTableAddress: number;
}

const SLOT_BYTES = 4;

/** `results`: the values of the words of the result, undefined where nobody reads them. */
export function selectCall(
  selection: Selection,
  facts: CallFacts,
  call: Value,
  results: readonly (Value | undefined)[],
): void {
  const args = call.op === "call" ? call.args : call.args.slice(1);
  selection.beginGroup();
  selection.forgetConstants();
  // Behind the call: what it returned. Emitted first, for blocks are selected backwards.
  const registers: Reg[] = [];
  results.forEach((result, word) => {
    const from = ARGUMENT_REGISTERS[word];
    if (from !== undefined) registers.push(from);
    if (result === undefined || !selection.isNeeded(result)) return;
    const d = selection.registerOf(result);
    if (from !== undefined) selection.emit("copy", [d], [from]);
    else selection.emit("load_result", [d], [], word - ARGUMENT_REGISTERS.length);
  });
  selection.beginGroup();
  const target = call.op === "call" ? undefined : selection.read(call.args[0] as Value);
  const pointer = target ?? pointerOf(selection, facts, call.callee as Callee);
  const inputs = passWords(selection, args, "store_argument");
  const inst = selection.emit(
    pointer === undefined ? "call" : "call_pointer",
    registers,
    pointer === undefined ? inputs : [pointer, ...inputs],
  );
  inst.clobbers = CALLER_SAVED_MASK;
  if (pointer === undefined && call.callee?.kind === "function") {
    inst.callee = { kind: "function", index: call.callee.index };
    inst.clobbers = facts.clobbersOf(call.callee.index);
  }
}

/** Host functions stand in a table of the host, routines of the ROM at fixed addresses. */
function pointerOf(selection: Selection, facts: CallFacts, callee: Callee): Reg | undefined {
  if (callee.kind === "function") return undefined;
  if (callee.kind === "rom") return selection.constant(callee.address | 0);
  const pointer = selection.newRegister();
  const table = selection.constant(facts.hostTableAddress | 0);
  selection.emit("l32i", [pointer], [table], SLOT_BYTES * callee.slot);
  return pointer;
}

/** Words of arguments or results: as many as there are registers for go into those, which are returned. */
export function passWords(
  selection: Selection,
  words: readonly Value[],
  store: "store_argument" | "store_result",
): Reg[] {
  words.slice(ARGUMENT_REGISTERS.length).forEach((word, index) => {
    selection.emit(store, [], [selection.read(word)], index);
  });
  const registers = ARGUMENT_REGISTERS.slice(0, words.length);
  registers.forEach((register, index) => {
    selection.emitMove(register, words[index] as Value);
  });
  return registers;
}

/** Outgoing words that a call keeps on the stack. */
export function outgoingWords(call: Value): number {
  const args = call.op === "call" ? call.args.length : call.args.length - 1;
  return Math.max(0, args - ARGUMENT_REGISTERS.length, (call.resultWords ?? 0) - ARGUMENT_REGISTERS.length);
}
