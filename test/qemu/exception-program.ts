/**
 * One program that raises exceptions one after another, each described by what the core is made to do. The handlers keep
 * nothing: whoever compares two cores looks at their registers after every instruction. a15 says where to go on.
 */
import { Assembler, Label } from "../../tools/lx106/assembler.ts";
import type { Segment } from "./process.ts";

const CODE_ADDRESS = 0x40100000;
/** Offsets from VECBASE on this core; the program stands there itself. */
const VECTORS = { debug: 0x10, kernel: 0x30, user: 0x50, double: 0x70 } as const;
const DATA_ADDRESS = 0x3ffea000;
const PS_EXCM = 0x10;
const PS_USER = 0x20;
const SOFTWARE_INTERRUPT = 1 << 7;
const [VALUE, BASE, MODE, RESUME] = [2, 3, 4, 15] as const;

export interface ExceptionCase {
  what: string;
  /** The instructions that raise it; the last one does. VALUE holds 0x12345678, BASE the address of data. */
  write: (code: Assembler) => void;
  ps?: number;
}

export interface ExceptionProgram {
  segments: Segment[];
  startAddress: number;
  endAddress: number;
  /** Where each case begins; in the order of the cases. */
  caseAddresses: number[];
  vectorAddresses: number[];
}

function unaligned(
  mnemonic: "l32i" | "l16ui" | "l16si" | "s32i" | "s16i" | "l32i.n" | "s32i.n",
  offset: number,
): ExceptionCase {
  return {
    what: `${mnemonic} ${offset} bytes beyond an aligned address`,
    write: (code) => {
      code.emit("addi", BASE, BASE, offset);
      code.emit(mnemonic, VALUE, BASE, 4);
    },
  };
}

function words(what: string, bytes: readonly number[], ps = PS_USER): ExceptionCase {
  return { what, ps, write: (code) => code.bytes(bytes) };
}

export const EXCEPTION_CASES: readonly ExceptionCase[] = [
  { what: "ill", write: (code) => code.emit("ill") },
  { what: "ill.n", write: (code) => code.emit("ill.n") },
  { what: "syscall", write: (code) => code.emit("syscall") },
  ...[1, 2, 3].map((offset) => unaligned("l32i", offset)),
  ...[1, 2, 3].map((offset) => unaligned("s32i", offset)),
  unaligned("l32i.n", 3),
  unaligned("s32i.n", 1),
  unaligned("l16ui", 1),
  unaligned("l16si", 3),
  unaligned("s16i", 1),
  { what: "ill out of kernel mode", ps: 0, write: (code) => code.emit("ill") },
  { what: "syscall out of kernel mode", ps: 0, write: (code) => code.emit("syscall") },
  { what: "ill within an exception", ps: PS_EXCM | PS_USER, write: (code) => code.emit("ill") },
  { what: "unaligned load within an exception", ps: PS_EXCM, write: unaligned("l32i", 2).write },
  {
    what: "a software interrupt, taken once it is enabled",
    write: (code) => {
      code.loadLiteral(VALUE, SOFTWARE_INTERRUPT);
      code.emit("wsr.intset", VALUE);
      code.emit("rsync");
      code.emit("rsr.interrupt", MODE);
      code.emit("wsr.intenable", VALUE);
      code.emit("rsync");
    },
  },
  {
    what: "a software interrupt behind rsil, taken once the level is lowered",
    write: (code) => {
      code.loadLiteral(VALUE, SOFTWARE_INTERRUPT);
      code.emit("rsil", MODE, 1);
      code.emit("wsr.intset", VALUE);
      code.emit("wsr.intenable", VALUE);
      code.emit("rsync");
      code.emit("wsr.ps", MODE);
      code.emit("rsync");
    },
  },
  { what: "break", write: (code) => code.emit("break", 1, 2) },
  { what: "break.n", write: (code) => code.emit("break.n", 3) },
];

/** `undefinedWords`: bytes that are no instruction; each is a case of its own after the others. */
export function exceptionProgram(
  undefinedWords: readonly (readonly number[])[],
): ExceptionProgram & { cases: ExceptionCase[] } {
  const cases = [
    ...EXCEPTION_CASES,
    ...undefinedWords.map((bytes) => words(`the bytes ${Buffer.from(bytes).toString("hex")}`, bytes)),
  ];
  const code = new Assembler(CODE_ADDRESS);
  const label = (name: string) => new Label(name);
  const [onDebug, onException, onDouble, end] = [label("debug"), label("exception"), label("double"), label("end")];
  const handlers = [
    [VECTORS.debug, onDebug],
    [VECTORS.kernel, onException],
    [VECTORS.user, onException],
    [VECTORS.double, onDouble],
  ] as const;
  let placed = 0;
  for (const [offset, handler] of handlers) {
    code.bytes(new Uint8Array(offset - placed));
    code.emit("j", handler);
    placed = offset + 3;
  }
  writeHandlers(code, onException, onDouble, onDebug);
  code.align(4);
  const starts: Label[] = [];
  for (const { write, ps = PS_USER } of cases) {
    const start = label("case");
    const resume = label("resume");
    starts.push(start);
    const body = label("body");
    code.place(start);
    code.emit("j", body);
    code.pool();
    code.place(body);
    code.loadLiteral(RESUME, resume);
    code.loadLiteral(VALUE, 0x12345678);
    code.loadLiteral(BASE, DATA_ADDRESS);
    code.emit("movi", MODE, ps);
    code.emit("wsr.ps", MODE);
    code.emit("rsync");
    write(code);
    code.emit("nop");
    code.place(resume);
    code.emit("movi", MODE, PS_USER);
    code.emit("wsr.ps", MODE);
    code.emit("rsync");
  }
  code.place(end);
  code.emit("j", end);

  const start = label("start");
  code.pool();
  code.place(start);
  code.emit("movi", VALUE, 0);
  for (let register = 0; register < 16; register++) code.emit("movi", register, -register);
  code.loadLiteral(VALUE, CODE_ADDRESS);
  code.emit("wsr.vecbase", VALUE);
  code.emit("rsync");
  code.loadLiteral(VALUE, starts[0] ?? end);
  code.emit("jx", VALUE);
  const { bytes, addressOf } = code.finish();
  return {
    segments: [{ address: CODE_ADDRESS, bytes }],
    startAddress: addressOf(start),
    endAddress: addressOf(end),
    caseAddresses: starts.map(addressOf),
    vectorAddresses: Object.values(VECTORS).map((offset) => CODE_ADDRESS + offset),
    cases,
  };
}

/** Clears what was asserted and goes on at RESUME. */
function writeHandlers(code: Assembler, onException: Label, onDouble: Label, onDebug: Label): void {
  code.place(onException);
  code.emit("rsr.exccause", 5);
  code.emit("rsr.epc1", 6);
  code.emit("rsr.excvaddr", 7);
  code.emit("rsr.ps", 8);
  code.emit("movi", 9, -1);
  code.emit("wsr.intclear", 9);
  code.emit("movi", 9, 0);
  code.emit("wsr.intenable", 9);
  code.emit("wsr.epc1", RESUME);
  code.emit("rfe");
  code.place(onDouble);
  code.emit("rsr.exccause", 5);
  code.emit("rsr.depc", 6);
  code.emit("rsr.excvaddr", 7);
  code.emit("wsr.depc", RESUME);
  code.emit("rfde");
  code.place(onDebug);
  code.emit("rsr.debugcause", 5);
  code.emit("rsr.epc2", 6);
  code.emit("rsr.eps2", 7);
  code.emit("wsr.epc2", RESUME);
  code.emit("rfi", 2);
}
