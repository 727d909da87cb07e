/** Checks that a function is well-formed: throws with all that is wrong. For tests, and for builds that ask for it. */
import { Dominators } from "./dominators.ts";
import { type Block, type Func, type Op, successors, terminatorArgs, type Value } from "./ir.ts";
import { isLoad, isPureOp, isStore } from "./operations.ts";

const ARGUMENTS: Partial<Record<Op, number>> = {
  const: 0,
  param: 0,
  clz: 1,
  select: 3,
  add_lt_u: 3,
  sub_lt_u: 3,
  funnel: 3,
  load8_u: 1,
  load16_u: 1,
  load16_s: 1,
  load32: 1,
  store8: 2,
  store16: 2,
  store32: 2,
  result: 1,
  trap_if: 1,
};

export function verify(func: Func): void {
  const problems = new Verifier(func).run();
  if (problems.length > 0) throw new Error(`${func.name} is not well-formed:\n${problems.join("\n")}`);
}

class Verifier {
  readonly #func: Func;
  readonly #problems: string[] = [];
  readonly #blocks: Set<Block>;
  /** Place of each value in its block's list. */
  readonly #places = new Map<Value, number>();
  readonly #dominators: Dominators;

  constructor(func: Func) {
    this.#func = func;
    this.#blocks = new Set(func.blocks);
    this.#dominators = new Dominators(func);
  }

  run(): string[] {
    for (const block of this.#func.blocks) this.#checkList(block);
    for (const block of this.#func.blocks) this.#checkEdges(block);
    if (this.#func.blocks[0]?.predecessors.length !== 0) this.#report("the entry has predecessors");
    if (this.#problems.length > 0) return this.#problems;
    for (const block of this.#func.blocks) {
      for (const value of block.values) this.#checkValue(value, block);
      for (const value of terminatorArgs(block.terminator)) {
        this.#checkUse(value, block, block.values.length, `terminator of b${block.id}`);
      }
      if (block.terminator.kind === "return" && block.terminator.values.length !== this.#func.resultWords) {
        this.#report(`b${block.id} returns ${block.terminator.values.length} words`);
      }
    }
    return this.#problems;
  }

  #report(problem: string): void {
    this.#problems.push(problem);
  }

  #checkList(block: Block): void {
    let arePhis = true;
    block.values.forEach((value, place) => {
      if (this.#places.has(value)) this.#report(`v${value.id} stands twice`);
      this.#places.set(value, place);
      if (value.block !== block) this.#report(`v${value.id} stands in b${block.id}, not in b${value.block.id}`);
      if (value.op !== "phi") arePhis = false;
      else if (!arePhis) this.#report(`phi v${value.id} behind others`);
    });
  }

  #checkEdges(block: Block): void {
    for (const next of successors(block.terminator)) {
      if (!this.#blocks.has(next)) this.#report(`b${block.id} leads to b${next.id}, which is not in the function`);
    }
    for (const predecessor of new Set(block.predecessors)) {
      if (!this.#blocks.has(predecessor)) {
        this.#report(`b${block.id} has a predecessor b${predecessor.id} that is not in the function`);
      }
    }
    for (const next of new Set(successors(block.terminator))) {
      const edges = successors(block.terminator).filter((target) => target === next).length;
      const entries = next.predecessors.filter((predecessor) => predecessor === block).length;
      if (edges !== entries) this.#report(`b${block.id} to b${next.id}: ${edges} edges, ${entries} entries`);
    }
    for (const predecessor of new Set(block.predecessors)) {
      if (!successors(predecessor.terminator).includes(block)) {
        this.#report(`b${predecessor.id} does not lead to b${block.id}`);
      }
    }
  }

  #checkValue(value: Value, block: Block): void {
    const count = ARGUMENTS[value.op] ?? (isPureOp(value.op) ? 2 : undefined);
    if (value.op === "phi") return this.#checkPhi(value, block);
    if (count !== undefined && value.args.length !== count)
      this.#report(`v${value.id} has ${value.args.length} arguments`);
    if ((isLoad(value.op) || isStore(value.op)) && value.region === undefined) this.#report(`v${value.id}: no region`);
    if (value.op === "trap_if" && value.trap === undefined) this.#report(`v${value.id}: no trap`);
    if (value.op === "call" && value.callee === undefined) this.#report(`v${value.id}: no callee`);
    const place = this.#places.get(value) as number;
    for (const arg of value.args) this.#checkUse(arg, block, place, `v${value.id}`);
    if (value.op === "result") {
      let before = place - 1;
      while (block.values[before]?.op === "result") before--;
      if (block.values[before] !== value.args[0]) this.#report(`v${value.id} is not behind its call`);
    }
  }

  #checkPhi(phi: Value, block: Block): void {
    if (phi.args.length !== block.predecessors.length) {
      return this.#report(`phi v${phi.id}: ${phi.args.length} arguments, ${block.predecessors.length} predecessors`);
    }
    const byBlock = new Map<Block, Value>();
    phi.args.forEach((arg, index) => {
      const from = block.predecessors[index] as Block;
      this.#checkUse(arg, from, from.values.length, `phi v${phi.id}`);
      if ((byBlock.get(from) ?? arg) !== arg) this.#report(`phi v${phi.id}: two values from b${from.id}`);
      byBlock.set(from, arg);
    });
  }

  /** A use at a place of a block: behind the definition, on every way. */
  #checkUse(value: Value, block: Block, place: number, user: string): void {
    if (value === undefined) return this.#report(`${user}: an argument is missing`);
    const defined = this.#places.get(value);
    if (defined === undefined) {
      // Constants may float.
      if (value.op !== "const") this.#report(`${user} uses v${value.id}, which stands nowhere`);
      return;
    }
    if (!this.#dominators.isReachable(block)) return;
    const isBefore =
      value.block === block
        ? defined < place
        : this.#dominators.isReachable(value.block) && this.#dominators.dominates(value.block, block);
    if (!isBefore) this.#report(`${user} in b${block.id} uses v${value.id} of b${value.block.id} before it is there`);
  }
}
