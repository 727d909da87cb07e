/**
 * Global value numbering: a walk over the blocks, each behind its dominators, in which every value is folded and replaced
 * by an equal one that dominates it. Loads take what memory is known to hold, conditions what branches above have decided.
 * One round is not a fixpoint: arguments that come over back edges are seen as they were.
 */
import { Dominators } from "./dominators.ts";
import { countUses, mapTerminatorArgs, Replacements } from "./edit.ts";
import { Folder } from "./fold.ts";
import { bareCondition } from "./fold-select.ts";
import type { Block, Func, PureOp, Value } from "./ir.ts";
import { assume, assumeEdge, type Conditions, conditionsAt, isKnownTrue } from "./known-conditions.ts";
import { foldAddress, narrowStored } from "./memory-access.ts";
import { MemoryState, stateAtJoin, writersIn } from "./memory-state.ts";
import {
  accessBytes,
  hasEffect,
  isCommutative,
  isComparison,
  isConstantLoad,
  isLoad,
  isPure,
  isPureOp,
  isStore,
} from "./operations.ts";

/** Returns whether anything was replaced. */
export function numberValues(func: Func): boolean {
  return new ValueNumbering(func).run();
}

class ValueNumbering extends Folder {
  readonly #dominators: Dominators;
  readonly #uses: Int32Array;
  readonly #replacements = new Replacements();
  readonly #numbered = new Map<string, Value[]>();
  readonly #memoryAtEnd: (MemoryState | undefined)[] = [];
  readonly #conditionsAtEnd: Conditions[] = [];
  readonly #writers = new Map<Block, readonly Value[]>();
  #memory = new MemoryState();
  #conditions: Conditions;
  #isChanged = false;

  constructor(func: Func) {
    super(func, func.blocks[0] as Block);
    this.#dominators = new Dominators(func);
    this.#uses = countUses(func);
  }

  run(): boolean {
    for (const block of this.#dominators.order) this.#visit(block);
    for (const block of this.#dominators.order) this.#settlePhis(block);
    if (!this.#replacements.isEmpty) this.#isChanged = true;
    this.#replacements.apply(this.func);
    return this.#isChanged;
  }

  override isShared(value: Value): boolean {
    return (this.#uses[value.id] ?? 1) > 1;
  }

  protected override add(op: PureOp, args: Value[]): Value {
    const equal = this.#find(keyOf(op, 0, args));
    if (equal !== undefined) return equal;
    const value = super.add(op, args);
    this.#remember(keyOf(op, 0, args), value);
    return value;
  }

  #visit(block: Block): void {
    this.block = block;
    this.#memory = stateAtJoin(
      block,
      this.#dominators,
      (from) => this.#memoryAtEnd[from.id] as MemoryState,
      (from) => this.#writersOf(from),
    );
    const parent = this.#dominators.parent(block);
    const above = parent && this.#conditionsAtEnd[parent.id];
    this.#conditions = conditionsAt(this.func, this.#dominators, block, above);
    const values = block.values;
    block.values = [];
    for (const value of values) this.#visitValue(value);
    const isCondition = block.terminator.kind === "branch";
    mapTerminatorArgs(block.terminator, (value) => this.#known(this.#replacements.resolve(value), isCondition));
    this.#memoryAtEnd[block.id] = this.#memory;
    this.#conditionsAtEnd[block.id] = this.#conditions;
  }

  #writersOf(block: Block): readonly Value[] {
    let writers = this.#writers.get(block);
    if (writers === undefined) {
      writers = writersIn(block);
      this.#writers.set(block, writers);
    }
    return writers;
  }

  #visitValue(value: Value): void {
    this.#replacements.resolveArgs(value);
    if (value.op === "phi") this.#visitPhi(value);
    else if (isPureOp(value.op)) this.#visitPure(value, value.op);
    else if (isLoad(value.op)) this.#visitLoad(value);
    else if (isStore(value.op)) this.#visitStore(value);
    else if (value.op === "trap_if") this.#visitTrap(value);
    else if (value.op === "param" || value.op === "result" || isPure(value)) this.#visitEqual(value);
    else {
      if (hasEffect(value)) this.#memory.called();
      this.block.values.push(value);
    }
  }

  #replace(value: Value, by: Value): void {
    this.#replacements.set(value, by);
  }

  #visitPhi(phi: Value): void {
    const only = onlyArgument(phi);
    if (only !== undefined) return this.#replace(phi, only);
    this.#visitEqual(phi);
  }

  #visitPure(value: Value, op: PureOp): void {
    if (!isComparison(op)) this.#decideArgs(value);
    const known = this.#known(value, false);
    if (known !== value) return this.#replace(value, known);
    const count = this.block.values.length;
    this.source = value.source;
    const folded = this.fold(op, value.args);
    if (folded !== undefined) {
      for (const made of this.block.values.slice(count)) this.#inherit(made, value);
      return this.#replace(value, folded);
    }
    this.#visitEqual(value);
  }

  #inherit(made: Value, value: Value): void {
    if (made.source === undefined && value.source !== undefined) made.source = value.source;
  }

  #visitEqual(value: Value): void {
    const key = keyOf(value.op, value.imm, value.args, value);
    const equal = this.#find(key);
    if (equal !== undefined) return this.#replace(value, equal);
    this.#remember(key, value);
    if (value.op === "result") this.#putBehindCall(value);
    else this.block.values.push(value);
  }

  /** Its call may have been replaced by one above of which nobody needed this word. */
  #putBehindCall(result: Value): void {
    const call = result.args[0] as Value;
    const list = call.block.values;
    let place = list.indexOf(call) + 1;
    while (list[place]?.op === "result") place++;
    list.splice(place, 0, result);
    result.block = call.block;
  }

  #visitLoad(load: Value): void {
    this.source = load.source;
    foldAddress(this, load);
    if (isConstantLoad(load)) return this.#visitEqual(load);
    const known = this.#memory.known(load);
    if (known !== undefined) {
      return this.#replace(load, this.make("and", [known.value, this.constant(known.mask)]));
    }
    this.#memory.loaded(load);
    this.block.values.push(load);
  }

  #visitStore(store: Value): void {
    this.source = store.source;
    foldAddress(this, store);
    store.args[1] = narrowStored(store.args[1] as Value, accessBytes(store.op));
    if (this.#memory.holds(store)) {
      this.#isChanged = true;
      return;
    }
    this.#memory.stored(store);
    this.block.values.push(store);
  }

  #visitTrap(trap: Value): void {
    const condition = trap.args[0] as Value;
    const isTrue = isKnownTrue(this.#conditions, condition);
    if (isTrue === false) {
      this.#isChanged = true;
      return;
    }
    if (isTrue === true) trap.args[0] = this.constant(1);
    else {
      const bare = bareCondition(condition);
      if (!bare.isOpposite) trap.args[0] = bare.condition;
      this.#conditions = assume(this.func, this.#conditions, condition, false);
    }
    this.block.values.push(trap);
  }

  /** Arguments that were computed above, and that a branch since then has decided. */
  #decideArgs(value: Value): void {
    for (let i = 0; i < value.args.length; i++) {
      const arg = value.args[i] as Value;
      value.args[i] = this.#known(arg, value.op === "select" && i === 0);
    }
  }

  /** A comparison whose result is known here; with `asCondition` any value of which it is known whether it is 0. */
  #known(value: Value, asCondition: boolean): Value {
    if (this.#conditions === undefined || value.op === "const") return value;
    if (!asCondition && !isComparison(value.op)) return value;
    const isTrue = isKnownTrue(this.#conditions, value);
    if (isTrue === undefined) return value;
    this.#isChanged = true;
    return this.constant(isTrue ? 1 : 0);
  }

  /** When all is numbered: arguments from back edges, and what the edges say about comparisons. */
  #settlePhis(block: Block): void {
    for (const phi of block.values) {
      if (phi.op !== "phi") break;
      for (let i = 0; i < phi.args.length; i++) {
        const arg = this.#replacements.resolve(phi.args[i] as Value);
        phi.args[i] = arg;
        if (!isComparison(arg.op)) continue;
        const from = block.predecessors[i] as Block;
        if (!this.#dominators.isReachable(from)) continue;
        const conditions = assumeEdge(this.func, this.#conditionsAtEnd[from.id], from, block);
        const isTrue = isKnownTrue(conditions, arg);
        if (isTrue === undefined) continue;
        phi.args[i] = this.constant(isTrue ? 1 : 0);
        this.#isChanged = true;
      }
    }
  }

  #find(key: string): Value | undefined {
    return this.#numbered.get(key)?.find((value) => this.#dominators.dominates(value.block, this.block));
  }

  #remember(key: string, value: Value): void {
    const equals = this.#numbered.get(key);
    if (equals === undefined) this.#numbered.set(key, [value]);
    else equals.push(value);
  }
}

/** The one value that a phi can have, if all its arguments are that or itself. */
export function onlyArgument(phi: Value): Value | undefined {
  let only: Value | undefined;
  for (const arg of phi.args) {
    if (arg === phi || arg === only) continue;
    if (only !== undefined) return undefined;
    only = arg;
  }
  return only;
}

/** Values with the same key are equal wherever both are known. */
function keyOf(op: Value["op"], imm: number, args: readonly Value[], value?: Value): string {
  let ids = args.map((arg) => arg.id);
  if (isCommutative(op)) ids = ids.sort((a, b) => a - b);
  let key = `${op} ${imm} ${ids.join(" ")}`;
  if (op === "phi") key += ` b${(value as Value).block.id}`;
  else if (op === "call") key += ` ${JSON.stringify(value?.callee)}`;
  return key;
}
