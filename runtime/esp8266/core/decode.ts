/**
 * From the bits of an instruction to an operation with its registers and its immediate.
 *
 * Source: Xtensa ISA Reference Manual, section 7.3 (opcode maps, here in the same order) and 7.1 (formats), little-endian:
 * op0 in bits 0-3, t 4-7, s 8-11, r 12-15, op1 16-19, op2 20-23. Bits that the manual's encoding fixes are checked.
 */
import { Op } from "./operations.ts";
import { canExchange, canRead, canWrite, SpecialRegister } from "./special-registers.ts";

/** Filled by `decode`; `d` is the destination, `s` and `t` are sources, whatever fields they come from. */
export interface Decoded {
  op: Op;
  d: number;
  s: number;
  t: number;
  /** Constant, offset, target address; see each operation. */
  immediate: number;
  sizeBytes: 2 | 3;
}

/** Constants of the branches that compare with one: b4const and b4constu in the manual's table 3-17 and 3-18. */
export const B4CONST = Int32Array.of(-1, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 16, 32, 64, 128, 256);
export const B4CONSTU = Int32Array.of(32768, 65536, 2, 3, 4, 5, 6, 7, 8, 10, 12, 16, 32, 64, 128, 256);

/** Instructions on the region protection's tables, `immediate` of Op.Tlb: the r field of RST0/TLB. */
export enum TlbOperation {
  RITLB0 = 3,
  IITLB = 4,
  PITLB = 5,
  WITLB = 6,
  RITLB1 = 7,
  RDTLB0 = 11,
  IDTLB = 12,
  PDTLB = 13,
  WDTLB = 14,
  RDTLB1 = 15,
}

const result: Decoded = { op: Op.Illegal, d: 0, s: 0, t: 0, immediate: 0, sizeBytes: 3 };

function is(op: Op, d = 0, s = 0, t = 0, immediate = 0): Decoded {
  result.op = op;
  result.d = d;
  result.s = s;
  result.t = t;
  result.immediate = immediate;
  return result;
}

/** `word` holds at least the instruction's bytes, lowest first. The result is reused by the next call. */
export function decode(word: number, pc: number, litbase: number): Decoded {
  const op0 = word & 15;
  const t = (word >>> 4) & 15;
  const s = (word >>> 8) & 15;
  const r = (word >>> 12) & 15;
  result.sizeBytes = op0 >= 8 ? 2 : 3;
  switch (op0) {
    case 0x0:
      return decodeQrst((word >>> 16) & 15, (word >>> 20) & 15, r, s, t);
    case 0x1:
      return is(Op.L32r, t, 0, 0, literalAddress((word >>> 8) & 0xffff, pc, litbase));
    case 0x2:
      return decodeLsai(r, s, t, (word >>> 16) & 0xff);
    case 0x5: {
      const words = (word << 8) >> 14;
      return (t & 3) === 0 ? is(Op.Call0, 0, 0, 0, ((pc & ~3) + (words << 2) + 4) | 0) : is(Op.Illegal);
    }
    case 0x6:
      return decodeSi(word, pc, r, s, t);
    case 0x7:
      return decodeBranch(r, s, t, (pc + 4 + ((word << 8) >> 24)) | 0);
    case 0x8:
      return is(Op.L32i, t, s, 0, r << 2);
    case 0x9:
      return is(Op.S32i, 0, s, t, r << 2);
    case 0xa:
      return is(Op.Add, r, s, t);
    case 0xb:
      return is(Op.Addi, r, s, 0, t === 0 ? -1 : t);
    case 0xc:
      return decodeSt2(r, s, t, pc);
    case 0xd:
      return decodeSt3(r, s, t);
    default:
      return is(Op.Illegal);
  }
}

/** L32R counts back from the next word boundary, or forward from LITBASE when that is enabled (manual, L32R). */
function literalAddress(words: number, pc: number, litbase: number): number {
  const offset = (0xffff0000 | words) << 2;
  if ((litbase & 1) !== 0) return ((litbase & 0xfffff000) + offset) | 0;
  return (((pc + 3) & ~3) + offset) | 0;
}

function decodeQrst(op1: number, op2: number, r: number, s: number, t: number): Decoded {
  switch (op1) {
    case 0:
      return decodeRst0(op2, r, s, t);
    case 1:
      return decodeRst1(op2, r, s, t);
    case 2:
      return op2 === 8 ? is(Op.Mull, r, s, t) : is(Op.Illegal);
    case 3:
      return decodeRst3(op2, r, s, t);
    case 4:
    case 5:
      return is(Op.Extui, r, 0, t, s | ((op1 & 1) << 4) | (((2 << op2) - 1) << 8));
    default:
      return is(Op.Illegal);
  }
}

const RST0 = [0, Op.And, Op.Or, Op.Xor, 0, 0, 0, 0, Op.Add, Op.Addx2, Op.Addx4, Op.Addx8, Op.Sub, Op.Subx2, Op.Subx4];

function decodeRst0(op2: number, r: number, s: number, t: number): Decoded {
  switch (op2) {
    case 0:
      return decodeSt0(r, s, t);
    case 4:
      return decodeSt1(r, s, t);
    case 5:
      if (TlbOperation[r] === undefined) return is(Op.Illegal);
      if ((r & 7) === TlbOperation.IITLB && t !== 0) return is(Op.Illegal);
      return is(Op.Tlb, t, s, t, r);
    case 6:
      if (s === 0) return is(Op.Neg, r, 0, t);
      return s === 1 ? is(Op.Abs, r, 0, t) : is(Op.Illegal);
    case 7:
      return is(Op.Illegal);
    case 15:
      return is(Op.Subx8, r, s, t);
    default:
      return is(RST0[op2] as Op, r, s, t);
  }
}

function decodeSt0(r: number, s: number, t: number): Decoded {
  switch (r) {
    case 0:
      if (t === 8) return is(Op.Ret);
      if (t === 10) return is(Op.Jx, 0, s);
      return t === 12 ? is(Op.Callx0, 0, s) : is(Op.Illegal);
    case 2:
      // isync, rsync, esync, dsync, excw, memw, extw, nop: nothing is out of order here.
      return s === 0 && (t < 4 || t === 8 || t >= 12) && t !== 14 ? is(Op.Nop) : is(Op.Illegal);
    case 3:
      if (t === 0 && s === 0) return is(Op.Rfe);
      if (t === 0 && s === 2) return is(Op.Rfde);
      return t === 1 ? is(Op.Rfi, 0, 0, 0, s) : is(Op.Illegal);
    case 4:
      return is(Op.Break, 0, 0, 0, (s << 4) | t);
    case 5:
      if (t !== 0 || s > 1) return is(Op.Illegal);
      return is(s === 0 ? Op.Syscall : Op.Simcall);
    case 6:
      return is(Op.Rsil, t, 0, 0, s);
    case 7:
      return t === 0 ? is(Op.Waiti, 0, 0, 0, s) : is(Op.Illegal);
    default:
      return is(Op.Illegal);
  }
}

function decodeSt1(r: number, s: number, t: number): Decoded {
  switch (r) {
    case 0:
      return t === 0 ? is(Op.Ssr, 0, s) : is(Op.Illegal);
    case 1:
      return t === 0 ? is(Op.Ssl, 0, s) : is(Op.Illegal);
    case 2:
      return t === 0 ? is(Op.Ssa8l, 0, s) : is(Op.Illegal);
    case 3:
      return t === 0 ? is(Op.Ssa8b, 0, s) : is(Op.Illegal);
    case 4:
      return t < 2 ? is(Op.Ssai, 0, 0, 0, s | (t << 4)) : is(Op.Illegal);
    case 6:
    case 7:
      return is(Op.NotEmulated);
    case 14:
      return is(Op.Nsa, t, s);
    case 15:
      return is(Op.Nsau, t, s);
    default:
      return is(Op.Illegal);
  }
}

function decodeRst1(op2: number, r: number, s: number, t: number): Decoded {
  switch (op2) {
    case 0:
    case 1:
      // The field holds 32 minus the amount; 0 would be a shift by 32, which the manual leaves undefined.
      return is(Op.Slli, r, s, 0, (32 - (t | (op2 << 4))) & 31);
    case 2:
    case 3:
      return is(Op.Srai, r, 0, t, s | ((op2 & 1) << 4));
    case 4:
      return is(Op.Srli, r, 0, t, s);
    case 6: {
      const register = (r << 4) | s;
      if (register === SpecialRegister.SAR) return is(Op.XsrSar, t, 0, t);
      return canExchange(register) ? is(Op.Xsr, t, 0, t, register) : is(Op.Illegal);
    }
    case 8:
      return is(Op.Src, r, s, t);
    case 9:
      return s === 0 ? is(Op.Srl, r, 0, t) : is(Op.Illegal);
    case 10:
      return t === 0 ? is(Op.Sll, r, s) : is(Op.Illegal);
    case 11:
      return s === 0 ? is(Op.Sra, r, 0, t) : is(Op.Illegal);
    case 12:
      return is(Op.Mul16u, r, s, t);
    case 13:
      return is(Op.Mul16s, r, s, t);
    case 15:
      return r === 14 && t < 2 ? is(Op.NotEmulated) : is(Op.Illegal); // rfdo, rfdd
    default:
      return is(Op.Illegal);
  }
}

function decodeRst3(op2: number, r: number, s: number, t: number): Decoded {
  const register = (r << 4) | s;
  switch (op2) {
    case 0:
      if (register === SpecialRegister.SAR) return is(Op.RsrSar, t);
      return canRead(register) ? is(Op.Rsr, t, 0, 0, register) : is(Op.Illegal);
    case 1:
      if (register === SpecialRegister.SAR) return is(Op.WsrSar, 0, 0, t);
      return canWrite(register) ? is(Op.Wsr, 0, 0, t, register) : is(Op.Illegal);
    case 8:
      return is(Op.Moveqz, r, s, t);
    case 9:
      return is(Op.Movnez, r, s, t);
    case 10:
      return is(Op.Movltz, r, s, t);
    case 11:
      return is(Op.Movgez, r, s, t);
    default:
      return is(Op.Illegal);
  }
}

function decodeLsai(r: number, s: number, t: number, imm8: number): Decoded {
  switch (r) {
    case 0:
      return is(Op.L8ui, t, s, 0, imm8);
    case 1:
      return is(Op.L16ui, t, s, 0, imm8 << 1);
    case 2:
      return is(Op.L32i, t, s, 0, imm8 << 2);
    case 4:
      return is(Op.S8i, 0, s, t, imm8);
    case 5:
      return is(Op.S16i, 0, s, t, imm8 << 1);
    case 6:
      return is(Op.S32i, 0, s, t, imm8 << 2);
    case 9:
      return is(Op.L16si, t, s, 0, imm8 << 1);
    case 10:
      return is(Op.Movi, t, 0, 0, (((s << 8) | imm8) << 20) >> 20);
    case 12:
      return is(Op.Addi, t, s, 0, (imm8 << 24) >> 24);
    case 13:
      return is(Op.Addi, t, s, 0, ((imm8 << 24) >> 24) << 8);
    default:
      return is(Op.Illegal);
  }
}

const ZERO_BRANCHES = [Op.Beqz, Op.Bnez, Op.Bltz, Op.Bgez];
const CONSTANT_BRANCHES = [Op.Beqi, Op.Bnei, Op.Blti, Op.Bgei];

/** Jumps, branches that compare with zero or with a constant. */
function decodeSi(word: number, pc: number, r: number, s: number, t: number): Decoded {
  const kind = t >>> 2;
  switch (t & 3) {
    case 0:
      return is(Op.J, 0, 0, 0, (pc + 4 + ((word << 8) >> 14)) | 0);
    case 1:
      return is(ZERO_BRANCHES[kind] as Op, 0, s, 0, (pc + 4 + ((word << 8) >> 20)) | 0);
    case 2:
      return is(CONSTANT_BRANCHES[kind] as Op, 0, s, r, (pc + 4 + ((word << 8) >> 24)) | 0);
    default:
      if (kind < 2) return is(Op.Illegal); // entry; loops, booleans
      return is(kind === 2 ? Op.Bltui : Op.Bgeui, 0, s, r, (pc + 4 + ((word << 8) >> 24)) | 0);
  }
}

const BRANCHES = [
  ...[Op.Bnone, Op.Beq, Op.Blt, Op.Bltu, Op.Ball, Op.Bbc, Op.Bbci, Op.Bbci],
  ...[Op.Bany, Op.Bne, Op.Bge, Op.Bgeu, Op.Bnall, Op.Bbs, Op.Bbsi, Op.Bbsi],
];

function decodeBranch(r: number, s: number, t: number, target: number): Decoded {
  const op = BRANCHES[r] as Op;
  const bit = op === Op.Bbci || op === Op.Bbsi ? t | ((r & 1) << 4) : t;
  return is(op, 0, s, bit, target);
}

function decodeSt2(r: number, s: number, t: number, pc: number): Decoded {
  if (t < 8) {
    const value = ((t & 7) << 4) | r;
    return is(Op.Movi, s, 0, 0, value >= 96 ? value - 128 : value);
  }
  return is(t < 12 ? Op.Beqz : Op.Bnez, 0, s, 0, (pc + 4 + (((t & 3) << 4) | r)) | 0);
}

function decodeSt3(r: number, s: number, t: number): Decoded {
  if (r === 0) return is(Op.Mov, t, s);
  if (r !== 15) return is(Op.Illegal);
  if (t === 0) return is(Op.Ret);
  if (t === 2) return is(Op.BreakN, 0, 0, 0, s);
  return t === 3 && s === 0 ? is(Op.Nop) : is(Op.Illegal);
}
