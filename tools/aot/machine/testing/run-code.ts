/**
 * Runs the bytes of one function, decoded with tools/lx106, and holds it to the call0 convention: at a return a0, a1 and
 * a12 to a15 are what they were, words of the stack below a1 are never touched.
 */
import { decode, widthAt } from "../../../lx106/decode.ts";
import type { Instruction } from "../../../lx106/encode.ts";
import type { FunctionCode } from "../../emit/emit-function.ts";
import type { Condition } from "../machine-function.ts";
import {
  hash,
  type OutsideWorld,
  registerOfWord,
  type Signature,
  STACK_WORD_FIRST,
  SYMBOL_VALUE,
} from "./outside-world.ts";
import { conditionHolds, type RunOptions } from "./run-machine.ts";

const CODE_ADDRESS = 0x40200000;
const RETURN_TO = 0x40123457;
const STACK_TOP = 0x3ffff000;
const STACK_BYTES = 0x20000;

export function runCode(code: FunctionCode, world: OutsideWorld, options: RunOptions): boolean {
  return new CodeRun(code, world, options).run();
}

class CodeRun {
  readonly #code: FunctionCode;
  readonly #world: OutsideWorld;
  readonly #options: RunOptions;
  readonly #a = new Int32Array(16);
  readonly #stack = new DataView(new ArrayBuffer(STACK_BYTES + 0x1000));
  readonly #decoded = new Map<number, Instruction>();
  readonly #kept: Int32Array;
  #sar = 0;
  #pc = 0;
  instructionsRun = 0;

  constructor(code: FunctionCode, world: OutsideWorld, options: RunOptions) {
    this.#code = code;
    this.#world = world;
    this.#options = options;
    for (let reg = 0; reg < 16; reg++) this.#a[reg] = hash(77, reg);
    this.#a[0] = RETURN_TO;
    this.#a[1] = STACK_TOP;
    for (const [index, word] of options.argumentWords.entries()) {
      const reg = registerOfWord(index);
      if (reg !== undefined) this.#a[reg] = word;
      else this.#writeStack(STACK_TOP + 4 * (index - STACK_WORD_FIRST), word);
    }
    this.#kept = this.#a.slice();
  }

  run(): boolean {
    for (; this.instructionsRun < this.#options.stepsMax; this.instructionsRun++) {
      const instruction = this.#fetch();
      const here = this.#pc;
      this.#pc += widthAt(this.#code.bytes, here);
      if (instruction.mnemonic === "ill.n") {
        const site = this.#code.trapSites.find(({ offset }) => offset === here);
        this.#world.events.push(`trap ${site?.trap}`);
        return true;
      }
      if (this.#step(instruction, here)) return true;
    }
    return false;
  }

  #fetch(): Instruction {
    const known = this.#decoded.get(this.#pc);
    if (known !== undefined) return known;
    const instruction = decode(this.#code.bytes, CODE_ADDRESS + this.#pc, this.#pc);
    if (instruction === undefined) throw new Error(`no instruction at offset ${this.#pc}`);
    this.#decoded.set(this.#pc, instruction);
    return instruction;
  }

  /** True at the end. */
  #step({ mnemonic, operands }: Instruction, here: number): boolean {
    const a = this.#a;
    const [x = 0, y = 0, z = 0, w = 0] = operands;
    const s = a[y] as number;
    const t = a[z] as number;
    const set = (value: number): false => {
      a[x] = value;
      return false;
    };
    const plain = mnemonic.endsWith(".n") ? mnemonic.slice(0, -2) : mnemonic;
    switch (plain) {
      case "add":
        return set(s + t);
      case "addx2":
        return set((s << 1) + t);
      case "addx4":
        return set((s << 2) + t);
      case "addx8":
        return set((s << 3) + t);
      case "sub":
        return set(s - t);
      case "subx2":
        return set((s << 1) - t);
      case "subx4":
        return set((s << 2) - t);
      case "subx8":
        return set((s << 3) - t);
      case "and":
        return set(s & t);
      case "or":
        return set(s | t);
      case "xor":
        return set(s ^ t);
      case "mull":
        return set(Math.imul(s, t));
      case "mul16u":
        return set(Math.imul(s & 0xffff, t & 0xffff));
      case "mul16s":
        return set(Math.imul((s << 16) >> 16, (t << 16) >> 16));
      case "neg":
        return set(-s);
      case "abs":
        return set(Math.abs(s));
      case "nsau":
        return set(Math.clz32(s));
      case "addi":
      case "addmi":
        return set(s + z);
      case "slli":
        return set(s << z);
      case "srli":
        return set(s >>> z);
      case "srai":
        return set(s >> z);
      case "extui":
        return set((s >>> z) & (2 ** w - 1));
      case "mov":
        return set(s);
      case "movi":
        return set(y);
      case "moveqz":
        return t === 0 ? set(s) : false;
      case "movnez":
        return t !== 0 ? set(s) : false;
      case "movltz":
        return t < 0 ? set(s) : false;
      case "movgez":
        return t >= 0 ? set(s) : false;
      case "ssl":
        this.#sar = 32 - ((a[x] as number) & 31);
        return false;
      case "ssr":
        this.#sar = (a[x] as number) & 31;
        return false;
      case "ssai":
        this.#sar = x;
        return false;
      case "sll":
        return set(this.#sar === 32 ? s : s << (32 - this.#sar));
      case "srl":
        return set(this.#sar === 32 ? 0 : s >>> this.#sar);
      case "sra":
        return set(s >> Math.min(31, this.#sar));
      case "src":
        if (this.#sar === 32) return set(s);
        return set(this.#sar === 0 ? t : (t >>> this.#sar) | (s << (32 - this.#sar)));
      case "l8ui":
        return set(this.#load(s + z, 1, false));
      case "l16ui":
        return set(this.#load(s + z, 2, false));
      case "l16si":
        return set(this.#load(s + z, 2, true));
      case "l32i":
        return set(this.#load(s + z, 4, false));
      case "s8i":
        return this.#store(s + z, 1, a[x] as number);
      case "s16i":
        return this.#store(s + z, 2, a[x] as number);
      case "s32i":
        return this.#store(s + z, 4, a[x] as number);
      case "l32r": {
        const literal = this.#code.literals.find(({ offset }) => offset === here);
        if (literal === undefined) throw new Error("l32r without a literal");
        if (literal.register !== x) throw new Error("a literal's register is wrong");
        return set(literal.value + (literal.symbol === undefined ? 0 : SYMBOL_VALUE));
      }
      case "j":
      case "call0":
        return this.#jumpOrCall(plain, x, here);
      case "callx0":
        this.#call(`pointer ${a[x] as number}`, this.#options.signatures.length - 1);
        return false;
      case "jx":
        return this.#jumpThrough(a[x] as number);
      case "ret":
        return this.#return();
      default: {
        const target = operands.at(-1) as number;
        const isImmediate = plain.endsWith("i");
        const isZero = plain.endsWith("z");
        const other = isZero || isImmediate ? 0 : (a[y] as number);
        if (conditionHolds(plain as Condition, a[x] as number, other, isImmediate ? y : 0)) this.#goTo(target);
        return false;
      }
    }
  }

  #goTo(address: number): void {
    this.#pc = address - CODE_ADDRESS;
    if (this.#pc < 0 || this.#pc >= this.#code.bytes.length) throw new Error(`code goes to ${this.#pc}`);
  }

  #jumpOrCall(mnemonic: string, target: number, here: number): boolean {
    const call = this.#code.calls.find(({ offset }) => offset === here);
    if (call === undefined) {
      if (mnemonic === "call0") this.#a[0] = CODE_ADDRESS + this.#pc;
      this.#goTo(target);
      return false;
    }
    if (call.isTail !== (mnemonic === "j")) throw new Error("a tail call is a jump, other calls are not");
    this.#call(String(call.function), call.function);
    if (!call.isTail) return false;
    this.#a[0] = RETURN_TO;
    return this.#return();
  }

  /** Through a jump table, or a tail call through a pointer. */
  #jumpThrough(address: number): boolean {
    if (address >= CODE_ADDRESS && address < CODE_ADDRESS + this.#code.bytes.length) {
      this.#goTo(address);
      return false;
    }
    if (this.#a[0] !== RETURN_TO) throw new Error("a tail call without the return address");
    this.#call(`pointer ${address}`, this.#options.signatures.length - 1);
    this.#a[0] = RETURN_TO;
    return this.#return();
  }

  #call(name: string, number: number): void {
    const signature = this.#options.signatures[number] as Signature;
    if ((this.#a[1] as number) % 16 !== 0) throw new Error("the stack is not aligned at a call");
    const stackPlace = (index: number) => (this.#a[1] as number) + 4 * (index - STACK_WORD_FIRST);
    const words = Array.from({ length: signature.argumentWords }, (_, index) => {
      const reg = registerOfWord(index);
      return reg === undefined ? this.#load(stackPlace(index), 4, false) : (this.#a[reg] as number);
    });
    this.#sar = hash(this.#sar, 5) & 31;
    const results = this.#world.call(name, signature, words, (reg, value) => {
      this.#a[reg] = value;
    });
    for (const [index, value] of results.entries()) {
      if (index >= STACK_WORD_FIRST) this.#writeStack(stackPlace(index), value);
    }
  }

  #return(): true {
    if (this.#a[0] !== RETURN_TO) throw new Error("a0 is lost at the return");
    for (const reg of [1, 12, 13, 14, 15]) {
      if (this.#a[reg] !== this.#kept[reg]) throw new Error(`a${reg} is changed at the return`);
    }
    for (let reg = 0; reg < 16; reg++) {
      if (this.#a[reg] !== this.#kept[reg] && ((this.#code.clobbers >> reg) & 1) === 0) {
        throw new Error(`a${reg} is changed, and not in the clobbers`);
      }
    }
    const words = Array.from({ length: this.#options.resultWords }, (_, index) => {
      const reg = registerOfWord(index);
      return reg === undefined ? this.#load(STACK_TOP + 4 * (index - STACK_WORD_FIRST), 4, false) : this.#a[reg];
    });
    this.#world.events.push(`ret ${words.join(" ")}`);
    return true;
  }

  #isStack(address: number): boolean {
    return address >= STACK_TOP - STACK_BYTES && address < STACK_TOP + 0x1000;
  }

  #load(address: number, sizeBytes: number, isSigned: boolean): number {
    if (!this.#isStack(address)) return this.#world.load(address, sizeBytes, isSigned);
    this.#checkStack(address);
    return this.#stack.getInt32(address - STACK_TOP + STACK_BYTES, true);
  }

  #store(address: number, sizeBytes: number, value: number): false {
    if (!this.#isStack(address)) this.#world.store(address, sizeBytes, value);
    else {
      this.#checkStack(address);
      this.#writeStack(address, value);
    }
    return false;
  }

  #checkStack(address: number): void {
    if (address < (this.#a[1] as number)) throw new Error("an access below the stack pointer");
  }

  #writeStack(address: number, value: number): void {
    this.#stack.setInt32(address - STACK_TOP + STACK_BYTES, value, true);
  }
}
