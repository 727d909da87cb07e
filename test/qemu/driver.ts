/**
 * The program that calls others: QEMU's `sim` machine starts it at the reset vector. It goes through a list of calls in
 * memory, puts the arguments into registers and on the stack, calls, keeps the results, and at the end writes the list
 * back to standard output with whatever else of memory is wanted. An exception ends one call, not the list.
 *
 * Facts of the machine (QEMU 7.2, target/xtensa): the core starts at 0x50000000; everything that is listed in MEMORY is
 * RAM; `simcall` with a2 = 1 ends QEMU, with a2 = 4 writes a5 bytes at a4 to file a3.
 */
import { Assembler, Label } from "../../tools/lx106/assembler.ts";

export const RESET_ADDRESS = 0x50000000;
/** One record a call, then what to write out at the end: pairs of address and length, the last length 0. */
export const CALLS_ADDRESS = 0x60000000;
export const DUMPS_ADDRESS = 0x61000000;
const STATE_ADDRESS = 0x62000000;
const VECTORS_ADDRESS = 0x50001000;

export const CALL_RECORD_BYTES = 256;
export const REGISTER_WORDS = 6;
export const STACK_WORDS = 16;
/** The words of a record. Results take the place of arguments. */
export enum CallWord {
  Entry = 0,
  Status = 1,
  Registers = 2,
  Stack = Registers + REGISTER_WORDS,
  ExcCause = Stack + STACK_WORDS,
  Epc1 = ExcCause + 1,
  ExcVaddr = ExcCause + 2,
}
export enum CallStatus {
  NotMade = 0,
  Returned = 1,
  Exception = 2,
}

const SIMCALL_EXIT = 1;
const SIMCALL_WRITE = 4;
const STANDARD_OUTPUT = 1;
/** User mode, so that exceptions take the user vector; interrupts stay disabled by INTENABLE. */
const PS_USER = 0x20;
/** Distances from VECBASE on this core: debug, kernel, user, double. */
const VECTORS = [0x10, 0x30, 0x50, 0x70];
const FIRST_VECTOR_ADDRESS = VECTORS_ADDRESS + 0x10;
const [A0, A1, A2, A3, A4, A5, A8, A9, A10, A12, A13, A14] = [0, 1, 2, 3, 4, 5, 8, 9, 10, 12, 13, 14] as const;

export interface Driver {
  segments: { address: number; bytes: Uint8Array }[];
  /** The instruction that makes the call. */
  callAddress: number;
}

/** `stackAddress`: the stack pointer at each call. */
export function buildDriver(callCount: number, stackAddress: number): Driver {
  const code = new Assembler(RESET_ADDRESS);
  const [start, next, call, finish, dump, exit] = ["start", "next", "call", "finish", "dump", "exit"].map(
    (name) => new Label(name),
  ) as [Label, Label, Label, Label, Label, Label];
  code.emit("j", start);
  code.pool();
  code.place(start);
  code.loadLiteral(A0, VECTORS_ADDRESS);
  code.emit("wsr.vecbase", A0);

  code.place(next);
  code.emit("movi", A0, PS_USER);
  code.emit("wsr.ps", A0);
  code.emit("rsync");
  code.loadLiteral(A8, STATE_ADDRESS);
  code.emit("l32i", A12, A8, 0);
  code.emit("l32i", A13, A8, 4);
  code.emit("beqz", A13, finish);
  code.emit("addi", A13, A13, -1);
  code.emit("s32i", A13, A8, 4);
  code.loadLiteral(A1, stackAddress);
  for (let word = 0; word < STACK_WORDS; word++) {
    code.emit("l32i", A8, A12, 4 * (CallWord.Stack + word));
    code.emit("s32i", A8, A1, 4 * word);
  }
  for (let word = 0; word < REGISTER_WORDS; word++) code.emit("l32i", A2 + word, A12, 4 * (CallWord.Registers + word));
  code.emit("l32i", A0, A12, 4 * CallWord.Entry);
  code.place(call);
  code.emit("callx0", A0);
  code.emit("movi", A9, CallStatus.Returned);
  keepResults(code);
  code.emit("j", next);

  code.place(finish);
  code.loadLiteral(A14, DUMPS_ADDRESS);
  code.place(dump);
  code.emit("l32i", A4, A14, 0);
  code.emit("l32i", A5, A14, 4);
  code.emit("beqz", A5, exit);
  code.emit("movi", A2, SIMCALL_WRITE);
  code.emit("movi", A3, STANDARD_OUTPUT);
  code.emit("simcall");
  code.emit("addi", A14, A14, 8);
  code.emit("j", dump);
  code.place(exit);
  code.emit("movi", A2, SIMCALL_EXIT);
  code.emit("movi", A3, 0);
  code.emit("simcall");
  const { bytes, addressOf } = code.finish();

  const state = new Uint8Array(8);
  const view = new DataView(state.buffer);
  view.setUint32(0, CALLS_ADDRESS, true);
  view.setUint32(4, callCount, true);
  return {
    segments: [
      { address: RESET_ADDRESS, bytes },
      { address: STATE_ADDRESS, bytes: state },
      { address: FIRST_VECTOR_ADDRESS, bytes: buildVectors(addressOf(next)) },
    ],
    callAddress: addressOf(call),
  };
}

/** Into the record of the call: a9 as its status, registers, stack; then on to the next record. Uses a8 and a10. */
function keepResults(code: Assembler): void {
  code.loadLiteral(A8, STATE_ADDRESS);
  code.emit("l32i", A8, A8, 0);
  code.emit("s32i", A9, A8, 4 * CallWord.Status);
  for (let word = 0; word < REGISTER_WORDS; word++) code.emit("s32i", A2 + word, A8, 4 * (CallWord.Registers + word));
  for (let word = 0; word < STACK_WORDS; word++) {
    code.emit("l32i", A10, A1, 4 * word);
    code.emit("s32i", A10, A8, 4 * (CallWord.Stack + word));
  }
  code.emit("addmi", A8, A8, CALL_RECORD_BYTES);
  code.loadLiteral(A10, STATE_ADDRESS);
  code.emit("s32i", A8, A10, 0);
}

/** An exception: its cause and places into the record, then as after a return. The stack pointer may be anything. */
function buildVectors(next: number): Uint8Array {
  const code = new Assembler(FIRST_VECTOR_ADDRESS);
  const handler = new Label("handler");
  for (const [index, offset] of VECTORS.entries()) {
    code.emit("j", handler);
    const following = VECTORS[index + 1] ?? offset + 16;
    code.bytes(new Uint8Array(following - offset - 3));
  }
  code.pool();
  code.place(handler);
  code.loadLiteral(A8, STATE_ADDRESS);
  code.emit("l32i", A8, A8, 0);
  code.emit("rsr.exccause", A9);
  code.emit("s32i", A9, A8, 4 * CallWord.ExcCause);
  code.emit("rsr.epc1", A9);
  code.emit("s32i", A9, A8, 4 * CallWord.Epc1);
  code.emit("rsr.excvaddr", A9);
  code.emit("s32i", A9, A8, 4 * CallWord.ExcVaddr);
  code.loadLiteral(A1, STATE_ADDRESS);
  code.emit("movi", A9, CallStatus.Exception);
  keepResults(code);
  code.emit("j", next);
  return code.finish().bytes;
}
