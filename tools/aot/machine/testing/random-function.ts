/**
 * Machine functions at random, as a selector could have made them: every register that matters is defined before it is
 * read, words of calls go through the convention's registers, loops end.
 */
import type { RandomSource } from "../../../../runtime/board/random.ts";
import type { Trap } from "../../ssa/ir.ts";
import {
  CALLER_SAVED_MASK,
  type Condition,
  FIRST_VIRTUAL,
  type MachineBlock,
  type MachineFunction,
  type MachineInst,
  type MachineOp,
  type Reg,
} from "../machine-function.ts";
import { registerOfWord, type Signature, STACK_WORD_FIRST } from "./outside-world.ts";

export interface RandomFunction {
  fn: MachineFunction;
  signatures: Signature[];
  argumentWords: number;
  resultWords: number;
}

export interface RandomShape {
  /** About how many statements. */
  statements: number;
  maxArgumentWords: number;
  /** Of 100 statements, how many are calls. */
  callPercent: number;
}

const BINARY: readonly MachineOp[] = [
  "add",
  "addx2",
  "addx4",
  "addx8",
  "sub",
  "subx2",
  "subx4",
  "subx8",
  "and",
  "or",
  "xor",
  "mull",
  "mul16u",
  "mul16s",
  "shl",
  "shr_u",
  "shr_s",
];
const UNARY: readonly MachineOp[] = ["neg", "abs", "nsau", "copy"];
const MOVES: readonly MachineOp[] = ["moveqz", "movnez", "movltz", "movgez"];
const TWO_REGISTER: readonly Condition[] = [
  "beq",
  "bne",
  "blt",
  "bge",
  "bltu",
  "bgeu",
  "bany",
  "bnone",
  "ball",
  "bnall",
  "bbs",
  "bbc",
];
const ZERO: readonly Condition[] = ["beqz", "bnez", "bltz", "bgez"];
const CONSTANT: readonly Condition[] = ["beqi", "bnei", "blti", "bgei"];
const CONSTANT_VALUES = [-1, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 16, 32, 64, 128, 256];
const BIT: readonly Condition[] = ["bbsi", "bbci"];
const TRAPS: readonly Trap[] = ["unreachable", "integer divide by zero", "undefined element"];

export function randomFunction(random: RandomSource, shape: RandomShape): RandomFunction {
  return new Generator(random, shape).generate();
}

class Generator {
  readonly #random: RandomSource;
  readonly #shape: RandomShape;
  readonly #fn: MachineFunction;
  readonly #signatures: Signature[];
  readonly #argumentWords: number;
  readonly #resultWords: number;
  #block: MachineBlock;
  #depth = 0;
  /** Registers that have a value here. */
  #defined: Reg[] = [];
  /** Counters of loops: nothing else may write them. */
  readonly #counters = new Set<Reg>();
  #budget: number;

  constructor(random: RandomSource, shape: RandomShape) {
    this.#random = random;
    this.#shape = shape;
    this.#budget = shape.statements;
    const words = () => random.integer(0, random.integer(0, shape.maxArgumentWords));
    this.#signatures = Array.from({ length: 4 }, () => ({
      argumentWords: words(),
      resultWords: random.integer(0, 3) === 0 ? words() : random.integer(0, 2),
      clobbers: random.integer(0, 2) === 0 ? CALLER_SAVED_MASK & (random.integer(0, 0xffff) | 1) : CALLER_SAVED_MASK,
    }));
    this.#argumentWords = words();
    this.#resultWords = random.integer(0, 3) === 0 ? words() : random.integer(0, 2);
    this.#fn = {
      name: "random",
      index: 0,
      blocks: [],
      registerCount: FIRST_VIRTUAL,
      stackArguments: Math.max(0, this.#argumentWords - STACK_WORD_FIRST),
      stackResults: Math.max(0, this.#resultWords - STACK_WORD_FIRST),
      outgoingWords: this.#signatures.reduce(
        (most, { argumentWords, resultWords }) =>
          Math.max(most, argumentWords - STACK_WORD_FIRST, resultWords - STACK_WORD_FIRST),
        0,
      ),
    };
    this.#block = this.#newBlock();
  }

  generate(): RandomFunction {
    for (let index = 0; index < this.#argumentWords; index++) {
      const reg = registerOfWord(index);
      if (reg !== undefined) this.#put("copy", [this.#fresh()], [reg]);
      else this.#put("load_argument", [this.#fresh()], [], index - STACK_WORD_FIRST);
    }
    for (let index = 0; index < 2; index++) this.#put("const", [this.#fresh()], [], this.#immediate());
    this.#statements();
    this.#return();
    for (const block of this.#fn.blocks) {
      for (const next of block.successors) next.predecessors.push(block);
    }
    return {
      fn: this.#fn,
      signatures: this.#signatures,
      argumentWords: this.#argumentWords,
      resultWords: this.#resultWords,
    };
  }

  #int(max: number): number {
    return this.#random.integer(0, max);
  }

  #pick<T>(list: readonly T[]): T {
    return list[this.#int(list.length - 1)] as T;
  }

  #newBlock(): MachineBlock {
    const block: MachineBlock = {
      id: this.#fn.blocks.length,
      insts: [],
      successors: [],
      predecessors: [],
      loopDepth: this.#depth,
    };
    this.#fn.blocks.push(block);
    return block;
  }

  #fresh(): Reg {
    const reg = this.#fn.registerCount++;
    this.#defined.push(reg);
    return reg;
  }

  /** A register to write: a new one, or an old one again. */
  #target(): Reg {
    const old = this.#int(2) === 0 ? this.#pick(this.#defined) : undefined;
    return old === undefined || this.#counters.has(old) ? this.#fresh() : old;
  }

  #read(): Reg {
    // Mostly recent ones, sometimes any.
    const recent = this.#int(2) > 0 ? Math.min(this.#defined.length, 6) : this.#defined.length;
    return this.#defined[this.#defined.length - 1 - this.#int(recent - 1)] as Reg;
  }

  #put(op: MachineOp, defs: Reg[], uses: Reg[], imm = 0, more: Partial<MachineInst> = {}): void {
    this.#block.insts.push({ op, defs, uses, imm, ...more });
  }

  #immediate(): number {
    const kind = this.#int(4);
    if (kind === 0) return this.#random.integer(-0x80000000, 0x7fffffff);
    if (kind === 1) return this.#random.integer(-2048, 2047);
    return this.#random.integer(-40, 100);
  }

  #statements(): void {
    for (let count = this.#random.integer(1, 12); count > 0 && this.#budget > 0; count--) this.#statement();
  }

  #statement(): void {
    this.#budget--;
    if (this.#int(99) < this.#shape.callPercent) return this.#call();
    const kind = this.#int(31);
    if (kind < 3) return this.#if();
    if (kind === 3 && this.#depth < 3) return this.#loop();
    if (kind === 4) return this.#switch();
    if (kind === 5) return this.#trapBranch();
    if (kind === 6) return this.#guarded();
    if (kind === 7) {
      const d = this.#pick(this.#defined);
      if (this.#counters.has(d)) return;
      return this.#put(this.#pick(MOVES), [d], [this.#read(), this.#read(), d]);
    }
    if (kind === 8) return this.#put("funnel", ...this.#defAfter([this.#read(), this.#read(), this.#read()]));
    if (kind === 9) return this.#put("funnel_imm", ...this.#defAfter([this.#read(), this.#read()]), this.#int(31));
    if (kind < 13) return this.#memory();
    if (kind < 16)
      return this.#put("const", [this.#target()], [], this.#immediate(), this.#int(9) === 0 ? { symbol: "table" } : {});
    if (kind < 19) return this.#put("addi", ...this.#defAfter([this.#read()]), this.#immediate());
    if (kind === 19)
      return this.#put(
        this.#pick(["slli", "srli", "srai"]),
        ...this.#defAfter([this.#read()]),
        this.#random.integer(1, 31),
      );
    if (kind === 20) {
      const imm = this.#int(31);
      return this.#put("extui", ...this.#defAfter([this.#read()]), imm, {
        imm2: this.#random.integer(1, Math.min(16, 32 - imm)),
      });
    }
    if (kind < 24) return this.#put(this.#pick(UNARY), ...this.#defAfter([this.#read()]));
    return this.#put(this.#pick(BINARY), ...this.#defAfter([this.#read(), this.#read()]));
  }

  /** The uses are drawn before the target is, which may be a new register. */
  #defAfter(uses: Reg[]): [Reg[], Reg[]] {
    return [[this.#target()], uses];
  }

  #memory(): void {
    if (this.#int(1) === 0) {
      const op = this.#pick(["l8ui", "l16ui", "l16si", "l32i"] as const);
      return this.#put(op, ...this.#defAfter([this.#read()]), 4 * this.#int(63));
    }
    this.#put(this.#pick(["s8i", "s16i", "s32i"]), [], [this.#read(), this.#read()], 4 * this.#int(63));
  }

  #condition(): { condition: Condition; uses: Reg[]; imm: number } {
    const kind = this.#int(3);
    if (kind === 0) return { condition: this.#pick(TWO_REGISTER), uses: [this.#read(), this.#read()], imm: 0 };
    if (kind === 1) return { condition: this.#pick(ZERO), uses: [this.#read()], imm: 0 };
    if (kind === 2) {
      return { condition: this.#pick(CONSTANT), uses: [this.#read()], imm: this.#pick(CONSTANT_VALUES) };
    }
    return { condition: this.#pick(BIT), uses: [this.#read()], imm: this.#int(31) };
  }

  #trapBranch(): void {
    const { condition, uses, imm } = this.#condition();
    // Two conditions at once are rare, so that the functions run on.
    const skip = this.#int(2);
    if (skip !== 0) return;
    this.#put("branch", [], uses, imm, { condition, trap: this.#pick(TRAPS) });
  }

  #guarded(): void {
    const d = this.#pick(this.#defined);
    if (this.#counters.has(d)) return;
    const { condition, uses, imm } = this.#condition();
    const inner = this.#pick<MachineInst>([
      { op: "copy", defs: [d], uses: [this.#read()], imm: 0 },
      { op: "const", defs: [d], uses: [], imm: this.#random.integer(-2048, 2047) },
      { op: "addi", defs: [d], uses: [this.#read()], imm: this.#random.integer(-128, 127) },
      { op: "neg", defs: [d], uses: [this.#read()], imm: 0 },
    ]);
    this.#put("guarded", [d], [...uses, ...inner.uses, d], imm, { condition, inner });
  }

  #jump(target: MachineBlock): void {
    this.#put("jump", [], [], 0, { target });
    this.#block.successors.push(target);
  }

  #branch(target: MachineBlock, otherwise: MachineBlock, test = this.#condition()): void {
    this.#put("branch", [], test.uses, test.imm, { condition: test.condition, target });
    if (target !== otherwise) this.#block.successors.push(target);
    this.#jump(otherwise);
  }

  #if(): void {
    const then = this.#newBlock();
    const hasElse = this.#int(1) === 0;
    const otherwise = this.#newBlock();
    const after = hasElse ? this.#newBlock() : otherwise;
    this.#branch(then, otherwise);
    const before = this.#defined.slice();
    this.#arm(then, after, before);
    if (hasElse) this.#arm(otherwise, after, before);
    this.#block = after;
    this.#defined = before;
  }

  #arm(block: MachineBlock, after: MachineBlock, before: Reg[]): void {
    this.#block = block;
    this.#defined = before.slice();
    this.#statements();
    const end = this.#int(11);
    if (end === 0) return this.#return();
    if (end === 1) return this.#put("trap", [], [], 0, { trap: this.#pick(TRAPS) });
    this.#jump(after);
  }

  #loop(): void {
    const counter = this.#fn.registerCount++;
    this.#put("const", [counter], [], this.#random.integer(1, 4));
    this.#counters.add(counter);
    this.#defined.push(counter);
    this.#depth++;
    const head = this.#newBlock();
    const testsFirst = this.#int(1) === 0;
    const before = this.#defined.slice();
    this.#jump(head);
    this.#block = head;
    const test = { uses: [counter], imm: 0 };
    if (testsFirst) {
      if (this.#int(1) === 0) this.#statement();
      const body = this.#newBlock();
      this.#depth--;
      const after = this.#newBlock();
      this.#depth++;
      this.#branch(after, body, { condition: "beqz", ...test });
      this.#block = body;
      this.#statements();
      this.#put("addi", [counter], [counter], -1);
      this.#jump(head);
      this.#depth--;
      this.#block = after;
    } else {
      this.#statements();
      this.#put("addi", [counter], [counter], -1);
      this.#depth--;
      const after = this.#newBlock();
      this.#branch(head, after, { condition: "bnez", ...test });
      this.#block = after;
    }
    this.#defined = before;
  }

  #switch(): void {
    const index = this.#fn.registerCount++;
    const scratch = this.#fn.registerCount++;
    this.#put("extui", [index], [this.#read()], 0, { imm2: 2 });
    const arms = Array.from({ length: 4 }, () => this.#newBlock());
    const after = this.#newBlock();
    const targets = arms.map((arm) => (this.#int(4) === 0 ? after : arm));
    this.#put("jump_table", [scratch], [index], 0, { targets });
    this.#block.successors.push(...new Set(targets));
    const before = this.#defined.slice();
    for (const arm of arms) {
      this.#block = arm;
      this.#defined = before.slice();
      if (this.#int(1) === 0) this.#statement();
      this.#jump(after);
    }
    this.#block = after;
    this.#defined = before;
  }

  #call(): void {
    const isPointer = this.#int(4) === 0;
    const index = isPointer ? this.#signatures.length - 1 : this.#int(this.#signatures.length - 1);
    const signature = this.#signatures[index] as Signature;
    const address = isPointer ? [this.#read()] : [];
    const uses: Reg[] = [];
    const values = Array.from({ length: signature.argumentWords }, () => this.#read());
    for (const [word, value] of values.entries()) {
      if (registerOfWord(word) === undefined) this.#put("store_argument", [], [value], word - STACK_WORD_FIRST);
    }
    for (const [word, value] of values.entries()) {
      const reg = registerOfWord(word);
      if (reg === undefined) continue;
      this.#put("copy", [reg], [value]);
      uses.push(reg);
    }
    const results = Array.from({ length: signature.resultWords }, (_, word) => word);
    const defs = results.map(registerOfWord).filter((reg) => reg !== undefined);
    const more = isPointer ? {} : { callee: { kind: "function", index } as const };
    this.#put(isPointer ? "call_pointer" : "call", defs, [...address, ...uses], 0, {
      ...more,
      clobbers: signature.clobbers,
    });
    for (const word of results) {
      const reg = registerOfWord(word);
      if (reg !== undefined) this.#put("copy", [this.#target()], [reg]);
      else this.#put("load_result", [this.#target()], [], word - STACK_WORD_FIRST);
    }
  }

  #return(): void {
    const values = Array.from({ length: this.#resultWords }, () => this.#read());
    const uses: Reg[] = [];
    for (const [word, value] of values.entries()) {
      if (registerOfWord(word) === undefined) this.#put("store_result", [], [value], word - STACK_WORD_FIRST);
    }
    for (const [word, value] of values.entries()) {
      const reg = registerOfWord(word);
      if (reg === undefined) continue;
      this.#put("copy", [reg], [value]);
      uses.push(reg);
    }
    this.#put("ret", [], uses);
  }
}
