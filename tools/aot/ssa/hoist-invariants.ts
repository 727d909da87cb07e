/**
 * Moves what is the same in every turn of a loop before the loop, inner loops first, as far as registers last. Loads only
 * if nothing in the loop can write there, and if the loop would have executed them anyway: an address that is computed
 * for nothing need not exist.
 */
import { Dominators } from "./dominators.ts";
import { countUses } from "./edit.ts";
import { Folder } from "./fold.ts";
import { type Block, type Func, successors, terminatorArgs, type Value } from "./ir.ts";
import { LoopPressure } from "./loop-pressure.ts";
import { ensurePreheader, type Loop, Loops, preheaderOf } from "./loops.ts";
import { mayOverlap, placeOf } from "./memory-access.ts";
import { writersIn } from "./memory-state.ts";
import { hasEffect, isComparison, isLoad, isPureOp } from "./operations.ts";

export function hoistInvariants(func: Func): void {
  const before = new Loops(new Dominators(func));
  if (before.all.length === 0) return;
  for (const loop of before.all) ensurePreheader(func, loop);
  const dominators = new Dominators(func);
  const loops = new Loops(dominators);
  const isOnlyCondition = findConditions(func);
  for (const loop of loops.all) new LoopHoist(func, loop, dominators, isOnlyCondition).run();
}

/** Comparisons that only branches, traps and selects ask for: in their place they cost nothing. By number. */
function findConditions(func: Func): Uint8Array {
  const isOther = new Uint8Array(func.valueCount);
  for (const block of func.blocks) {
    for (const value of block.values) {
      value.args.forEach((arg, index) => {
        const isCondition = index === 0 && (value.op === "select" || value.op === "trap_if");
        if (!isCondition) isOther[arg.id] = 1;
      });
    }
    if (block.terminator.kind !== "branch") for (const arg of terminatorArgs(block.terminator)) isOther[arg.id] = 1;
  }
  return isOther.map((other) => 1 - other);
}

class LoopHoist {
  readonly #func: Func;
  readonly #loop: Loop;
  readonly #dominators: Dominators;
  readonly #isOnlyCondition: Uint8Array;
  readonly #preheader: Block;
  readonly #blocks: readonly Block[];
  readonly #pressure: LoopPressure;
  readonly #writers: readonly Value[];
  /** Values after which the loop may never go on. */
  readonly #ends: readonly Value[];
  readonly #uses: Int32Array;

  constructor(func: Func, loop: Loop, dominators: Dominators, isOnlyCondition: Uint8Array) {
    this.#func = func;
    this.#loop = loop;
    this.#dominators = dominators;
    this.#isOnlyCondition = isOnlyCondition;
    this.#preheader = preheaderOf(loop) as Block;
    this.#blocks = dominators.order.filter((block) => loop.blocks.has(block));
    this.#pressure = new LoopPressure(loop);
    this.#writers = this.#blocks.flatMap(writersIn);
    this.#ends = this.#blocks.flatMap((block) =>
      block.values.filter(({ op, isPure }) => op === "trap_if" || op === "call_pointer" || (op === "call" && !isPure)),
    );
    this.#uses = countUses(func);
  }

  run(): void {
    for (const block of this.#blocks) {
      const values = block.values;
      block.values = [];
      for (let index = 0; index < values.length; index++) {
        const value = values[index] as Value;
        this.#gatherInvariants(value);
        if (!this.#canMove(value, block) || !this.#isWorth(value)) {
          block.values.push(value);
          continue;
        }
        this.#move(value);
        while (value.op === "call" && values[index + 1]?.op === "result") this.#move(values[++index] as Value);
      }
    }
  }

  #isInvariant(value: Value): boolean {
    return value.op === "const" || !this.#loop.blocks.has(value.block);
  }

  #move(value: Value): void {
    value.block = this.#preheader;
    this.#preheader.values.push(value);
  }

  /** (x + a) + b, where only x changes: x + (a + b), of which the latter can go. */
  #gatherInvariants(value: Value): void {
    if (value.op !== "add") return;
    for (const index of [0, 1]) {
      const outer = value.args[1 - index] as Value;
      const sum = value.args[index] as Value;
      if (!this.#isInvariant(outer) || outer.op === "const" || sum.op !== "add" || this.#isInvariant(sum)) continue;
      if ((this.#uses[sum.id] ?? 2) > 1) continue;
      const inner = sum.args.findIndex((arg) => this.#isInvariant(arg) && arg.op !== "const");
      if (inner < 0) continue;
      const folder = new Folder(this.#func, this.#preheader);
      const both = folder.make("add", [sum.args[inner] as Value, outer]);
      value.args = [sum.args[1 - inner] as Value, both];
      return;
    }
  }

  #canMove(value: Value, block: Block): boolean {
    if (!value.args.every((arg) => this.#isInvariant(arg))) return false;
    if (isPureOp(value.op)) return true;
    if (value.op === "call") return value.isPure === true && this.#alwaysRuns(value, block);
    if (!isLoad(value.op)) return false;
    if (value.region !== "constant") {
      const place = placeOf(value);
      for (const writer of this.#writers) {
        if (writer.op === "call" || writer.op === "call_pointer" || mayOverlap(placeOf(writer), place)) return false;
      }
    }
    const isThere = value.region !== "memory" && value.args[0]?.op === "const";
    return isThere || this.#alwaysRuns(value, block);
  }

  /** Whether nobody leaves the loop, or stays in it, without having run this. */
  #alwaysRuns(value: Value, block: Block): boolean {
    for (const at of this.#blocks) {
      const isLatch = this.#loop.latches.includes(at);
      const isExit = successors(at.terminator).some((next) => !this.#loop.blocks.has(next));
      const isEnd = at.terminator.kind === "return" || at.terminator.kind === "trap";
      if ((isLatch || isExit || isEnd) && !this.#dominators.dominates(block, at)) return false;
    }
    return this.#ends.every((end) => {
      // In the same block, what is in the new list already stands before.
      if (end.block === block) return !block.values.includes(end);
      return end === value || this.#dominators.dominates(block, end.block);
    });
  }

  #isWorth(value: Value): boolean {
    if (isComparison(value.op) && this.#isOnlyCondition[value.id] === 1) return false;
    let registers = 1;
    for (const arg of new Set(value.args)) {
      if (arg.op !== "const" && this.#uses[arg.id] === 1) registers--;
    }
    if (registers > 0 && this.#pressure.left < registers && !hasEffect(value) && value.op !== "call") return false;
    this.#pressure.left -= registers;
    return true;
  }
}
