/**
 * The instruction set of the LX106: for each instruction its fixed bits, its operands in the order of the text form, its
 * width. What is not here (windows, loops, min/max, muluh, division, booleans, floating point) the chip does not have.
 *
 * Source: Xtensa ISA Reference Manual, chapter 6 (each instruction) and section 7.3 (opcode maps). Which of them this core
 * has was read from what Debian's xtensa-lx106-elf-as accepts. A word is written with op0 in the lowest four bits.
 */
import { maskOf, OPERANDS, type OperandKind, S_FIELD, T_FIELD } from "./operands.ts";
import { SPECIAL_REGISTERS } from "./special-registers.ts";

type Shape = Pick<InstructionForm, "sizeBytes" | "match" | "mask" | "operands">;

export interface InstructionForm {
  readonly mnemonic: Mnemonic;
  readonly sizeBytes: 2 | 3;
  /** A word is this instruction when `word & mask` equals `match`. */
  readonly match: number;
  readonly mask: number;
  readonly operands: readonly OperandKind[];
}

const {
  ar,
  as: aS, // `as` is a word of TypeScript
  at,
  bit,
  imms,
  label8,
  label12,
} = OPERANDS;

function wide(match: number, ...operands: OperandKind[]): Shape {
  return { sizeBytes: 3, match, mask: 0xffffff & ~maskOf(operands.flatMap((operand) => operand.fields)), operands };
}

function narrow(match: number, ...operands: OperandKind[]): Shape {
  return { sizeBytes: 2, match, mask: 0xffff & ~maskOf(operands.flatMap((operand) => operand.fields)), operands };
}

/** Bits that the chip does not look at; we write zeros. */
function ignoring(fields: Parameters<typeof maskOf>[0], shape: Shape): Shape {
  return { ...shape, mask: shape.mask & ~maskOf(fields) };
}

/** biome-ignore format: one line an instruction */
const CORE = {
  // Arithmetic, logic
  add: wide(0x800000, ar, aS, at),
  addx2: wide(0x900000, ar, aS, at),
  addx4: wide(0xa00000, ar, aS, at),
  addx8: wide(0xb00000, ar, aS, at),
  sub: wide(0xc00000, ar, aS, at),
  subx2: wide(0xd00000, ar, aS, at),
  subx4: wide(0xe00000, ar, aS, at),
  subx8: wide(0xf00000, ar, aS, at),
  and: wide(0x100000, ar, aS, at),
  or: wide(0x200000, ar, aS, at),
  xor: wide(0x300000, ar, aS, at),
  neg: wide(0x600000, ar, at),
  abs: wide(0x600100, ar, at),
  addi: wide(0x00c002, at, aS, OPERANDS.simm8),
  addmi: wide(0x00d002, at, aS, OPERANDS.simm8x256),
  movi: wide(0x00a002, at, OPERANDS.simm12),
  moveqz: wide(0x830000, ar, aS, at),
  movnez: wide(0x930000, ar, aS, at),
  movltz: wide(0xa30000, ar, aS, at),
  movgez: wide(0xb30000, ar, aS, at),
  nsa: wide(0x40e000, at, aS),
  nsau: wide(0x40f000, at, aS),
  mul16u: wide(0xc10000, ar, aS, at),
  mul16s: wide(0xd10000, ar, aS, at),
  mull: wide(0x820000, ar, aS, at),
  // Shifts
  slli: wide(0x010000, ar, aS, OPERANDS.shiftLeft),
  srai: wide(0x210000, ar, at, OPERANDS.shiftRightArithmetic),
  srli: wide(0x410000, ar, at, OPERANDS.shiftRight),
  src: wide(0x810000, ar, aS, at),
  srl: wide(0x910000, ar, at),
  sll: wide(0xa10000, ar, aS),
  sra: wide(0xb10000, ar, at),
  ssr: wide(0x400000, aS),
  ssl: wide(0x401000, aS),
  ssa8l: wide(0x402000, aS),
  ssa8b: wide(0x403000, aS),
  ssai: wide(0x404000, OPERANDS.shiftAmount),
  extui: wide(0x040000, ar, at, OPERANDS.extractShift, OPERANDS.extractWidth),
  // Loads, stores
  l32r: wide(0x000001, at, OPERANDS.literal),
  l8ui: wide(0x000002, at, aS, OPERANDS.uimm8),
  l16ui: wide(0x001002, at, aS, OPERANDS.uimm8x2),
  l16si: wide(0x009002, at, aS, OPERANDS.uimm8x2),
  l32i: wide(0x002002, at, aS, OPERANDS.uimm8x4),
  s8i: wide(0x004002, at, aS, OPERANDS.uimm8),
  s16i: wide(0x005002, at, aS, OPERANDS.uimm8x2),
  s32i: wide(0x006002, at, aS, OPERANDS.uimm8x4),
  // Jumps, calls
  call0: wide(0x000005, OPERANDS.callLabel),
  callx0: wide(0x0000c0, aS),
  j: wide(0x000006, OPERANDS.jumpLabel),
  jx: wide(0x0000a0, aS),
  ret: ignoring([S_FIELD], wide(0x000080)),
  // Branches
  beqz: wide(0x000016, aS, label12),
  bnez: wide(0x000056, aS, label12),
  bltz: wide(0x000096, aS, label12),
  bgez: wide(0x0000d6, aS, label12),
  beqi: wide(0x000026, aS, OPERANDS.b4const, label8),
  bnei: wide(0x000066, aS, OPERANDS.b4const, label8),
  blti: wide(0x0000a6, aS, OPERANDS.b4const, label8),
  bgei: wide(0x0000e6, aS, OPERANDS.b4const, label8),
  bltui: wide(0x0000b6, aS, OPERANDS.b4constu, label8),
  bgeui: wide(0x0000f6, aS, OPERANDS.b4constu, label8),
  bnone: wide(0x000007, aS, at, label8),
  beq: wide(0x001007, aS, at, label8),
  blt: wide(0x002007, aS, at, label8),
  bltu: wide(0x003007, aS, at, label8),
  ball: wide(0x004007, aS, at, label8),
  bbc: wide(0x005007, aS, at, label8),
  bbci: wide(0x006007, aS, bit, label8),
  bany: wide(0x008007, aS, at, label8),
  bne: wide(0x009007, aS, at, label8),
  bge: wide(0x00a007, aS, at, label8),
  bgeu: wide(0x00b007, aS, at, label8),
  bnall: wide(0x00c007, aS, at, label8),
  bbs: wide(0x00d007, aS, at, label8),
  bbsi: wide(0x00e007, aS, bit, label8),
  // Order of memory and of the pipeline
  isync: wide(0x002000),
  rsync: wide(0x002010),
  esync: wide(0x002020),
  dsync: wide(0x002030),
  excw: wide(0x002080),
  memw: wide(0x0020c0),
  extw: wide(0x0020d0),
  nop: wide(0x0020f0),
  // Exceptions, interrupts, debugging
  ill: wide(0x000000),
  rfe: wide(0x003000),
  rfi: wide(0x003010, imms),
  rfde: wide(0x003200),
  rfdo: wide(0xf1e000, imms),
  rfdd: ignoring([S_FIELD], wide(0xf1e010)),
  break: wide(0x004000, imms, OPERANDS.immt),
  syscall: wide(0x005000),
  simcall: wide(0x005100),
  rsil: wide(0x006000, at, imms),
  waiti: wide(0x007000, imms),
  // External registers: Debian's tools give these no operands, though the manual does
  rer: ignoring([S_FIELD, T_FIELD], wide(0x406000)),
  wer: ignoring([S_FIELD, T_FIELD], wide(0x407000)),
  // Region protection
  ritlb0: wide(0x503000, at, aS),
  iitlb: wide(0x504000, aS),
  pitlb: wide(0x505000, at, aS),
  witlb: wide(0x506000, at, aS),
  ritlb1: wide(0x507000, at, aS),
  rdtlb0: wide(0x50b000, at, aS),
  idtlb: wide(0x50c000, aS),
  pdtlb: wide(0x50d000, at, aS),
  wdtlb: wide(0x50e000, at, aS),
  rdtlb1: wide(0x50f000, at, aS),
  // Density option: two bytes
  "l32i.n": narrow(0x0008, at, aS, OPERANDS.uimm4x4),
  "s32i.n": narrow(0x0009, at, aS, OPERANDS.uimm4x4),
  "add.n": narrow(0x000a, ar, aS, at),
  "addi.n": narrow(0x000b, ar, aS, OPERANDS.ai4const),
  "movi.n": narrow(0x000c, aS, OPERANDS.simm7),
  "beqz.n": narrow(0x008c, aS, OPERANDS.label6),
  "bnez.n": narrow(0x00cc, aS, OPERANDS.label6),
  "mov.n": narrow(0x000d, at, aS),
  "ret.n": ignoring([S_FIELD], narrow(0xf00d)),
  "break.n": narrow(0xf02d, imms),
  "nop.n": narrow(0xf03d),
  "ill.n": narrow(0xf06d),
} as const satisfies Record<string, Shape>;

export type Mnemonic = keyof typeof CORE | `${"rsr" | "wsr" | "xsr"}.${keyof typeof SPECIAL_REGISTERS}`;

function specialRegisterForms(): InstructionForm[] {
  const access = { r: ["rsr", 0x030000], w: ["wsr", 0x130000], x: ["xsr", 0x610000] } as const;
  const names = Object.keys(SPECIAL_REGISTERS) as (keyof typeof SPECIAL_REGISTERS)[];
  return names.flatMap((name) => {
    const [number, allowed] = SPECIAL_REGISTERS[name];
    return (["r", "w", "x"] as const)
      .filter((letter) => allowed.includes(letter))
      .map((letter) => {
        const [operation, match] = access[letter];
        return { mnemonic: `${operation}.${name}` as const, ...wide(match | (number << 8), at) };
      });
  });
}

/** By mnemonic. */
export const INSTRUCTIONS: ReadonlyMap<string, InstructionForm> = new Map(
  [
    ...(Object.keys(CORE) as (keyof typeof CORE)[]).map((mnemonic) => ({ mnemonic, ...CORE[mnemonic] })),
    ...specialRegisterForms(),
  ].map((form): [string, InstructionForm] => [form.mnemonic, form]),
);
