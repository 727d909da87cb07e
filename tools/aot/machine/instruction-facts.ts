/** What the back end asks of a machine instruction: what it changes beyond its definitions, how it ends a block. */
import {
  CALLER_SAVED_MASK,
  type MachineBlock,
  type MachineFunction,
  type MachineInst,
  type Reg,
} from "./machine-function.ts";

/** a0, a2 to a15. */
export const ALLOCATABLE_MASK = 0xfffd;
export const CALLEE_SAVED_MASK = 0xf000;
export const RETURN_ADDRESS = 0;
export const RETURN_ADDRESS_MASK = 1;

export function isCall(inst: MachineInst): boolean {
  return inst.op === "call" || inst.op === "call_pointer";
}

/** Physical registers that may change besides `defs`. call0 and callx0 write a0; so does the call0 in a jump table. */
export function clobberedMask(inst: MachineInst): number {
  if (inst.op === "call" || inst.op === "call_pointer") {
    return (inst.clobbers ?? CALLER_SAVED_MASK) | RETURN_ADDRESS_MASK;
  }
  return inst.op === "jump_table" ? RETURN_ADDRESS_MASK : 0;
}

/** Whether it has its place among the last instructions of a block: nothing may be put behind it but the next of them. */
export function isTerminator(inst: MachineInst): boolean {
  switch (inst.op) {
    case "branch":
      return inst.target !== undefined;
    case "jump":
    case "jump_table":
    case "ret":
    case "trap":
      return true;
    default:
      return false;
  }
}

/** Where the terminators of a block begin. */
export function terminatorStart(block: MachineBlock): number {
  let start = block.insts.length;
  while (start > 0 && isTerminator(block.insts[start - 1] as MachineInst)) start--;
  return start;
}

export function makeInst(op: MachineInst["op"], defs: number[], uses: number[], imm = 0): MachineInst {
  return { op, defs, uses, imm };
}

/** `symbol`: of the image; its value is added. */
export function makeConstant(register: Reg, imm: number, symbol?: string): MachineInst {
  const inst = makeInst("const", [register], [], imm);
  if (symbol !== undefined) inst.symbol = symbol;
  return inst;
}

/** One more than the highest block number. */
export function blockIdLimit(fn: MachineFunction): number {
  return fn.blocks.reduce((limit, block) => Math.max(limit, block.id + 1), 0);
}

export function maskOfRegisters(registers: readonly number[]): number {
  return registers.reduce((mask, register) => mask | (1 << register), 0);
}

export function countBits(mask: number): number {
  let count = 0;
  for (let rest = mask; rest !== 0; rest &= rest - 1) count++;
  return count;
}

/** Whether anything but its definitions comes of it. A load counts: it may trap. */
export function hasEffect(inst: MachineInst): boolean {
  switch (inst.op) {
    case "s8i":
    case "s16i":
    case "s32i":
    case "l8ui":
    case "l16ui":
    case "l16si":
    case "l32i":
    case "store_argument":
    case "store_result":
    case "store_slot":
    case "enter_frame":
    case "leave_frame":
    case "call":
    case "call_pointer":
    case "branch":
    case "jump":
    case "jump_table":
    case "ret":
    case "trap":
      return true;
    default:
      return false;
  }
}
