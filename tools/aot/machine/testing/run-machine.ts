/** Runs a machine function, over virtual or physical registers, one instruction after the other. */
import type { Condition, MachineBlock, MachineFunction, MachineInst, Reg } from "../machine-function.ts";
import { type OutsideWorld, registerOfWord, type Signature, STACK_WORD_FIRST, SYMBOL_VALUE } from "./outside-world.ts";

export interface RunOptions {
  signatures: readonly Signature[];
  argumentWords: readonly number[];
  resultWords: number;
  stepsMax: number;
}

/** False when the steps did not suffice. The end is an event too. */
export function runMachine(fn: MachineFunction, world: OutsideWorld, options: RunOptions): boolean {
  return new MachineRun(fn, world, options).run();
}

class MachineRun {
  readonly #fn: MachineFunction;
  readonly #world: OutsideWorld;
  readonly #options: RunOptions;
  readonly #registers: Int32Array;
  readonly #incoming: number[];
  readonly #outgoing: number[] = [];
  readonly #slots: number[] = [];

  constructor(fn: MachineFunction, world: OutsideWorld, options: RunOptions) {
    this.#fn = fn;
    this.#world = world;
    this.#options = options;
    this.#registers = new Int32Array(fn.registerCount);
    this.#incoming = options.argumentWords.slice(STACK_WORD_FIRST);
    for (const [index, word] of options.argumentWords.entries()) {
      const reg = registerOfWord(index);
      if (reg !== undefined) this.#set(reg, word);
    }
  }

  run(): boolean {
    let block = this.#fn.blocks[0] as MachineBlock;
    let steps = 0;
    for (;;) {
      let next: MachineBlock | undefined;
      for (const inst of block.insts) {
        if (steps++ > this.#options.stepsMax) return false;
        if (inst.op === "ret" || inst.op === "trap") {
          this.#end(inst);
          return true;
        }
        if (inst.op === "branch" && inst.trap !== undefined && this.#holds(inst)) {
          this.#world.events.push(`trap ${inst.trap}`);
          return true;
        }
        next = this.#step(inst);
        if (next !== undefined) break;
      }
      if (next === undefined) throw new Error(`block ${block.id} has no end`);
      block = next;
    }
  }

  #end(inst: MachineInst): void {
    if (inst.op === "trap") {
      this.#world.events.push(`trap ${inst.trap}`);
      return;
    }
    const words = Array.from({ length: this.#options.resultWords }, (_, index) => {
      const reg = registerOfWord(index);
      return reg === undefined ? this.#incoming[index - STACK_WORD_FIRST] : this.#get(reg);
    });
    this.#world.events.push(`ret ${words.join(" ")}`);
  }

  #get(reg: Reg | undefined): number {
    return this.#registers[reg as number] as number;
  }

  #set(reg: Reg | undefined, value: number): void {
    this.#registers[reg as number] = value;
  }

  #holds(inst: MachineInst): boolean {
    const [s, t] = inst.uses;
    return conditionHolds(inst.condition as Condition, this.#get(s), this.#get(t), inst.imm);
  }

  #step(inst: MachineInst): MachineBlock | undefined {
    const [d] = inst.defs;
    const [s, t, u] = inst.uses;
    switch (inst.op) {
      case "branch":
        return this.#holds(inst) ? inst.target : undefined;
      case "jump":
        return inst.target;
      case "jump_table": {
        const target = inst.targets?.[this.#get(s)];
        for (const scratch of inst.defs) this.#set(scratch, 0x5c5c5c5c);
        return target;
      }
      case "guarded":
        if (!this.#holds(inst)) this.#step(inst.inner as MachineInst);
        return;
      case "call":
      case "call_pointer":
        this.#call(inst);
        return;
      case "l8ui":
      case "l16ui":
      case "l16si":
      case "l32i": {
        const sizeBytes = inst.op === "l8ui" ? 1 : inst.op === "l32i" ? 4 : 2;
        this.#set(d, this.#world.load(this.#get(s) + inst.imm, sizeBytes, inst.op === "l16si"));
        return;
      }
      case "s8i":
      case "s16i":
      case "s32i": {
        const sizeBytes = inst.op === "s8i" ? 1 : inst.op === "s32i" ? 4 : 2;
        this.#world.store(this.#get(t) + inst.imm, sizeBytes, this.#get(s));
        return;
      }
      case "load_argument":
        return this.#keep(d, this.#incoming[inst.imm]);
      case "store_result":
        this.#incoming[inst.imm] = this.#get(s);
        return;
      case "load_result":
        return this.#keep(d, this.#outgoing[inst.imm]);
      case "store_argument":
        this.#outgoing[inst.imm] = this.#get(s);
        return;
      case "load_slot":
        return this.#keep(d, this.#slots[inst.imm]);
      case "store_slot":
        this.#slots[inst.imm] = this.#get(s);
        return;
      case "enter_frame":
      case "leave_frame":
        return;
      case "funnel":
        return this.#keep(d, funnel(this.#get(s), this.#get(t), this.#get(u)));
      case "funnel_imm":
        return this.#keep(d, funnel(this.#get(s), this.#get(t), inst.imm));
      case "moveqz":
        return this.#keep(d, this.#get(this.#get(t) === 0 ? s : d));
      case "movnez":
        return this.#keep(d, this.#get(this.#get(t) !== 0 ? s : d));
      case "movltz":
        return this.#keep(d, this.#get(this.#get(t) < 0 ? s : d));
      case "movgez":
        return this.#keep(d, this.#get(this.#get(t) >= 0 ? s : d));
      default:
        return this.#keep(d, compute(inst, this.#get(s), t === undefined ? 0 : this.#get(t)));
    }
  }

  #keep(d: Reg | undefined, value: number | undefined): undefined {
    this.#set(d, value ?? 0);
  }

  #call(inst: MachineInst): void {
    const isPointer = inst.op === "call_pointer";
    const { signatures } = this.#options;
    const number = isPointer ? signatures.length - 1 : (inst.callee as NonNullable<typeof inst.callee>).index;
    const signature = signatures[number] as Signature;
    const words = Array.from({ length: signature.argumentWords }, (_, index) => {
      const reg = registerOfWord(index);
      return reg === undefined ? (this.#outgoing[index - STACK_WORD_FIRST] as number) : this.#get(reg);
    });
    const name = isPointer ? `pointer ${this.#get(inst.uses[0])}` : String(number);
    const results = this.#world.call(name, signature, words, (reg, value) => this.#set(reg, value));
    for (const [index, value] of results.slice(STACK_WORD_FIRST).entries()) this.#outgoing[index] = value;
  }
}

function funnel(high: number, low: number, amount: number): number {
  const shift = amount & 31;
  return shift === 0 ? low : (low >>> shift) | (high << (32 - shift));
}

function compute({ op, imm, imm2 = 0, symbol }: MachineInst, s: number, t: number): number {
  switch (op) {
    case "add":
      return s + t;
    case "addx2":
      return (s << 1) + t;
    case "addx4":
      return (s << 2) + t;
    case "addx8":
      return (s << 3) + t;
    case "sub":
      return s - t;
    case "subx2":
      return (s << 1) - t;
    case "subx4":
      return (s << 2) - t;
    case "subx8":
      return (s << 3) - t;
    case "and":
      return s & t;
    case "or":
      return s | t;
    case "xor":
      return s ^ t;
    case "mull":
      return Math.imul(s, t);
    case "mul16u":
      return Math.imul(s & 0xffff, t & 0xffff);
    case "mul16s":
      return Math.imul((s << 16) >> 16, (t << 16) >> 16);
    case "neg":
      return -s;
    case "abs":
      return Math.abs(s);
    case "nsau":
      return Math.clz32(s);
    case "addi":
      return s + imm;
    case "slli":
      return s << imm;
    case "srli":
      return s >>> imm;
    case "srai":
      return s >> imm;
    case "extui":
      return (s >>> imm) & (2 ** imm2 - 1);
    case "copy":
      return s;
    case "const":
      return symbol === undefined ? imm : imm + SYMBOL_VALUE;
    case "shl":
      return s << (t & 31);
    case "shr_u":
      return s >>> (t & 31);
    case "shr_s":
      return s >> (t & 31);
    default:
      throw new Error(`${op} has no meaning here`);
  }
}

export function conditionHolds(condition: Condition, s: number, t: number, imm: number): boolean {
  switch (condition) {
    case "beq":
      return s === t;
    case "bne":
      return s !== t;
    case "blt":
      return s < t;
    case "bge":
      return s >= t;
    case "bltu":
      return s >>> 0 < t >>> 0;
    case "bgeu":
      return s >>> 0 >= t >>> 0;
    case "bany":
      return (s & t) !== 0;
    case "bnone":
      return (s & t) === 0;
    case "ball":
      return (~s & t) === 0;
    case "bnall":
      return (~s & t) !== 0;
    case "bbs":
      return ((s >>> (t & 31)) & 1) === 1;
    case "bbc":
      return ((s >>> (t & 31)) & 1) === 0;
    case "beqz":
      return s === 0;
    case "bnez":
      return s !== 0;
    case "bltz":
      return s < 0;
    case "bgez":
      return s >= 0;
    case "beqi":
      return s === imm;
    case "bnei":
      return s !== imm;
    case "blti":
      return s < imm;
    case "bgei":
      return s >= imm;
    case "bltui":
      return s >>> 0 < imm >>> 0;
    case "bgeui":
      return s >>> 0 >= imm >>> 0;
    case "bbsi":
      return ((s >>> imm) & 1) === 1;
    case "bbci":
      return ((s >>> imm) & 1) === 0;
  }
}
