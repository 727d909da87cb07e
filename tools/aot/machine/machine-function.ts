/**
 * The compiler's last form before bytes: LX106 instructions in basic blocks, over virtual registers until the allocator
 * has placed them. It is not in SSA form: a virtual register can be written more than once (moveqz reads what it writes).
 *
 * Registers are numbers: 0 to 15 are a0 to a15, higher ones are virtual. a1 is the stack pointer and takes no part in
 * allocation. The calling convention is call0: a0 return address, a2 to a7 the first six argument words and the first six
 * result words, further ones on the stack from a1 + 0 of the caller; a12 to a15 belong to the caller.
 */
import type { Trap } from "../ssa/ir.ts";

export type Reg = number;

export const FIRST_VIRTUAL = 16;
export const STACK_POINTER = 1;
export const ARGUMENT_REGISTERS: readonly Reg[] = [2, 3, 4, 5, 6, 7];
/** What a callee of unknown habits may change: a0, a2 to a11. */
export const CALLER_SAVED_MASK = 0b0000_1111_1111_1101;
export const CALLEE_SAVED: readonly Reg[] = [12, 13, 14, 15];

/** Conditions of branches, by the mnemonics of the branch instructions. */
export type RegisterCondition =
  | "beq"
  | "bne"
  | "blt"
  | "bge"
  | "bltu"
  | "bgeu"
  | "bany"
  | "bnone"
  | "ball"
  | "bnall"
  | "bbs"
  | "bbc";
export type ZeroCondition = "beqz" | "bnez" | "bltz" | "bgez";
/** `imm` is the constant, or the number of the bit. */
export type ImmediateCondition = "beqi" | "bnei" | "blti" | "bgei" | "bltui" | "bgeui" | "bbsi" | "bbci";
export type Condition = RegisterCondition | ZeroCondition | ImmediateCondition;

export type MachineOp =
  /** Three registers: defs [d], uses [s, t]. */
  | "add"
  | "addx2"
  | "addx4"
  | "addx8"
  | "sub"
  | "subx2"
  | "subx4"
  | "subx8"
  | "and"
  | "or"
  | "xor"
  | "mull"
  | "mul16u"
  | "mul16s"
  /** defs [d], uses [s] */
  | "neg"
  | "abs"
  | "nsau"
  /** defs [d], uses [s], imm. addi: any immediate, the emitter splits what does not fit addi, addmi (or uses a literal). */
  | "addi"
  | "slli"
  | "srli"
  | "srai"
  /** defs [d], uses [s], imm = shift, imm2 = width 1 to 16. */
  | "extui"
  /** d = condition on t ? s : d. defs [d], uses [s, t, d]. */
  | "moveqz"
  | "movnez"
  | "movltz"
  | "movgez"
  /** defs [d], uses [base], imm = byte offset that the instruction can hold. */
  | "l8ui"
  | "l16ui"
  | "l16si"
  | "l32i"
  /** uses [value, base], imm = byte offset that the instruction can hold. */
  | "s8i"
  | "s16i"
  | "s32i"
  /** defs [d], uses [s]. Free to vanish: the allocator gives both one register where it can. */
  | "copy"
  /** defs [d], imm, symbol. movi.n, movi, l32r. Cheap to do again: the allocator repeats it instead of spilling. */
  | "const"
  /** Pairs with the shift amount register. defs [d], uses [value, amount] (amount mod 32); `ssl, sll`, `ssr, srl`, `ssr, sra`. */
  | "shl"
  | "shr_u"
  | "shr_s"
  /** defs [d], uses [high, low], imm = 0 to 31: `ssai, src`. */
  | "funnel_imm"
  /** defs [d], uses [high, low, amount]: `ssr, src`. */
  | "funnel"
  /** defs [d], imm = number of the stack argument word of this function (0 is the seventh argument). */
  | "load_argument"
  /** uses [value], imm = number of the stack argument word of the next call. */
  | "store_argument"
  /** defs [d], imm = number of the stack result word of the call before: they come where its stack arguments went. */
  | "load_result"
  /** uses [value], imm = number of the stack result word of this function (0 is the seventh): where its stack arguments came. */
  | "store_result"
  /** defs [d], imm = slot; uses [value], imm = slot: words of the frame. Made by the allocator. */
  | "load_slot"
  | "store_slot"
  /** a1 down and registers saved; registers restored and a1 up again. Made by the allocator, see Allocation. */
  | "enter_frame"
  | "leave_frame"
  /** Runs `inner` where the condition does NOT hold: a branch over one instruction. defs, uses: those of both together. */
  | "guarded"
  /** A call. uses, defs: the physical registers of arguments and results; clobbers: what else may change. `callee` says whom. */
  | "call"
  /** The same through a register: uses [address, ...argument registers]. */
  | "call_pointer"
  /** Conditional branch to `target`, or to the trap `trap`: stands in the middle of a block only in the latter case. */
  | "branch"
  /** To `target`. The last instruction of a block that does not end otherwise. */
  | "jump"
  /** uses [index, ...], defs [scratch]: to targets[index]; the index is in range. Clobbers a0. */
  | "jump_table"
  /** uses: the result registers. */
  | "ret"
  /** Ends the block with a trap. */
  | "trap";

/** Whom a `call` calls; host functions and tables are reached by `call_pointer`. */
export type CallTarget = { kind: "function"; index: number };

export interface MachineInst {
  op: MachineOp;
  defs: Reg[];
  uses: Reg[];
  imm: number;
  imm2?: number;
  /** const: a name of the image whose value is added to `imm` when it is linked. */
  symbol?: string;
  /** branch, guarded */
  condition?: Condition;
  /** branch, jump */
  target?: MachineBlock;
  /** jump_table */
  targets?: MachineBlock[];
  /** branch, trap */
  trap?: Trap;
  /** guarded: `copy`, `const` (movi only), `addi` or `neg`, over the same registers as listed here. */
  inner?: MachineInst;
  callee?: CallTarget;
  /** call, call_pointer: mask of physical registers that may change, defs not counted. */
  clobbers?: number;
  /** Byte of the WebAssembly module that it comes from. */
  source?: number;
}

export interface MachineBlock {
  readonly id: number;
  insts: MachineInst[];
  /** Successors and predecessors, each once. */
  successors: MachineBlock[];
  predecessors: MachineBlock[];
  /** Number of loops around it. */
  loopDepth: number;
}

export interface MachineFunction {
  name: string;
  /** Index among the compiled functions. */
  index: number;
  /** blocks[0] is the entry. The order is the selector's proposal; the emitter lays them out. */
  blocks: MachineBlock[];
  /** Upper end of the register numbers in use. */
  registerCount: number;
  /** Argument words that come on the stack, and result words that go back there. */
  stackArguments: number;
  stackResults: number;
  /** Most argument or result words that any call in it keeps on the stack. */
  outgoingWords: number;
  /** Calls before a return stay calls, so that runaway recursion meets the end of the stack as WebAssembly has it. */
  keepsTailCalls?: boolean;
}
