/**
 * Which calls to replace by the body of the function: of functions that are hardly bigger than the call, and the only call
 * of a function that nobody else knows. asc has inlined by its own rules before, and bytes count, so not more than that.
 */
import { Dominators } from "./dominators.ts";
import { removeUnreachable } from "./edit.ts";
import { inlineCall } from "./inline-call.ts";
import type { Func, Value } from "./ir.ts";
import { Loops } from "./loops.ts";
import { cleanUp } from "./optimise.ts";

export interface InlineOptions {
  /** Whether a function must stay though no call of it is left: exports, entries of tables. */
  isKept: (index: number) => boolean;
  /** A call costs itself, its arguments and what it drives into memory: instructions that a body may have instead. */
  smallMax?: number;
  /** The same for a call in a loop, of a function that calls nobody. */
  loopMax?: number;
  /** Instructions of a body that is called in one place. */
  singleMax?: number;
}

const SMALL_MAX = 4;
const LOOP_MAX = 12;
const SINGLE_MAX = 60;
/** Instructions that a caller may grow to. */
const CALLER_MAX = 2000;

/** Returns the functions that nobody calls any more and nobody keeps. The functions were cleaned up (cleanUp). */
export function inlineCalls(funcs: readonly (Func | undefined)[], options: InlineOptions): Set<number> {
  return new Inliner(funcs, options).run();
}

class Inliner {
  readonly #funcs: readonly (Func | undefined)[];
  readonly #options: InlineOptions;
  readonly #sites: number[];
  readonly #unused = new Set<number>();

  constructor(funcs: readonly (Func | undefined)[], options: InlineOptions) {
    this.#funcs = funcs;
    this.#options = options;
    this.#sites = funcs.map(() => 0);
    for (const func of funcs) {
      if (func === undefined) continue;
      for (const { index } of callsOf(func)) this.#sites[index] = (this.#sites[index] ?? 0) + 1;
    }
  }

  run(): Set<number> {
    for (const index of this.#calleesFirst()) {
      const caller = this.#funcs[index];
      if (caller !== undefined) this.#inlineInto(caller, index);
    }
    return this.#unused;
  }

  #inlineInto(caller: Func, callerIndex: number): void {
    let isChanged = false;
    let size = sizeOf(caller);
    const loops = new Loops(new Dominators(caller));
    const sites = callsOf(caller).map((site) => ({ ...site, isInLoop: loops.depth(site.call.block) > 0 }));
    for (const { call, index, isInLoop } of sites) {
      const callee = this.#funcs[index];
      if (callee === undefined || index === callerIndex || this.#isRecursive(index)) continue;
      const calleeSize = sizeOf(callee);
      if (size + calleeSize > CALLER_MAX) continue;
      const isSingle = this.#sites[index] === 1 && !this.#options.isKept(index);
      const isSmall = calleeSize <= this.#most(isInLoop, callee) && callee.blocks.length <= 3 && !hasLoop(callee);
      if (!isSmall && !(isSingle && calleeSize <= (this.#options.singleMax ?? SINGLE_MAX))) continue;
      inlineCall(caller, call, callee);
      size += calleeSize;
      isChanged = true;
      // The calls in the body are made by the caller as well now.
      for (const { index: inner } of callsOf(callee)) this.#sites[inner] = (this.#sites[inner] ?? 0) + 1;
      this.#leave(index);
    }
    if (!isChanged) return;
    removeUnreachable(caller);
    cleanUp(caller);
  }

  #most(isInLoop: boolean, callee: Func): number {
    const small = this.#options.smallMax ?? SMALL_MAX;
    const isLeaf = callee.blocks.every(({ values }) =>
      values.every(({ op }) => op !== "call" && op !== "call_pointer"),
    );
    return isInLoop && isLeaf ? Math.max(small, this.#options.loopMax ?? LOOP_MAX) : small;
  }

  #leave(index: number): void {
    const left = (this.#sites[index] ?? 0) - 1;
    this.#sites[index] = left;
    const func = this.#funcs[index];
    if (left > 0 || this.#options.isKept(index) || func === undefined) return;
    this.#unused.add(index);
    for (const { index: inner } of callsOf(func)) this.#sites[inner] = (this.#sites[inner] ?? 0) - 1;
  }

  /** Whether a function can come to call itself. */
  #isRecursive(index: number): boolean {
    const seen = new Set<number>();
    const stack = [index];
    while (stack.length > 0) {
      const func = this.#funcs[stack.pop() as number];
      if (func === undefined) continue;
      for (const { index: next } of callsOf(func)) {
        if (next === index) return true;
        if (seen.has(next)) continue;
        seen.add(next);
        stack.push(next);
      }
    }
    return false;
  }

  #calleesFirst(): number[] {
    const order: number[] = [];
    const seen = new Set<number>();
    for (let root = 0; root < this.#funcs.length; root++) {
      const stack: { index: number; next: number[] }[] = [];
      const push = (index: number): void => {
        const func = this.#funcs[index];
        if (seen.has(index) || func === undefined) return;
        seen.add(index);
        stack.push({ index, next: callsOf(func).map((site) => site.index) });
      };
      push(root);
      while (stack.length > 0) {
        const top = stack[stack.length - 1] as { index: number; next: number[] };
        const next = top.next.pop();
        if (next !== undefined) push(next);
        else order.push((stack.pop() as { index: number }).index);
      }
    }
    return order;
  }
}

function callsOf(func: Func): { call: Value; index: number }[] {
  const calls: { call: Value; index: number }[] = [];
  for (const block of func.blocks) {
    for (const value of block.values) {
      if (value.op === "call" && value.callee?.kind === "function") {
        calls.push({ call: value, index: value.callee.index });
      }
    }
  }
  return calls;
}

/** Instructions, roughly. */
export function sizeOf(func: Func): number {
  let size = 0;
  for (const block of func.blocks) {
    for (const value of block.values) {
      if (value.op === "call" || value.op === "call_pointer") size += 2 + value.args.length;
      else if (value.op !== "param" && value.op !== "phi" && value.op !== "const" && value.op !== "result") size++;
    }
    if (block.terminator.kind === "branch") size++;
    else if (block.terminator.kind === "switch") size += 3 + block.terminator.targets.length;
  }
  return size;
}

function hasLoop(func: Func): boolean {
  const seen = new Set<unknown>();
  for (const block of func.blocks) {
    seen.add(block);
    if (block.predecessors.some((from) => !seen.has(from) || from === block)) return true;
  }
  return false;
}
