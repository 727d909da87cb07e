/**
 * Straight-line programs of every instruction that a user's program can contain, drawn by a seed: registers, immediates and
 * memory at random and at their extremes, branches and jumps forward. They never raise an exception and always end, so
 * two cores can be compared instruction by instruction.
 *
 * What the manual leaves open is not drawn: shift amounts above 32 in SAR, slli by 32, extui beyond bit 31.
 */
import type { RandomSource } from "../../runtime/board/random.ts";
import { Assembler, Label } from "../../tools/lx106/assembler.ts";
import { INSTRUCTIONS, type InstructionForm, type Mnemonic } from "../../tools/lx106/instruction-table.ts";
import type { OperandKind } from "../../tools/lx106/operands.ts";
import type { Segment } from "./process.ts";

/** Loads and stores stay in here: the middle of the chip's data RAM. */
export const WINDOW_ADDRESS = 0x3ffea000;
export const WINDOW_BYTES = 2048;
/** A base register points into the first half, so that every offset of l32i stays inside. */
const BASE_WORDS = 256;
const BLOCK_INSTRUCTIONS = 60;
/** Not farther than a narrow branch reaches. */
const SKIP_INSTRUCTIONS_MAX = 8;
const EXTREMES = [0, 1, 2, 31, 32, 0x7f, 0x80, 0xffff, 0x8000, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffffffe];
const CODE_ADDRESS = 0x40200000;

const LOADS = ["l8ui", "l16ui", "l16si", "l32i", "l32i.n"];
const STORES = ["s8i", "s16i", "s32i", "s32i.n"];
const SET_SAR = ["ssr", "ssl", "ssa8l", "ssa8b", "ssai"];
/** Special registers that only hold what is written to them, and every bit of it. */
const PLAIN_REGISTERS = ["epc1", "epc2", "epc3", "depc", "excsave1", "excsave2", "excsave3", "excvaddr"];
const PLAIN = ["rsr", "wsr", "xsr"].flatMap((access) => PLAIN_REGISTERS.map((name) => `${access}.${name}`));
/** Made of several instructions, below. */
const COMPOSED = ["l32r", "call0", "callx0", "j", "jx", "ret", "ret.n", "wsr.sar", "xsr.sar"];
/** Need the machine around the core, or raise exceptions: they have tests of their own, or belong to no program. */
const LEFT_OUT =
  /^([rwx]sr\..*|rf.*|ill.*|break.*|syscall|simcall|waiti|rer|wer|[ripw][id]?tlb[01]?|[rw]dtlb[01]?|[ip]dtlb)$/;

const DRAWN: readonly InstructionForm[] = [...INSTRUCTIONS.values()].filter(
  ({ mnemonic }) => !LEFT_OUT.test(mnemonic) || PLAIN.includes(mnemonic) || [...COMPOSED, "rsr.sar"].includes(mnemonic),
);

export interface RandomProgram {
  segments: Segment[];
  startAddress: number;
  /** Where it ends: a jump to itself. */
  endAddress: number;
  /** Of how many mnemonics the program was drawn. */
  mnemonics: ReadonlySet<string>;
}

export function randomProgram(random: RandomSource, instructionCount: number): RandomProgram {
  return new ProgramWriter(random).write(instructionCount);
}

class ProgramWriter {
  private readonly code = new Assembler(CODE_ADDRESS);
  private readonly mnemonics = new Set<string>();
  /** Registers that hold an address of the window, for the length of a block. */
  private bases: number[] = [];
  /** Targets of branches, and how many instructions later they stand. */
  private pending: { label: Label; after: number }[] = [];
  private labelCount = 0;

  constructor(private readonly random: RandomSource) {}

  write(instructionCount: number): RandomProgram {
    const end = new Label("end");
    for (let register = 0; register < 16; register++) this.code.emit("movi", register, register);
    for (let left = instructionCount; left > 0; left -= BLOCK_INSTRUCTIONS) this.writeBlock();
    this.sweepWindow();
    this.code.place(end);
    this.code.emit("j", end);
    const { bytes, addressOf } = this.code.finish();
    const window = new Uint8Array(WINDOW_BYTES);
    this.random.fill(window);
    return {
      segments: [
        { address: CODE_ADDRESS, bytes },
        { address: WINDOW_ADDRESS, bytes: window },
      ],
      startAddress: CODE_ADDRESS,
      endAddress: addressOf(end),
      mnemonics: this.mnemonics,
    };
  }

  private writeBlock(): void {
    const body = this.label();
    this.code.emit("j", body);
    this.code.pool();
    this.code.place(body);
    this.bases = [this.random.integer(1, 7), this.random.integer(8, 15)];
    for (const base of this.bases) {
      this.code.loadLiteral(base, WINDOW_ADDRESS + 4 * this.random.integer(0, BASE_WORDS - 1));
    }
    for (let count = 0; count < 4; count++) this.code.loadLiteral(this.target(), this.number());
    for (let count = 0; count < BLOCK_INSTRUCTIONS; count++) {
      const form = this.pick(DRAWN);
      this.mnemonics.add(form.mnemonic);
      if (COMPOSED.includes(form.mnemonic)) this.compose(form.mnemonic);
      else this.code.emit(form.mnemonic, ...this.operands(form));
      this.placeDue();
    }
    // A narrow branch does not reach what is right behind it.
    this.code.emit("nop.n");
    for (const { label } of this.pending) this.code.place(label);
    this.pending = [];
  }

  private operands(form: InstructionForm): (number | Label)[] {
    const isMemory = LOADS.includes(form.mnemonic) || STORES.includes(form.mnemonic);
    const writes = !STORES.includes(form.mnemonic) && !SET_SAR.includes(form.mnemonic) && !/^wsr/.test(form.mnemonic);
    const isBranch = form.operands.some((kind) => kind.kind === "target");
    const values = form.operands.map((kind, index) => {
      if (kind.kind === "target") return this.labelAhead();
      if (kind.kind === "immediate") return this.immediate(kind);
      if (isMemory && index === 1) return this.pick(this.bases);
      return index === 0 && writes && !isBranch ? this.target() : this.random.integer(0, 15);
    });
    if (form.mnemonic === "extui") values[3] = this.random.integer(1, Math.min(16, 32 - Number(values[2])));
    return values;
  }

  /** What needs more than one instruction to be harmless. The literal of a label is its address. */
  private compose(mnemonic: string): void {
    const { code } = this;
    if (mnemonic === "l32r") return code.loadLiteral(this.target(), this.number());
    if (mnemonic === "wsr.sar" || mnemonic === "xsr.sar") {
      const register = this.target();
      code.emit("extui", register, this.random.integer(0, 15), this.random.integer(0, 27), 5);
      return code.emit(mnemonic, register);
    }
    if (mnemonic === "j") return code.emit("j", this.labelAhead());
    const label = this.label();
    if (mnemonic === "call0") {
      code.emit("call0", label);
    } else {
      const register = mnemonic.startsWith("ret") ? 0 : this.target();
      code.loadLiteral(register, label);
      if (mnemonic.startsWith("ret")) code.emit(mnemonic as Mnemonic);
      else code.emit(mnemonic as Mnemonic, register);
    }
    // Never run: what stands behind a jump.
    code.bytes([0, 0, 0].slice(0, this.random.integer(0, 3)));
    if (mnemonic === "call0") code.align(4);
    code.place(label);
  }

  /** Every word of the window goes through a register: what stores have left is compared too. */
  private sweepWindow(): void {
    const loop = this.label();
    const body = this.label();
    this.code.emit("j", body);
    this.code.pool();
    this.code.place(body);
    this.code.loadLiteral(2, WINDOW_ADDRESS);
    this.code.loadLiteral(3, WINDOW_ADDRESS + WINDOW_BYTES);
    this.code.place(loop);
    this.code.emit("l32i.n", 4, 2, 0);
    this.code.emit("addi.n", 2, 2, 4);
    this.code.emit("bne", 2, 3, loop);
  }

  private placeDue(): void {
    for (const item of this.pending) item.after--;
    for (const { label } of this.pending.filter(({ after }) => after < 0)) this.code.place(label);
    this.pending = this.pending.filter(({ after }) => after >= 0);
  }

  private labelAhead(): Label {
    const label = this.label();
    this.pending.push({ label, after: this.random.integer(1, SKIP_INSTRUCTIONS_MAX) });
    return label;
  }

  private label(): Label {
    return new Label(`label${this.labelCount++}`);
  }

  /** A register that may be written. */
  private target(): number {
    const register = this.random.integer(0, 15);
    return this.bases.includes(register) ? this.target() : register;
  }

  private immediate(kind: OperandKind): number {
    const count = 2 ** kind.fields.reduce((sum, { widthBits }) => sum + widthBits, 0);
    for (;;) {
      const bits =
        this.random.integer(0, 3) === 0 ? this.pick([0, 1, count - 2, count - 1]) : this.random.integer(0, count - 1);
      const value = kind.fromBits(bits % count, 0);
      if (kind.toBits(value, 0) !== undefined && !(kind.name === "shift" && value === 32)) return value;
    }
  }

  private number(): number {
    if (this.random.integer(0, 2) === 0) return this.pick(EXTREMES);
    const bits = this.random.integer(0, 31);
    return this.random.integer(0, 0xffffffff) >>> bits;
  }

  private pick<Item>(items: readonly Item[]): Item {
    return items[this.random.integer(0, items.length - 1)] as Item;
  }
}
