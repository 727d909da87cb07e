/** Changes of a function that keep its parts in step: uses of values, edges of the graph. */
import { type Block, type Func, successors, type Terminator, terminatorArgs, type Value } from "./ir.ts";

/** Values that stand for others; put into the whole function at once. */
export class Replacements {
  readonly #by: (Value | undefined)[] = [];
  #count = 0;

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  set(value: Value, by: Value): void {
    this.#by[value.id] = by;
    this.#count++;
  }

  has(value: Value): boolean {
    return this.#by[value.id] !== undefined;
  }

  /** What stands for a value in the end. Chains get shorter on the way. */
  resolve(value: Value): Value {
    let end = value;
    for (let next = this.#by[end.id]; next !== undefined; next = this.#by[end.id]) end = next;
    let current = value;
    while (current !== end) {
      const next = this.#by[current.id] as Value;
      this.#by[current.id] = end;
      current = next;
    }
    return end;
  }

  resolveArgs(value: Value): void {
    const args = value.args;
    for (let i = 0; i < args.length; i++) {
      const arg = args[i] as Value;
      const by = this.resolve(arg);
      if (by !== arg) args[i] = by;
    }
  }

  /** Replaces in all arguments and drops the replaced values from their blocks. */
  apply(func: Func): void {
    if (this.isEmpty) return;
    for (const block of func.blocks) {
      if (block.values.some((value) => this.has(value))) {
        block.values = block.values.filter((value) => !this.has(value));
      }
      for (const value of block.values) this.resolveArgs(value);
      mapTerminatorArgs(block.terminator, (value) => this.resolve(value));
    }
  }
}

export function mapTerminatorArgs(terminator: Terminator, map: (value: Value) => Value): void {
  switch (terminator.kind) {
    case "branch":
      terminator.condition = map(terminator.condition);
      break;
    case "switch":
      terminator.index = map(terminator.index);
      break;
    case "return":
      for (let i = 0; i < terminator.values.length; i++) terminator.values[i] = map(terminator.values[i] as Value);
      break;
  }
}

/** Lets every edge of a terminator to `from` go to `to`; says nothing to either about it. */
export function retarget(terminator: Terminator, from: Block, to: Block): void {
  const map = (block: Block): Block => (block === from ? to : block);
  switch (terminator.kind) {
    case "jump":
      terminator.to = map(terminator.to);
      break;
    case "branch":
      terminator.then = map(terminator.then);
      terminator.else = map(terminator.else);
      break;
    case "switch":
      terminator.targets = terminator.targets.map(map);
      terminator.otherwise = map(terminator.otherwise);
      break;
  }
}

/** Phis of a block: they come first. */
export function phis(block: Block): Value[] {
  const found: Value[] = [];
  for (const value of block.values) {
    if (value.op !== "phi") break;
    found.push(value);
  }
  return found;
}

/** Forgets one edge from a block in its target: the entry in the list of predecessors, the arguments of phis. */
export function removePredecessor(block: Block, predecessor: Block): void {
  const index = block.predecessors.indexOf(predecessor);
  if (index < 0) throw new Error(`b${predecessor.id} is no predecessor of b${block.id}`);
  removePredecessorAt(block, index);
}

export function removePredecessorAt(block: Block, index: number): void {
  block.predecessors.splice(index, 1);
  for (const phi of phis(block)) phi.args.splice(index, 1);
}

/** Gives a block another terminator and tells the targets that it leaves. Targets that it keeps must be kept by `next`. */
export function replaceTerminator(block: Block, next: Terminator): void {
  const kept = successors(next);
  for (const target of successors(block.terminator)) {
    const index = kept.indexOf(target);
    if (index >= 0) kept.splice(index, 1);
    else removePredecessor(target, block);
  }
  if (kept.length > 0) throw new Error("a new target");
  block.terminator = next;
}

/** Drops the blocks that cannot be reached, and their edges to others. */
export function removeUnreachable(func: Func): boolean {
  const seen = new Uint8Array(func.blockCount);
  const stack: Block[] = [func.blocks[0] as Block];
  seen[(func.blocks[0] as Block).id] = 1;
  while (stack.length > 0) {
    for (const next of successors((stack.pop() as Block).terminator)) {
      if (seen[next.id] === 1) continue;
      seen[next.id] = 1;
      stack.push(next);
    }
  }
  if (func.blocks.every((block) => seen[block.id] === 1)) return false;
  for (const block of func.blocks) {
    if (seen[block.id] === 1) continue;
    for (const next of successors(block.terminator)) if (seen[next.id] === 1) removePredecessor(next, block);
  }
  func.blocks = func.blocks.filter((block) => seen[block.id] === 1);
  return true;
}

/** Number of uses of each value, by its number. */
export function countUses(func: Func): Int32Array {
  const uses = new Int32Array(func.valueCount);
  for (const block of func.blocks) {
    for (const value of block.values) for (const arg of value.args) (uses[arg.id] as number)++;
    for (const value of terminatorArgs(block.terminator)) (uses[value.id] as number)++;
  }
  return uses;
}

/** Adds a phi to a block; one argument for each predecessor. */
export function addPhi(func: Func, block: Block, args: Value[]): Value {
  const phi = func.newValue(block, "phi", args);
  block.values.unshift(phi);
  return phi;
}

/** Makes all constants float (Func.constant). */
export function floatConstants(func: Func): void {
  const replacements = new Replacements();
  for (const block of func.blocks) {
    for (const value of block.values) {
      if (value.op === "const") replacements.set(value, func.constant(value.imm, value.symbol));
    }
  }
  replacements.apply(func);
}
