/**
 * A program that writes patterns to the special registers and reads them back. Left out are those that start something
 * (breakpoints, the instruction counter) or that time moves (CCOUNT).
 */
import { Assembler, Label } from "../../tools/lx106/assembler.ts";
import type { Mnemonic } from "../../tools/lx106/instruction-table.ts";
import type { Segment } from "./process.ts";

const CODE_ADDRESS = 0x40100000;
const PATTERNS = [0xffffffff, 0x12345678, 0xedcba986, 0];
const READ_WRITE = [
  ...["sar", "litbase", "ddr", "ibreaka0", "dbreaka0", "epc1", "epc2", "epc3", "depc", "eps2", "eps3"],
  ...["excsave1", "excsave2", "excsave3", "vecbase", "exccause", "excvaddr", "ccompare0"],
  // Masked while PS has its value of the reset.
  ...["intenable", "ps"],
];
/** Bits that this core has. QEMU also keeps what belongs to windows and rings in PS, and all 32 bits of INTENABLE. */
const MASKS: Record<string, number> = { ps: 0x3f, intenable: 0x7fff };
const READ_ONLY = ["176", "208", "prid", "interrupt"];

export interface SpecialRegisterProgram {
  segments: Segment[];
  startAddress: number;
  endAddress: number;
}

export function specialRegisterProgram(): SpecialRegisterProgram {
  const code = new Assembler(CODE_ADDRESS);
  const start = new Label("start");
  const end = new Label("end");
  code.pool();
  code.place(start);
  for (let register = 0; register < 16; register++) code.emit("movi", register, register);
  for (const name of READ_WRITE) {
    code.emit(`rsr.${name}` as Mnemonic, 2);
    for (const pattern of PATTERNS) {
      code.loadLiteral(3, (pattern & (MASKS[name] ?? 0xffffffff)) >>> 0);
      // Writing bit 0 of LITBASE changes what l32r means; the literals come before.
      if (name === "litbase") code.emit("movi", 4, 0);
      code.emit(`wsr.${name}` as Mnemonic, 3);
      code.emit("rsync");
      code.emit(`rsr.${name}` as Mnemonic, 5);
      code.emit(`xsr.${name}` as Mnemonic, 4);
      code.emit(`rsr.${name}` as Mnemonic, 6);
      if (name === "litbase" || name === "ps" || name === "intenable") {
        code.emit("movi", 3, 0);
        code.emit(`wsr.${name}` as Mnemonic, 3);
        code.emit("rsync");
      }
    }
  }
  for (const name of READ_ONLY) code.emit(`rsr.${name}` as Mnemonic, 7);
  code.place(end);
  code.emit("j", end);
  const { bytes, addressOf } = code.finish();
  return { segments: [{ address: CODE_ADDRESS, bytes }], startAddress: addressOf(start), endAddress: addressOf(end) };
}
