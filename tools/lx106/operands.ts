/**
 * Kinds of operand of LX106 instructions: where the bits stand in the word, which values they mean and which values are
 * refused. An operand is a number: of a register, an immediate as the program sees it (scaled, signed), or the address
 * that a branch, call or l32r reaches.
 *
 * Source: Xtensa ISA Reference Manual, chapter 7 (formats RRR, RRI4, RRI8, RI16, CALL, CALLX, BRI8, BRI12, RRRN, RI7,
 * RI6) and the page of each instruction. The names are the manual's.
 */
interface BitField {
  readonly shift: number;
  readonly widthBits: number;
}

export interface OperandKind {
  readonly name: string;
  readonly kind: "register" | "immediate" | "target";
  /** The most significant piece first. */
  readonly fields: readonly BitField[];
  /** What an error message says about the values that there are. */
  readonly range: string;
  /** The bits of a value in an instruction at `address`; undefined where it does not fit. */
  readonly toBits: (value: number, address: number) => number | undefined;
  readonly fromBits: (bits: number, address: number) => number;
}

export const S_FIELD: BitField = { shift: 8, widthBits: 4 };
export const T_FIELD: BitField = { shift: 4, widthBits: 4 };
const R_FIELD: BitField = { shift: 12, widthBits: 4 };
const IMM8_FIELD: BitField = { shift: 16, widthBits: 8 };

/** Constants that beqi, bnei, blti and bgei compare with; bltui and bgeui have others in the first two places. */
const B4CONST = [-1, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 16, 32, 64, 128, 256];
const B4CONSTU = [32768, 65536, ...B4CONST.slice(2)];

/** Branches, jumps and calls count from 4 bytes after their own address, whatever their width. */
const PC_OFFSET_BYTES = 4;

function widthOf(fields: readonly BitField[]): number {
  return fields.reduce((sum, field) => sum + field.widthBits, 0);
}

function register(name: string, field: BitField): OperandKind {
  return linear(name, [field], { kind: "register", range: "a register, 0 to 15" });
}

interface Linear {
  /** Value of the bits 0 (after sign extension), in units of `scale`. */
  base?: number;
  scale?: number;
  isSigned?: boolean;
  kind?: "register" | "immediate";
  range?: string;
}

/** A value that grows with its bits: `base + bits * scale`, where the bits can be signed. */
function linear(name: string, fields: readonly BitField[], options: Linear = {}): OperandKind {
  const { base = 0, scale = 1, isSigned = false, kind = "immediate" } = options;
  const count = 2 ** widthOf(fields);
  const least = isSigned ? -count / 2 : 0;
  const most = least + count - 1;
  const step = scale === 1 ? "" : ` in steps of ${scale}`;
  return {
    name,
    kind,
    fields,
    range: options.range ?? `${base + least * scale} to ${base + most * scale}${step}`,
    toBits: (value) => {
      const units = (value - base) / scale;
      return Number.isInteger(units) && units >= least && units <= most ? (units + count) % count : undefined;
    },
    fromBits: (bits) => base + (isSigned && bits >= count / 2 ? bits - count : bits) * scale,
  };
}

/** A value from a short list; its bits are its place in the list. */
function listed(name: string, fields: readonly BitField[], values: readonly number[], range: string): OperandKind {
  return {
    name,
    kind: "immediate",
    fields,
    range,
    toBits: (value) => {
      const bits = values.indexOf(value);
      return bits < 0 ? undefined : bits;
    },
    fromBits: (bits) => values[bits] ?? Number.NaN,
  };
}

/** Distances wrap around at 32 bits, as addresses do. */
interface Target {
  isSigned: boolean;
  scale?: number;
  /** What the distance counts from. */
  from: (address: number) => number;
  range: string;
}

function target(name: string, field: readonly BitField[], { isSigned, scale = 1, from, range }: Target): OperandKind {
  const distance = linear(name, field, { isSigned, scale });
  return {
    name,
    kind: "target",
    fields: field,
    range,
    toBits: (value, address) =>
      Number.isInteger(value) && value >>> 0 === value ? distance.toBits((value - from(address)) | 0, 0) : undefined,
    fromBits: (bits, address) => (from(address) + distance.fromBits(bits, 0)) >>> 0,
  };
}

const afterBranch = (address: number) => address + PC_OFFSET_BYTES;

export const OPERANDS = {
  ar: register("ar", R_FIELD),
  as: register("as", S_FIELD),
  at: register("at", T_FIELD),
  /** addi, addmi, movi */
  simm8: linear("imm", [IMM8_FIELD], { isSigned: true }),
  simm8x256: linear("imm", [IMM8_FIELD], { isSigned: true, scale: 256 }),
  simm12: linear("imm", [S_FIELD, IMM8_FIELD], { isSigned: true }),
  /** Offsets of loads and stores. */
  uimm8: linear("offset", [IMM8_FIELD]),
  uimm8x2: linear("offset", [IMM8_FIELD], { scale: 2 }),
  uimm8x4: linear("offset", [IMM8_FIELD], { scale: 4 }),
  uimm4x4: linear("offset", [R_FIELD], { scale: 4 }),
  /** addi.n: bits 0 mean -1, for adding 0 is no use. */
  ai4const: listed("imm", [T_FIELD], [-1, ...Array.from({ length: 15 }, (_, index) => index + 1)], "-1 or 1 to 15"),
  /** movi.n: bits 96 to 127 mean -32 to -1. */
  simm7: listed(
    "imm",
    [{ shift: 4, widthBits: 3 }, R_FIELD],
    Array.from({ length: 128 }, (_, bits) => (bits < 96 ? bits : bits - 128)),
    "-32 to 95",
  ),
  b4const: listed("imm", [R_FIELD], B4CONST, `one of ${B4CONST.join(", ")}`),
  b4constu: listed("imm", [R_FIELD], B4CONSTU, `one of ${B4CONSTU.join(", ")}`),
  /** bbci, bbsi: the number of a bit. */
  bit: linear("bit", [{ shift: 12, widthBits: 1 }, T_FIELD]),
  /** slli: the bits are 32 - shift. 32 itself assembles, but the manual leaves its result open. */
  shiftLeft: listed(
    "shift",
    [{ shift: 20, widthBits: 1 }, T_FIELD],
    Array.from({ length: 32 }, (_, bits) => 32 - bits),
    "1 to 32",
  ),
  /** srai, srli, extui, ssai */
  shiftRightArithmetic: linear("shift", [{ shift: 20, widthBits: 1 }, S_FIELD]),
  shiftRight: linear("shift", [S_FIELD]),
  extractShift: linear("shift", [{ shift: 16, widthBits: 1 }, S_FIELD]),
  extractWidth: linear("width", [{ shift: 20, widthBits: 4 }], { base: 1 }),
  shiftAmount: linear("shift", [{ shift: 4, widthBits: 1 }, S_FIELD]),
  /** break, break.n, rsil, waiti, rfi, rfdo */
  imms: linear("s", [S_FIELD]),
  immt: linear("t", [T_FIELD]),
  label8: target("target", [IMM8_FIELD], {
    isSigned: true,
    from: afterBranch,
    range: "-124 to 131 bytes away",
  }),
  label12: target("target", [{ shift: 12, widthBits: 12 }], {
    isSigned: true,
    from: afterBranch,
    range: "-2044 to 2051 bytes away",
  }),
  label6: target("target", [{ shift: 4, widthBits: 2 }, R_FIELD], {
    isSigned: false,
    from: afterBranch,
    range: "4 to 67 bytes away",
  }),
  jumpLabel: target("target", [{ shift: 6, widthBits: 18 }], {
    isSigned: true,
    from: afterBranch,
    range: "-131068 to 131075 bytes away",
  }),
  callLabel: target("target", [{ shift: 6, widthBits: 18 }], {
    isSigned: true,
    scale: 4,
    from: (address) => (address & ~3) + PC_OFFSET_BYTES,
    range: "at a multiple of 4, -524284 to 524288 bytes from the call's address rounded down to 4",
  }),
  /** l32r reaches backwards only. */
  literal: target("literal", [{ shift: 8, widthBits: 16 }], {
    isSigned: false,
    scale: 4,
    from: (address) => ((address + 3) & ~3) - 0x40000,
    range: "at a multiple of 4, 4 to 262144 bytes before the instruction's address rounded up to 4",
  }),
} as const satisfies Record<string, OperandKind>;

/** The bits of the word that a group of fields covers. */
export function maskOf(fields: readonly BitField[]): number {
  return fields.reduce((mask, field) => mask | ((2 ** field.widthBits - 1) << field.shift), 0);
}

export function insertBits(fields: readonly BitField[], bits: number): number {
  let word = 0;
  let rest = bits;
  for (const field of fields.toReversed()) {
    word |= (rest & (2 ** field.widthBits - 1)) << field.shift;
    rest >>>= field.widthBits;
  }
  return word;
}

export function extractBits(fields: readonly BitField[], word: number): number {
  return fields.reduce(
    (bits, field) => (bits << field.widthBits) | ((word >>> field.shift) & (2 ** field.widthBits - 1)),
    0,
  );
}
