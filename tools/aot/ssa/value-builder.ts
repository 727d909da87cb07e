/** Appends values to the block that is being built, folding what can be folded as it goes. */

import { makeFolded } from "./fold.ts";
import type { Block, Callee, Func, LoadOp, Op, Region, StoreOp, Trap, Value } from "./ir.ts";
import { constantOf } from "./operations.ts";

export class ValueBuilder {
  readonly func: Func;
  block: Block;
  /** Byte of the module that is being translated. */
  source = 0;

  constructor(func: Func) {
    this.func = func;
    this.block = func.addBlock();
  }

  make(op: Op, args: Value[], imm = 0): Value {
    return makeFolded(this.func, this.block, op, args, imm, this.source);
  }

  constant(value: number): Value {
    return this.make("const", [], value | 0);
  }

  /** The value of a name of the image. */
  symbol(name: string): Value {
    return this.func.constant(0, name);
  }

  trapIf(condition: Value, trap: Trap): void {
    if (constantOf(condition) === 0) return;
    this.#append("trap_if", [condition]).trap = trap;
  }

  load(op: LoadOp, region: Region, address: Value, offset: number): Value {
    const value = this.#append(op, [address], offset >>> 0);
    value.region = region;
    return value;
  }

  store(op: StoreOp, region: Region, address: Value, offset: number, stored: Value): void {
    this.#append(op, [address, stored], offset >>> 0).region = region;
  }

  /** The words of the result. */
  call(callee: Callee, args: Value[], resultWords: number, isPure = false): Value[] {
    const call = this.#append("call", args);
    call.callee = callee;
    call.isPure = isPure;
    return this.#results(call, resultWords);
  }

  callPointer(address: Value, args: Value[], resultWords: number): Value[] {
    return this.#results(this.#append("call_pointer", [address, ...args]), resultWords);
  }

  #results(call: Value, resultWords: number): Value[] {
    call.resultWords = resultWords;
    const words = resultWords > 0 ? [call] : [];
    for (let word = 1; word < resultWords; word++) words.push(this.#append("result", [call], word));
    return words;
  }

  #append(op: Op, args: Value[], imm = 0): Value {
    const value = this.func.append(this.block, op, args, imm);
    value.source = this.source;
    return value;
  }
}
