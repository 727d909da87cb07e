/** A machine instruction over physical registers to instructions of the LX106, in their narrow forms where there are. */
import type { Mnemonic } from "../../lx106/instruction-table.ts";
import type { Frame } from "../allocate/plan-frame.ts";
import {
  ADDMI_MAX,
  ADDMI_MIN,
  ADDMI_STEP,
  fitsMovi,
  fitsNarrowAddi,
  fitsNarrowMovi,
  fitsNarrowOffset,
  fitsOffset,
  fitsSrli,
} from "../machine/immediates.ts";
import { clobberedMask } from "../machine/instruction-facts.ts";
import { type Condition, type MachineInst, STACK_POINTER } from "../machine/machine-function.ts";
import { oppositeOf } from "../machine/opposite-condition.ts";
import { splitImmediate } from "../machine/split-large-adds.ts";
import { BranchForm, type CodeItem, type Label } from "./code-item.ts";
import { ShiftRegister } from "./shift-register.ts";

const WORD_BYTES = 4;
/** Holds addresses of words that a1 does not reach. */
export const FAR_SCRATCH = 0;

export class Lowerer {
  readonly items: CodeItem[] = [];
  readonly #frame: Frame;
  readonly #shiftRegister = new ShiftRegister();
  #isFramed = false;
  #source: number | undefined;

  constructor(frame: Frame) {
    this.#frame = frame;
  }

  startBlock(label: Label, isFramed: boolean): void {
    this.items.push({ kind: "label", label });
    this.#shiftRegister.forget();
    this.#isFramed = isFramed;
  }

  push(item: CodeItem): void {
    this.items.push(this.#source === undefined ? item : { ...item, source: this.#source });
  }

  put(mnemonic: Mnemonic, ...operands: number[]): void {
    this.push({ kind: "plain", instruction: { mnemonic, operands } });
  }

  /** A branch on the condition of `inst`, or on its opposite. */
  branch(inst: MachineInst, to: Label, isOpposite: boolean): void {
    this.#source = inst.source;
    const condition = isOpposite ? oppositeOf(inst.condition as Condition) : (inst.condition as Condition);
    const operands = branchOperands(inst, condition);
    this.push({
      kind: "branch",
      condition,
      operands,
      to,
      form: BranchForm.Narrow,
      ...(inst.trap === undefined ? {} : { trap: inst.trap }),
    });
  }

  /** Everything but branches with a target, jumps and jump tables. */
  lower(inst: MachineInst): void {
    this.#source = inst.source;
    this.#lower(inst);
    const clobbered = clobberedMask(inst);
    if (clobbered !== 0) this.#shiftRegister.forget();
    for (const register of inst.defs) this.#shiftRegister.noteWrite(register);
  }

  #lower(inst: MachineInst): void {
    const [d = 0] = inst.defs;
    const [s = 0, t = 0] = inst.uses;
    const { imm } = inst;
    switch (inst.op) {
      case "add":
        return this.put("add.n", d, s, t);
      case "addx2":
      case "addx4":
      case "addx8":
      case "sub":
      case "subx2":
      case "subx4":
      case "subx8":
      case "and":
      case "or":
      case "xor":
      case "mull":
      case "mul16u":
      case "mul16s":
      case "moveqz":
      case "movnez":
      case "movltz":
      case "movgez":
        return this.put(inst.op, d, s, t);
      case "neg":
      case "abs":
      case "nsau":
        return this.put(inst.op, d, s);
      case "addi":
        return this.add(d, s, imm);
      case "slli":
        return imm === 0 ? this.#move(d, s) : this.put("slli", d, s, imm);
      case "srli":
        return fitsSrli(imm) ? this.put("srli", d, s, imm) : this.put("extui", d, s, imm, 32 - imm);
      case "srai":
        return this.put("srai", d, s, imm);
      case "extui":
        return this.put("extui", d, s, imm, inst.imm2 as number);
      case "l8ui":
      case "l16ui":
      case "l16si":
        return this.put(inst.op, d, s, imm);
      case "l32i":
        return this.#access("l32i", d, s, imm);
      case "s8i":
      case "s16i":
        return this.put(inst.op, s, t, imm);
      case "s32i":
        return this.#access("s32i", s, t, imm);
      case "copy":
        return this.#move(d, s);
      case "const":
        return this.#constant(d, imm, inst.symbol);
      case "shl":
        this.#setShift("ssl", t);
        return this.put("sll", d, s);
      case "shr_u":
        this.#setShift("ssr", t);
        return this.put("srl", d, s);
      case "shr_s":
        this.#setShift("ssr", t);
        return this.put("sra", d, s);
      case "funnel_imm":
        this.#setShift("ssai", imm);
        return this.put("src", d, s, t);
      case "funnel":
        this.#setShift("ssr", inst.uses[2] as number);
        return this.put("src", d, s, t);
      case "load_argument":
        return this.#loadWord(d, this.#incomingOffset(imm));
      case "store_result":
        return this.#storeWord(s, this.#incomingOffset(imm));
      case "load_result":
        return this.#loadWord(d, imm * WORD_BYTES);
      case "store_argument":
        return this.#storeWord(s, imm * WORD_BYTES);
      case "load_slot":
        return this.#loadWord(d, this.#frame.slotsOffset + imm * WORD_BYTES);
      case "store_slot":
        return this.#storeWord(s, this.#frame.slotsOffset + imm * WORD_BYTES);
      case "enter_frame":
        return this.#enterFrame();
      case "leave_frame":
        return this.#leaveFrame();
      case "guarded":
        return this.#guarded(inst);
      case "call":
        return this.push({
          kind: "call",
          function: (inst.callee as NonNullable<typeof inst.callee>).index,
          isTail: this.#frame.tailCalls.has(inst),
        });
      case "call_pointer":
        return this.put(this.#frame.tailCalls.has(inst) ? "jx" : "callx0", s);
      case "ret":
        return this.put("ret.n");
      case "trap":
        return this.push({ kind: "trap", trap: inst.trap ?? "unreachable" });
      case "branch":
      case "jump":
      case "jump_table":
        throw new Error(`${inst.op} is lowered with its block`);
    }
  }

  #move(d: number, s: number): void {
    if (d !== s) this.put("mov.n", d, s);
  }

  /** d = s + imm; `imm` fits addi and addmi together. */
  add(d: number, s: number, imm: number): void {
    if (imm === 0) return this.#move(d, s);
    if (fitsNarrowAddi(imm)) return this.put("addi.n", d, s, imm);
    const split = splitImmediate(imm);
    if (split === undefined) throw new Error(`addi of ${imm} was to be split before the allocation of registers`);
    if (split.high !== 0) this.put("addmi", d, s, split.high);
    if (split.low !== 0) this.put("addi", d, split.high === 0 ? s : d, split.low);
  }

  #constant(d: number, value: number, symbol: string | undefined): void {
    if (symbol !== undefined) return this.push({ kind: "literal", register: d, value, symbol });
    const signed = value | 0;
    if (fitsNarrowMovi(signed)) return this.put("movi.n", d, signed);
    if (fitsMovi(signed)) return this.put("movi", d, signed);
    this.push({ kind: "literal", register: d, value: signed });
  }

  #access(mnemonic: "l32i" | "s32i", register: number, base: number, offset: number): void {
    this.put(fitsNarrowOffset(offset) ? `${mnemonic}.n` : mnemonic, register, base, offset);
  }

  #incomingOffset(word: number): number {
    return word * WORD_BYTES + (this.#isFramed ? this.#frame.bytes : 0);
  }

  #loadWord(d: number, offset: number): void {
    if (fitsOffset(offset, WORD_BYTES)) return this.#access("l32i", d, STACK_POINTER, offset);
    this.#access("l32i", d, d, this.#reachFar(d, offset));
  }

  #storeWord(s: number, offset: number): void {
    if (fitsOffset(offset, WORD_BYTES)) return this.#access("s32i", s, STACK_POINTER, offset);
    this.#access("s32i", s, FAR_SCRATCH, this.#reachFar(FAR_SCRATCH, offset));
  }

  /** Makes `register` point below a word of the stack; returns how far. */
  #reachFar(register: number, offset: number): number {
    const high = offset & -ADDMI_STEP;
    this.#addSteps(register, STACK_POINTER, high);
    return offset - high;
  }

  /** A multiple of 256, in as many steps as it takes. */
  #addSteps(d: number, s: number, amount: number): void {
    let from = s;
    for (let rest = amount; rest !== 0; ) {
      const step = Math.max(ADDMI_MIN, Math.min(ADDMI_MAX, rest));
      this.put("addmi", d, from, step);
      rest -= step;
      from = d;
    }
  }

  #moveStack(amount: number): void {
    const low = ((amount + ADDMI_STEP / 2) & (ADDMI_STEP - 1)) - ADDMI_STEP / 2;
    this.#addSteps(STACK_POINTER, STACK_POINTER, amount - low);
    this.add(STACK_POINTER, STACK_POINTER, low);
  }

  #enterFrame(): void {
    this.#moveStack(-this.#frame.bytes);
    for (const { register, offset } of this.#frame.saved) this.#access("s32i", register, STACK_POINTER, offset);
    this.#isFramed = true;
  }

  #leaveFrame(): void {
    for (const { register, offset } of this.#frame.saved) this.#access("l32i", register, STACK_POINTER, offset);
    this.#moveStack(this.#frame.bytes);
    this.#isFramed = false;
  }

  #guarded(inst: MachineInst): void {
    const over: Label = { address: 0 };
    this.branch({ ...inst, uses: inst.uses }, over, false);
    this.#lower(inst.inner as MachineInst);
    this.items.push({ kind: "label", label: over });
  }

  #setShift(mnemonic: "ssl" | "ssr" | "ssai", operand: number): void {
    if (this.#shiftRegister.needs({ mnemonic, operand })) this.put(mnemonic, operand);
  }
}

/** Registers of the condition, then its immediate; a guard lists the registers of its inner instruction behind them. */
function branchOperands(inst: MachineInst, condition: string): number[] {
  const [s = 0, t = 0] = inst.uses;
  if (condition.endsWith("z")) return [s];
  if (condition.endsWith("i")) return [s, inst.imm];
  return [s, t];
}
