/**
 * Gives some predecessors of a block a copy of it for themselves. What the block defined has two definitions then; where
 * both can reach a use, phis choose. Threading of jumps and turning loops round are made of this.
 */
import { Dominators } from "./dominators.ts";
import { mapTerminatorArgs, phis, removePredecessorAt, retarget } from "./edit.ts";
import { type Block, type Func, successors, type Terminator, terminatorArgs, type Value } from "./ir.ts";

/** `predecessors` leave the block and enter the copy, which is returned. At least one must stay. */
export function duplicateBlock(func: Func, block: Block, predecessors: readonly Block[]): Block {
  const copy = func.addBlock();
  const copies = copyValues(func, block, copy, predecessors);
  copy.terminator = copyTerminator(block.terminator);
  mapTerminatorArgs(copy.terminator, (value) => copies.get(value) ?? value);
  for (const next of successors(copy.terminator)) {
    const edge = next.predecessors.indexOf(block);
    next.predecessors.push(copy);
    for (const phi of phis(next)) {
      const arg = phi.args[edge] as Value;
      phi.args.push(copies.get(arg) ?? arg);
    }
  }
  for (let index = block.predecessors.length - 1; index >= 0; index--) {
    if (predecessors.includes(block.predecessors[index] as Block)) removePredecessorAt(block, index);
  }
  for (const from of new Set(predecessors)) retarget(from.terminator, block, copy);
  repair(func, block, copy, copies);
  return copy;
}

function copyValues(func: Func, block: Block, copy: Block, predecessors: readonly Block[]): Map<Value, Value> {
  const copies = new Map<Value, Value>();
  const edges = block.predecessors.flatMap((from, index) => (predecessors.includes(from) ? [index] : []));
  copy.predecessors = edges.map((edge) => block.predecessors[edge] as Block);
  for (const value of block.values) {
    if (value.op === "phi") {
      const args = edges.map((edge) => value.args[edge] as Value);
      const first = args[0] as Value;
      copies.set(value, args.every((arg) => arg === first) ? first : func.append(copy, "phi", args));
      continue;
    }
    const made = cloneValue(func, value, copy, (arg) => copies.get(arg) ?? arg);
    copy.values.push(made);
    copies.set(value, made);
  }
  return copies;
}

/** A copy of a value that stands in no list yet. */
export function cloneValue(func: Func, value: Value, block: Block, map: (arg: Value) => Value): Value {
  const { id: _, ...rest } = value;
  return Object.assign(func.newValue(block, value.op, []), rest, { block, args: value.args.map(map) });
}

export function copyTerminator(terminator: Terminator): Terminator {
  switch (terminator.kind) {
    case "switch":
      return { ...terminator, targets: terminator.targets.slice() };
    case "return":
      return { ...terminator, values: terminator.values.slice() };
    default:
      return { ...terminator };
  }
}

interface Use {
  user: Value | Terminator;
  index: number;
  /** The block at whose end the value is needed, if `atEnd`; else where it is used before anything that it defines. */
  block: Block;
  atEnd: boolean;
  value: Value;
}

function usesOutside(func: Func, block: Block, copy: Block, copies: ReadonlyMap<Value, Value>): Use[] {
  const uses: Use[] = [];
  for (const at of func.blocks) {
    for (const user of at.values) {
      for (let index = 0; index < user.args.length; index++) {
        const value = user.args[index] as Value;
        if (value.block !== block || !copies.has(value)) continue;
        if (user.op === "phi") {
          const from = at.predecessors[index] as Block;
          if (from !== block && from !== copy) uses.push({ user, index, block: from, atEnd: true, value });
        } else if (at !== block) uses.push({ user, index, block: at, atEnd: false, value });
      }
    }
    if (at === block) continue;
    terminatorArgs(at.terminator).forEach((value, index) => {
      if (value.block !== block || !copies.has(value)) return;
      uses.push({ user: at.terminator, index, block: at, atEnd: false, value });
    });
  }
  return uses;
}

function repair(func: Func, block: Block, copy: Block, copies: ReadonlyMap<Value, Value>): void {
  const uses = usesOutside(func, block, copy, copies);
  if (uses.length === 0) return;
  const dominators = new Dominators(func);
  const joins = joinsOf(dominators, [block, copy]);
  const byValue = new Map<Value, Use[]>();
  for (const use of uses) {
    const list = byValue.get(use.value);
    if (list === undefined) byValue.set(use.value, [use]);
    else list.push(use);
  }
  for (const [value, list] of byValue) {
    const reaching = new Reaching(func, dominators, joins, block, copy, value, copies.get(value) as Value);
    for (const use of list) {
      if (!dominators.isReachable(use.block)) continue;
      const by = use.atEnd ? reaching.atEnd(use.block) : reaching.atStart(use.block);
      if ("op" in use.user) use.user.args[use.index] = by;
      else {
        let index = 0;
        mapTerminatorArgs(use.user, (arg) => (index++ === use.index ? by : arg));
      }
    }
    reaching.fill();
  }
}

/** The blocks where values of these blocks can meet others: their iterated dominance frontier. */
function joinsOf(dominators: Dominators, blocks: readonly Block[]): Set<Block> {
  const frontier = frontiers(dominators);
  const joins = new Set<Block>();
  const stack = [...blocks];
  while (stack.length > 0) {
    for (const join of frontier.get(stack.pop() as Block) ?? []) {
      if (joins.has(join)) continue;
      joins.add(join);
      stack.push(join);
    }
  }
  return joins;
}

function frontiers(dominators: Dominators): Map<Block, Set<Block>> {
  const frontier = new Map<Block, Set<Block>>();
  for (const block of dominators.order) {
    if (block.predecessors.length < 2) continue;
    const parent = dominators.parent(block);
    for (const from of block.predecessors) {
      if (!dominators.isReachable(from)) continue;
      for (let at: Block | undefined = from; at !== undefined && at !== parent; at = dominators.parent(at)) {
        const set = frontier.get(at);
        if (set === undefined) frontier.set(at, new Set([block]));
        else if (set.has(block)) break;
        else set.add(block);
      }
    }
  }
  return frontier;
}

/** Which of the two definitions of a value reaches a place, with phis where both do. */
class Reaching {
  readonly #func: Func;
  readonly #dominators: Dominators;
  readonly #joins: ReadonlySet<Block>;
  readonly #block: Block;
  readonly #copy: Block;
  readonly #value: Value;
  readonly #copied: Value;
  readonly #atStart = new Map<Block, Value>();
  readonly #unfilled: Value[] = [];

  constructor(
    func: Func,
    dominators: Dominators,
    joins: ReadonlySet<Block>,
    block: Block,
    copy: Block,
    value: Value,
    copied: Value,
  ) {
    this.#func = func;
    this.#dominators = dominators;
    this.#joins = joins;
    this.#block = block;
    this.#copy = copy;
    this.#value = value;
    this.#copied = copied;
  }

  atEnd(block: Block): Value {
    if (block === this.#block) return this.#value;
    if (block === this.#copy) return this.#copied;
    return this.atStart(block);
  }

  atStart(block: Block): Value {
    const passed: Block[] = [];
    let found: Value | undefined;
    for (let at = block; found === undefined; ) {
      found = this.#atStart.get(at);
      if (found !== undefined) break;
      passed.push(at);
      if (this.#joins.has(at)) {
        found = this.#func.newValue(at, "phi", []);
        at.values.unshift(found);
        this.#unfilled.push(found);
        break;
      }
      at = this.#dominators.parent(at) as Block;
      if (at === this.#block) found = this.#value;
      else if (at === this.#copy) found = this.#copied;
    }
    for (const at of passed) this.#atStart.set(at, found);
    return found;
  }

  /** Arguments of the phis that were made; that can make more. */
  fill(): void {
    for (let phi = this.#unfilled.pop(); phi !== undefined; phi = this.#unfilled.pop()) {
      phi.args = phi.block.predecessors.map((from) =>
        this.#dominators.isReachable(from) ? this.atEnd(from) : (phi as Value),
      );
    }
  }
}
