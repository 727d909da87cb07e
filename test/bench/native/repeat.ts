/**
 * A loop in LX106 code around calls of a function, so that what an engine does at the border to TypeScript (or QEMU's
 * start) does not weigh: `repeat(count)`.
 */
import { Assembler, Label } from "../../../tools/lx106/assembler.ts";
import type { Segment } from "../../qemu/process.ts";

/** Instruction RAM, where kernels have nothing. */
export const REPEAT_ADDRESS = 0x40108000;
const ARGUMENTS_MAX = 4;
const FRAME_BYTES = 16;
const [A0, SP, A2, COUNT, FUNCTION] = [0, 1, 2, 12, 13] as const;

/** Each round calls `before`, where there is one, and the function with its arguments. */
export function repeatCode(entry: number, args: readonly number[], before?: number): Segment {
  if (args.length > ARGUMENTS_MAX) throw new Error(`at most ${ARGUMENTS_MAX} arguments are repeated`);
  const code = new Assembler(REPEAT_ADDRESS);
  const [start, round] = [new Label("start"), new Label("round")];
  code.emit("j", start);
  code.pool();
  code.place(start);
  code.emit("addi", SP, SP, -FRAME_BYTES);
  code.emit("s32i", A0, SP, 0);
  code.emit("s32i", COUNT, SP, 4);
  code.emit("s32i", FUNCTION, SP, 8);
  code.emit("mov.n", COUNT, A2);
  code.place(round);
  for (const address of before === undefined ? [entry] : [before, entry]) {
    if (address === entry) for (const [index, word] of args.entries()) code.loadLiteral(A2 + index, word);
    code.loadLiteral(FUNCTION, address);
    code.emit("callx0", FUNCTION);
  }
  code.emit("addi.n", COUNT, COUNT, -1);
  code.emit("bnez", COUNT, round);
  code.emit("l32i", A0, SP, 0);
  code.emit("l32i", COUNT, SP, 4);
  code.emit("l32i", FUNCTION, SP, 8);
  code.emit("addi", SP, SP, FRAME_BYTES);
  code.emit("ret");
  return { address: REPEAT_ADDRESS, bytes: code.finish().bytes };
}
