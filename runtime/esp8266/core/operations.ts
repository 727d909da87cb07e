/**
 * What the LX106 can do, one number an operation, and what the engines must know of each. Forms that differ only in their
 * encoding (add and add.n, addi and addmi) share an operation. Source: Xtensa ISA Reference Manual, chapter 6.
 */
export enum Op {
  /** Not an instruction: a block of decoded code goes on elsewhere. */
  End = 0,
  Add,
  Addx2,
  Addx4,
  Addx8,
  Sub,
  Subx2,
  Subx4,
  Subx8,
  And,
  Or,
  Xor,
  Neg,
  Abs,
  Addi,
  Movi,
  Mov,
  Moveqz,
  Movnez,
  Movltz,
  Movgez,
  Nsa,
  Nsau,
  Mul16u,
  Mul16s,
  Mull,
  Slli,
  Srai,
  Srli,
  Src,
  Srl,
  Sll,
  Sra,
  Ssr,
  Ssl,
  Ssa8l,
  Ssa8b,
  Ssai,
  Extui,
  Nop,
  RsrSar,
  WsrSar,
  XsrSar,
  L32r,
  L32i,
  L16ui,
  L16si,
  L8ui,
  S32i,
  S16i,
  S8i,
  Rsr,
  Beqz,
  Bnez,
  Bltz,
  Bgez,
  Beqi,
  Bnei,
  Blti,
  Bgei,
  Bltui,
  Bgeui,
  Beq,
  Bne,
  Blt,
  Bge,
  Bltu,
  Bgeu,
  Bany,
  Bnone,
  Ball,
  Bnall,
  Bbs,
  Bbc,
  Bbsi,
  Bbci,
  J,
  Jx,
  Call0,
  Callx0,
  Ret,
  Wsr,
  Xsr,
  Rsil,
  Waiti,
  Rfe,
  Rfde,
  Rfi,
  Tlb,
  Syscall,
  Break,
  BreakN,
  Simcall,
  /** An instruction of the chip that is not emulated: external registers, return from on-chip debugging. */
  NotEmulated,
  /** No instruction of this core. */
  Illegal,
}

export const OP_COUNT = Op.Illegal + 1;

/** Bits of OP_FACTS. */
export const READS_S = 1;
export const READS_T = 2;
/** Reads its destination too: it may keep it. */
export const READS_D = 4;
export const WRITES_D = 8;
/** The result is there one cycle later. */
export const LATE_RESULT = 16;
/** A conditional branch to the immediate. */
export const BRANCHES = 32;
/** The last one of a block of decoded code. */
export const ENDS_BLOCK = 64;
export const READS_SAR = 128;
export const WRITES_SAR = 256;
/** Loads or stores; the address is s plus the immediate. */
export const LOADS = 512;
export const STORES = 1024;

const S = READS_S;
const T = READS_T;
const D = WRITES_D;
const BRANCH_S = S | BRANCHES | ENDS_BLOCK;
const BRANCH_ST = BRANCH_S | T;

/** What each operation reads, writes, does to the flow: indexed by Op. */
export const OP_FACTS = new Int32Array(OP_COUNT);
for (const [facts, ...ops] of [
  [ENDS_BLOCK, Op.End, Op.J, Op.Call0, Op.Ret, Op.Waiti, Op.Rfe, Op.Rfde, Op.Rfi, Op.Syscall, Op.Break, Op.BreakN],
  [ENDS_BLOCK, Op.Simcall, Op.NotEmulated, Op.Illegal],
  [S | T | D, Op.Add, Op.Addx2, Op.Addx4, Op.Addx8, Op.Sub, Op.Subx2, Op.Subx4, Op.Subx8, Op.And, Op.Or, Op.Xor],
  [T | D, Op.Neg, Op.Abs, Op.Srai, Op.Srli, Op.Extui],
  [S | D, Op.Addi, Op.Mov, Op.Nsa, Op.Nsau, Op.Slli],
  [D, Op.Movi, Op.Rsr],
  [S | T | D | READS_D, Op.Moveqz, Op.Movnez, Op.Movltz, Op.Movgez],
  [S | T | D | LATE_RESULT, Op.Mul16u, Op.Mul16s, Op.Mull],
  [S | T | D | READS_SAR, Op.Src],
  [T | D | READS_SAR, Op.Srl, Op.Sra],
  [S | D | READS_SAR, Op.Sll],
  [S | WRITES_SAR, Op.Ssr, Op.Ssl, Op.Ssa8l, Op.Ssa8b],
  [WRITES_SAR, Op.Ssai],
  [D | READS_SAR, Op.RsrSar],
  [T | WRITES_SAR, Op.WsrSar],
  [T | D | READS_SAR | WRITES_SAR, Op.XsrSar],
  [D | LATE_RESULT, Op.L32r],
  [S | D | LATE_RESULT | LOADS, Op.L32i, Op.L16ui, Op.L16si, Op.L8ui],
  [S | T | STORES, Op.S32i, Op.S16i, Op.S8i],
  [
    BRANCH_S,
    Op.Beqz,
    Op.Bnez,
    Op.Bltz,
    Op.Bgez,
    Op.Beqi,
    Op.Bnei,
    Op.Blti,
    Op.Bgei,
    Op.Bltui,
    Op.Bgeui,
    Op.Bbsi,
    Op.Bbci,
  ],
  [BRANCH_ST, Op.Beq, Op.Bne, Op.Blt, Op.Bge, Op.Bltu, Op.Bgeu, Op.Bany, Op.Bnone, Op.Ball, Op.Bnall, Op.Bbs, Op.Bbc],
  [S | ENDS_BLOCK, Op.Jx, Op.Callx0],
  [T | ENDS_BLOCK, Op.Wsr],
  [T | D | ENDS_BLOCK, Op.Xsr],
  [D | ENDS_BLOCK, Op.Rsil],
  [S | T | D | ENDS_BLOCK, Op.Tlb],
] as const) {
  for (const op of ops) OP_FACTS[op] = facts;
}
