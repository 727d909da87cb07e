/**
 * One function of a WebAssembly module to SSA form. The module is known to be valid, so types are not checked again; code
 * that cannot be reached is skipped.
 *
 * Source: WebAssembly Core Specification 4.4 (what instructions do), 5.4 (how they are encoded).
 */
import { UnsupportedError } from "../errors.ts";
import { ByteReader } from "../read/byte-reader.ts";
import { type FuncType, type FunctionBody, type ValType, wordsOf } from "../read/module.ts";
import { LOADS, STORES } from "./access-instructions.ts";
import { ControlStack, type Frame } from "./control-stack.ts";
import { type Block, Func, type Trap, type Value } from "./ir.ts";
import { Locals } from "./locals.ts";
import { callIndirect } from "./lower-call.ts";
import { signWord } from "./lower-i64.ts";
import { access, bulk, loadWord, memoryGrow, memorySize, storeWord } from "./lower-memory.ts";
import { NUMERIC } from "./numeric.ts";
import { accessBytes } from "./operations.ts";
import type { ProgramSpace } from "./program-space.ts";
import { removeTrivialPhis } from "./remove-trivial-phis.ts";
import { skipInstruction } from "./skip-instruction.ts";
import { describeOpcode, describePrefixed } from "./unsupported-instructions.ts";
import { ValueBuilder } from "./value-builder.ts";

/** Instructions of a function. The limit keeps a broken or hostile module from taking the machine down. */
const BODY_MAX_BYTES = 1 << 20;

/** Words that a call passes either way: beyond six they go over the stack, where instructions reach 255 words. */
const SIGNATURE_MAX_WORDS = 200;

export function buildFunction(space: ProgramSpace, body: FunctionBody): Func {
  const type = space.module.types[body.typeIndex] as FuncType;
  if (body.end - body.start > BODY_MAX_BYTES) {
    throw new UnsupportedError(`function ${body.name} has ${body.end - body.start} bytes, more than ${BODY_MAX_BYTES}`);
  }
  checkSignature(type, `function ${body.name}`);
  const func = new Func(body.name, wordsOf(type.params), wordsOf(type.results));
  try {
    new FunctionBuilder(space, body, type, func).run();
  } catch (error) {
    if (error instanceof UnsupportedError) error.message = `function ${body.name}: ${error.message}`;
    throw error;
  }
  removeTrivialPhis(func);
  return func;
}

function checkSignature({ params, results }: FuncType, who: string): void {
  const most = Math.max(wordsOf(params), wordsOf(results));
  if (most <= SIGNATURE_MAX_WORDS) return;
  throw new UnsupportedError(`${who} takes or returns ${most} words, at most ${SIGNATURE_MAX_WORDS} are supported`);
}

class FunctionBuilder {
  readonly #space: ProgramSpace;
  readonly #reader: ByteReader;
  readonly #build: ValueBuilder;
  readonly #locals: Locals;
  readonly #control: ControlStack;
  /** One entry a value of WebAssembly, with its words. */
  readonly #stack: Value[][] = [];
  /** First word slot and number of words of each local. */
  readonly #slots: { first: number; words: number }[] = [];
  #isReachable = true;

  constructor(space: ProgramSpace, body: FunctionBody, type: FuncType, func: Func) {
    this.#space = space;
    this.#reader = new ByteReader(space.module.bytes, body.start, body.end);
    this.#build = new ValueBuilder(func);
    this.#locals = new Locals(func);
    this.#control = new ControlStack(this.#build, this.#locals, type.results);
    this.#beginLocals(body.locals, func.paramWords);
  }

  run(): void {
    while (this.#control.depth > 0) {
      this.#build.source = this.#reader.offset;
      const opcode = this.#reader.byte();
      if (this.#isReachable) this.#instruction(opcode);
      else this.#skip(opcode);
    }
  }

  #beginLocals(types: ValType[], paramWords: number): void {
    let slot = 0;
    let zero: Value | undefined;
    for (const type of types) {
      const words = wordsOf([type]);
      this.#slots.push({ first: slot, words });
      for (let word = 0; word < words; word++, slot++) {
        const isParam = slot < paramWords;
        if (!isParam) zero ??= this.#build.constant(0);
        const value = isParam ? this.#build.make("param", [], slot) : (zero as Value);
        this.#locals.write(slot, this.#build.block, value);
      }
    }
  }

  // Operand stack

  #pop(): Value[] {
    const entry = this.#stack.pop();
    if (entry === undefined) throw new Error("The operand stack of a valid function is empty.");
    return entry;
  }

  #popWord(): Value {
    return this.#pop()[0] as Value;
  }

  #push(...words: Value[]): void {
    this.#stack.push(words);
  }

  /** Several values at once, from their words in order. */
  #pushTyped(types: readonly ValType[], words: readonly Value[]): void {
    let next = 0;
    for (const type of types) {
      const count = wordsOf([type]);
      this.#stack.push(words.slice(next, next + count));
      next += count;
    }
  }

  #popTyped(types: readonly ValType[]): Value[] {
    if (types.length === 0) return [];
    return this.#stack.splice(this.#stack.length - types.length, types.length).flat();
  }

  /** The top values, left where they are: what a branch takes along. */
  #peekTyped(types: readonly ValType[]): Value[] {
    return types.length === 0 ? [] : this.#stack.slice(-types.length).flat();
  }

  // Instructions

  #instruction(opcode: number): void {
    const numeric = NUMERIC.get(opcode);
    if (numeric !== undefined) return this.#numeric(numeric);
    if (LOADS[opcode] !== undefined) return this.#load(opcode);
    if (STORES[opcode] !== undefined) return this.#store(opcode);
    switch (opcode) {
      case 0x00:
        return this.#end({ kind: "trap", trap: "unreachable" });
      case 0x01:
        return;
      case 0x02:
      case 0x03:
      case 0x04:
        return this.#enter(opcode);
      case 0x05:
        return this.#else();
      case 0x0b:
        return this.#leave();
      case 0x0c:
        return this.#branch(this.#control.at(this.#reader.u32()));
      case 0x0d:
        return this.#branchIf();
      case 0x0e:
        return this.#branchTable();
      case 0x0f:
        return this.#branch(this.#control.outermost);
      case 0x10:
        return this.#call();
      case 0x11:
        return this.#callIndirect();
      case 0x1a:
        return void this.#pop();
      case 0x1b:
        return this.#select();
      case 0x1c:
        this.#reader.list(() => this.#reader.s33());
        return this.#select();
      case 0x20:
        return this.#localGet(this.#reader.u32());
      case 0x21:
        return this.#localSet(this.#reader.u32(), this.#pop());
      case 0x22: {
        const words = this.#stack.at(-1) as Value[];
        return this.#localSet(this.#reader.u32(), words);
      }
      case 0x23:
        return this.#globalGet(this.#reader.u32());
      case 0x24:
        return this.#globalSet(this.#reader.u32());
      case 0x3f:
        this.#reader.byte();
        return this.#push(memorySize(this.#build, this.#space));
      case 0x40:
        this.#reader.byte();
        return this.#push(memoryGrow(this.#build, this.#space, this.#popWord()));
      case 0x41:
        return this.#push(this.#build.constant(this.#reader.s32()));
      case 0x42: {
        const value = this.#reader.s64();
        const word = (bits: bigint) => this.#build.constant(Number(BigInt.asIntN(32, bits)));
        return this.#push(word(value), word(value >> 32n));
      }
      case 0x43:
        return this.#push(this.#build.constant(this.#reader.word()));
      case 0x44: {
        const low = this.#build.constant(this.#reader.word());
        return this.#push(low, this.#build.constant(this.#reader.word()));
      }
      case 0xfc:
        return this.#prefixed(this.#reader.u32());
      default:
        throw new UnsupportedError(describeOpcode(opcode));
    }
  }

  #prefixed(number: number): void {
    const numeric = NUMERIC.get(0xfc00 + number);
    if (numeric !== undefined) return this.#numeric(numeric);
    if (number === 10 || number === 11) {
      this.#reader.byte();
      if (number === 10) this.#reader.byte();
      const [first, second, sizeBytes] = this.#stack.splice(-3).flat() as [Value, Value, Value];
      return bulk(this.#build, this.#space, number === 10 ? "memory_copy" : "memory_fill", [first, second, sizeBytes]);
    }
    throw new UnsupportedError(describePrefixed(number));
  }

  #numeric({ operands, run }: { operands: number; run: NonNullable<ReturnType<typeof NUMERIC.get>>["run"] }): void {
    const args = this.#stack.splice(-operands);
    this.#push(...run({ build: this.#build, space: this.#space }, args));
  }

  #select(): void {
    const condition = this.#popWord();
    const otherwise = this.#pop();
    const then = this.#pop();
    this.#push(...then.map((word, index) => this.#build.make("select", [condition, word, otherwise[index] as Value])));
  }

  #localGet(index: number): void {
    const { first, words } = this.#slots[index] as { first: number; words: number };
    const values = [this.#locals.read(first, this.#build.block)];
    if (words === 2) values.push(this.#locals.read(first + 1, this.#build.block));
    this.#push(...values);
  }

  #localSet(index: number, words: Value[]): void {
    const { first } = this.#slots[index] as { first: number };
    words.forEach((word, offset) => {
      this.#locals.write(first + offset, this.#build.block, word);
    });
  }

  #globalGet(index: number): void {
    const plan = this.#space.globals[index];
    const type = this.#space.module.globals[index]?.type as ValType;
    if (plan?.constant !== undefined) return this.#push(...plan.constant.map((word) => this.#build.constant(word)));
    const address = this.#build.constant(plan?.address as number);
    const words = [this.#build.load("load32", "global", address, 0)];
    if (wordsOf([type]) === 2) words.push(this.#build.load("load32", "global", address, 4));
    this.#push(...words);
  }

  #globalSet(index: number): void {
    const address = this.#build.constant(this.#space.globals[index]?.address as number);
    this.#pop().forEach((word, offset) => {
      this.#build.store("store32", "global", address, 4 * offset, word);
    });
  }

  #memoryArgument(): { alignBytes: number; offset: number } {
    const alignment = this.#reader.u32();
    if (alignment > 31) throw new UnsupportedError("an access names a memory (several memories)");
    return { alignBytes: 2 ** alignment, offset: this.#reader.u32() };
  }

  #load(opcode: number): void {
    const { width, high, isSigned8 } = LOADS[opcode] as (typeof LOADS)[number];
    const { alignBytes, offset } = this.#memoryArgument();
    const sizeBytes = high === "next" ? 8 : accessBytes(width);
    const at = access(this.#build, this.#space, this.#popWord(), offset, sizeBytes, alignBytes);
    let low = loadWord(this.#build, this.#space, width, at);
    if (isSigned8 === true) {
      const by = this.#build.constant(24);
      low = this.#build.make("shr_s", [this.#build.make("shl", [low, by]), by]);
    }
    if (high === undefined) return this.#push(low);
    if (high === "zero") return this.#push(low, this.#build.constant(0));
    if (high === "sign") return this.#push(low, signWord(this.#build, low));
    this.#push(low, loadWord(this.#build, this.#space, width, { ...at, offset: at.offset + 4 }));
  }

  #store(opcode: number): void {
    const { width, words } = STORES[opcode] as (typeof STORES)[number];
    const { alignBytes, offset } = this.#memoryArgument();
    const value = this.#pop();
    const sizeBytes = words * accessBytes(width);
    const at = access(this.#build, this.#space, this.#popWord(), offset, sizeBytes, alignBytes);
    storeWord(this.#build, this.#space, width, at, value[0] as Value);
    if (words === 2) storeWord(this.#build, this.#space, width, { ...at, offset: at.offset + 4 }, value[1] as Value);
  }

  #call(): void {
    const index = this.#reader.u32();
    const { module } = this.#space;
    const imported = module.functionImports[index];
    const typeIndex = imported?.typeIndex ?? module.functions[index - module.functionImports.length]?.typeIndex;
    const type = module.types[typeIndex as number] as FuncType;
    checkSignature(type, "it calls a function that");
    const args = this.#popTyped(type.params);
    this.#pushTyped(type.results, this.#build.call(this.#space.callee(index), args, wordsOf(type.results)));
  }

  #callIndirect(): void {
    const type = this.#space.module.types[this.#reader.u32()] as FuncType;
    checkSignature(type, "it calls a function that");
    const table = this.#reader.u32();
    const index = this.#popWord();
    const args = this.#popTyped(type.params);
    const results = callIndirect(this.#build, this.#space, table, type, index, args);
    this.#pushTyped(type.results, results);
  }

  // Control

  #blockType(): FuncType {
    const code = this.#reader.s33();
    if (code >= 0) return this.#space.module.types[code] as FuncType;
    if (code === -64) return { params: [], results: [] };
    const type = (["i32", "i64", "f32", "f64"] as const)[-code - 1];
    if (type === undefined) throw new UnsupportedError("a block has a result that is not a number");
    return { params: [], results: [type] };
  }

  #enter(opcode: number): void {
    const type = this.#blockType();
    const condition = opcode === 0x04 ? this.#popWord() : undefined;
    const params = this.#popTyped(type.params);
    const inside = this.#control.enter(opcode === 0x03 ? "loop" : "block", type, this.#stack.length, params, condition);
    this.#pushTyped(type.params, inside);
  }

  #else(): void {
    const frame = this.#control.innermost;
    this.#control.fallThrough(frame, this.#popTyped(frame.results));
    this.#beginElse(frame);
  }

  #beginElse(frame: Frame): void {
    this.#stack.length = frame.height;
    const params = this.#control.beginElse(frame);
    this.#isReachable = params !== undefined;
    if (params !== undefined) this.#pushTyped(frame.params, params);
  }

  #leave(): void {
    const frame = this.#control.innermost;
    const results = this.#isReachable ? this.#popTyped(frame.results) : undefined;
    const words = this.#control.leave(results);
    this.#stack.length = frame.height;
    this.#isReachable = words !== undefined;
    if (words !== undefined) this.#pushTyped(frame.results, words);
  }

  #branch(frame: Frame): void {
    this.#control.branch(frame, this.#peekTyped(frame.labelTypes));
    this.#isReachable = false;
  }

  #branchIf(): void {
    const frame = this.#control.at(this.#reader.u32());
    const condition = this.#popWord();
    this.#control.branchIf(frame, condition, this.#peekTyped(frame.labelTypes));
  }

  #branchTable(): void {
    const targets = this.#reader.list(() => this.#control.at(this.#reader.u32()));
    const otherwise = this.#control.at(this.#reader.u32());
    const index = this.#popWord();
    this.#control.branchTable(index, targets, otherwise, this.#peekTyped(otherwise.labelTypes));
    this.#isReachable = false;
  }

  #end(terminator: { kind: "trap"; trap: Trap }): void {
    (this.#build.block as Block).terminator = terminator;
    this.#isReachable = false;
  }

  /** Code that cannot be reached: only its nesting matters. */
  #skip(opcode: number): void {
    if (opcode === 0x02 || opcode === 0x03 || opcode === 0x04) {
      this.#blockType();
      this.#control.enterUnreachable(this.#stack.length);
      return;
    }
    if (opcode === 0x05) {
      const frame = this.#control.innermost;
      if (!frame.isUnreachable) this.#beginElse(frame);
      return;
    }
    if (opcode !== 0x0b) return skipInstruction(opcode, this.#reader);
    if (this.#control.innermost.isUnreachable) this.#control.leaveUnreachable();
    else this.#leave();
  }
}
