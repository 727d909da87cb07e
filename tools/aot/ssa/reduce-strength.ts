/**
 * Strength reduction of what loops compute from their counters: `base + (i << 2)` becomes a pointer that moves by 4 a
 * turn. Where only the exit test of a counter is left then, the pointer takes that over too (replace-tests.ts) and the
 * counter goes. Done where a turn takes fewer instructions and registers last.
 */
import { Dominators } from "./dominators.ts";
import { addPhi, countUses } from "./edit.ts";
import { type Block, type Func, terminatorArgs, type Value } from "./ir.ts";
import { type Counter, LinearForms, type Pointer } from "./linear-forms.ts";
import { LoopPressure } from "./loop-pressure.ts";
import { ensureLatch, ensurePreheader, type Loop, Loops, preheaderOf } from "./loops.ts";
import { isLoad, isNumber, isPureOp, isStore } from "./operations.ts";
import { removeDead } from "./remove-dead.ts";
import { findTest, type ReplaceableTest, replaceTest } from "./replace-tests.ts";

/** Candidates that are looked at in one loop. */
const CANDIDATES_MAX = 24;
const POINTERS_MAX = 8;

export function reduceStrength(func: Func): boolean {
  const before = new Loops(new Dominators(func));
  if (before.all.length === 0) return false;
  for (const loop of before.all) {
    ensurePreheader(func, loop);
    ensureLatch(func, loop);
  }
  const dominators = new Dominators(func);
  let isChanged = false;
  for (const loop of new Loops(dominators).all)
    isChanged = new LoopReduction(func, loop, dominators).run() || isChanged;
  return isChanged;
}

class LoopReduction {
  readonly #func: Func;
  readonly #loop: Loop;
  readonly #dominators: Dominators;
  readonly #preheader: Block;
  readonly #latch: Block;
  readonly #forms: LinearForms;
  readonly #uses: Int32Array;
  readonly #usesInLoop = new Map<Value, number>();

  constructor(func: Func, loop: Loop, dominators: Dominators) {
    this.#func = func;
    this.#loop = loop;
    this.#dominators = dominators;
    this.#preheader = preheaderOf(loop) as Block;
    this.#latch = loop.latches[0] as Block;
    this.#forms = new LinearForms(func, loop, this.#preheader, this.#latch);
    // What the loops inside have left behind must not count as users.
    removeDead(func);
    this.#uses = countUses(func);
    for (const block of loop.blocks) {
      for (const value of block.values) for (const arg of value.args) this.#count(arg);
      for (const value of terminatorArgs(block.terminator)) this.#count(value);
    }
  }

  #count(value: Value): void {
    this.#usesInLoop.set(value, (this.#usesInLoop.get(value) ?? 0) + 1);
  }

  run(): boolean {
    const { counters } = this.#forms;
    if (counters.length === 0) return false;
    const candidates = this.#findCandidates();
    const good = this.#chooseGood(candidates);
    const even = candidates.filter((candidate) => !good.includes(candidate) && this.#isEven(good, candidate));
    return this.#tryRoots([...good, ...even], true) || this.#tryRoots(good, false);
  }

  /** Values that save instructions as pointers, each beside those before it; the best first. */
  #chooseGood(candidates: readonly Value[]): Value[] {
    const good: Value[] = [];
    while (good.length < POINTERS_MAX) {
      let best: Value | undefined;
      let bestGain = 0;
      for (const candidate of candidates) {
        const gain = this.#gainBeside(good, candidate);
        if (gain <= bestGain) continue;
        best = candidate;
        bestGain = gain;
      }
      if (best === undefined) break;
      good.push(best);
    }
    return good;
  }

  /** Instructions that one pointer more saves. */
  #gainBeside(chosen: readonly Value[], candidate: Value): number {
    const removal = new Removal(this.#uses, this.#usesInLoop, this.#loop);
    removal.removeAll(chosen);
    if (removal.isGone(candidate)) return 0;
    const before = removal.instructions;
    return removal.remove(candidate).instructions - before - 1;
  }

  /** Costs nothing, and may free the counter: a value that nothing linear is made of. */
  #isEven(chosen: readonly Value[], candidate: Value): boolean {
    if (this.#gainBeside(chosen, candidate) !== 0) return false;
    for (const block of this.#loop.blocks) {
      for (const user of block.values) {
        if (user.op !== "phi" && user.args.includes(candidate) && this.#forms.isLinear(user)) return false;
      }
    }
    return !new Removal(this.#uses, this.#usesInLoop, this.#loop).removeAll(chosen).isGone(candidate);
  }

  /** Values of every turn that grow by a step. */
  #findCandidates(): Value[] {
    const candidates: Value[] = [];
    const counters = new Set(this.#forms.counters.flatMap(({ phi, next }) => [phi, next]));
    for (const block of this.#dominators.order) {
      if (!this.#loop.blocks.has(block) || !this.#dominators.dominates(block, this.#latch)) continue;
      for (const value of block.values) {
        if (!isPureOp(value.op) || counters.has(value) || !this.#forms.isLinear(value)) continue;
        if (isZero(this.#forms.step(value))) continue;
        candidates.push(value);
        if (candidates.length >= CANDIDATES_MAX) return candidates;
      }
    }
    return candidates;
  }

  /** Turns values into pointers if that pays, all of them together. */
  #tryRoots(roots: readonly Value[], mustFreeCounter: boolean): boolean {
    if (roots.length === 0) return false;
    const removal = new Removal(this.#uses, this.#usesInLoop, this.#loop);
    removal.removeAll(roots);
    const pointers = roots.map((root) => ({ root, start: this.#forms.start(root), step: this.#forms.step(root) }));
    const tests: { test: ReplaceableTest; pointer: Pointer; counter: Counter }[] = [];
    let freed = 0;
    for (const counter of this.#forms.counters) {
      const left = removal.left(counter.phi) - (counter.next.args.includes(counter.phi) ? 1 : 0);
      const leftOfNext = removal.left(counter.next) - 1;
      if (left + leftOfNext === 0) {
        freed++;
        continue;
      }
      if (left + leftOfNext !== 1) continue;
      const test = findTest(this.#func, this.#loop, this.#latch, this.#dominators, this.#forms, counter, this.#uses);
      const pointer = test && pointers.find((candidate) => this.#canCount(candidate, counter, test));
      if (test === undefined || pointer === undefined) continue;
      tests.push({ test, pointer, counter });
      freed++;
    }
    if (mustFreeCounter && freed === 0) return false;
    const gain = removal.instructions + freed - roots.length;
    if (gain <= 0) return false;
    const variableSteps = new Set(pointers.map(({ step }) => step).filter((step) => step.op !== "const"));
    const registers = roots.length + tests.length + variableSteps.size - freed - removal.freedInvariants;
    if (registers > Math.max(0, new LoopPressure(this.#loop).left)) return false;
    const moving = new Map(pointers.map((pointer) => [pointer, this.#makePointer(pointer, tests)]));
    for (const { test, pointer } of tests) {
      replaceTest(this.#func, this.#forms, test, pointer, moving.get(pointer) as Value);
    }
    return true;
  }

  /** Whether the pointer reaches its end when the counter does, not before: it must not come by twice. */
  #canCount(pointer: Pointer, counter: Counter, test: ReplaceableTest): boolean {
    if (!isNumber(pointer.step) || !isNumber(counter.step)) return false;
    if (test.trips !== undefined) return test.trips * Math.abs(pointer.step.imm) < 2 ** 31;
    // Something is read or written there every turn: a pointer that came by twice would have left all memory before.
    const isAccessed = [...this.#loop.blocks].some(
      (block) =>
        this.#dominators.dominates(block, this.#latch) &&
        block.values.some(
          (value) =>
            (isLoad(value.op) || isStore(value.op)) && value.region === "memory" && value.args[0] === pointer.root,
        ),
    );
    return isAccessed && Math.abs(pointer.step.imm) <= 4096;
  }

  /** Returns the next value of the pointer. */
  #makePointer(pointer: Pointer, tests: { test: ReplaceableTest; pointer: Pointer }[]): Value {
    const { header } = this.#loop;
    const args = header.predecessors.map((from) => (from === this.#preheader ? pointer.start : pointer.root));
    const phi = addPhi(this.#func, header, args);
    const test = tests.find((candidate) => candidate.pointer === pointer)?.test;
    const next = this.#func.newValue(test?.block ?? this.#latch, "add", [phi, pointer.step]);
    next.block.values.push(next);
    phi.args = args.map((arg) => (arg === pointer.root ? next : arg));
    this.#replaceRoot(pointer.root, phi);
    return next;
  }

  #replaceRoot(root: Value, by: Value): void {
    for (const block of this.#func.blocks) {
      for (const value of block.values) {
        for (let i = 0; i < value.args.length; i++) if (value.args[i] === root) value.args[i] = by;
      }
      const terminator = block.terminator;
      if (terminator.kind === "branch" && terminator.condition === root) terminator.condition = by;
      else if (terminator.kind === "switch" && terminator.index === root) terminator.index = by;
      else if (terminator.kind === "return") terminator.values = terminator.values.map((v) => (v === root ? by : v));
    }
  }
}

function isZero(value: Value): boolean {
  return isNumber(value) && value.imm === 0;
}

/** What becomes superfluous when values are replaced: counted, not done. */
class Removal {
  /** Instructions of a turn that go. */
  instructions = 0;
  /** Values from outside that the loop needs no more. */
  freedInvariants = 0;
  readonly #uses: Int32Array;
  readonly #usesInLoop: ReadonlyMap<Value, number>;
  readonly #loop: Loop;
  readonly #gone = new Map<Value, number>();
  readonly #removed = new Set<Value>();

  constructor(uses: Int32Array, usesInLoop: ReadonlyMap<Value, number>, loop: Loop) {
    this.#uses = uses;
    this.#usesInLoop = usesInLoop;
    this.#loop = loop;
  }

  /** Uses that are left of a value, anywhere. */
  left(value: Value): number {
    return (this.#uses[value.id] ?? 0) - (this.#gone.get(value) ?? 0);
  }

  /** Whether nothing needs a value any more, or it is replaced itself. */
  isGone(value: Value): boolean {
    return this.#removed.has(value);
  }

  removeAll(roots: readonly Value[]): this {
    for (const root of roots) this.remove(root);
    return this;
  }

  remove(root: Value): this {
    if (this.#removed.has(root)) return this;
    const stack = [root];
    while (stack.length > 0) {
      const value = stack.pop() as Value;
      this.#removed.add(value);
      this.instructions += this.#cost(value);
      for (const arg of value.args) {
        const gone = (this.#gone.get(arg) ?? 0) + 1;
        this.#gone.set(arg, gone);
        if (arg.op === "const") continue;
        if (!this.#loop.blocks.has(arg.block)) {
          if (gone === this.#usesInLoop.get(arg)) this.freedInvariants++;
        } else if (arg.op !== "phi" && isPureOp(arg.op) && this.left(arg) === 0 && !this.#removed.has(arg)) {
          stack.push(arg);
        }
      }
    }
    return this;
  }

  /** Instructions, as the selector would make them: a small shift is part of the sum that alone needs it. */
  #cost(value: Value): number {
    if (value.op === "mul") return 2;
    const by = value.args[1];
    if (value.op !== "shl" || by === undefined || by.imm > 3 || this.#uses[value.id] !== 1) return 1;
    for (const block of this.#loop.blocks) {
      for (const user of block.values) {
        const index = user.args.indexOf(value);
        if (index < 0) continue;
        const other = user.args[1 - index];
        return user.op === "add" && other !== undefined && !isNumber(other) ? 0 : 1;
      }
    }
    return 1;
  }
}
