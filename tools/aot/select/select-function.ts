/**
 * SSA to LX106 instructions over virtual registers. Blocks are taken in post order, so every user of a value is selected
 * before the value itself, save for phis across back edges, which read registers anyway.
 */
import { fitsSignedBranch } from "../machine/immediates.ts";
import { makeConstant, makeInst } from "../machine/instruction-facts.ts";
import {
  ARGUMENT_REGISTERS,
  type MachineBlock,
  type MachineFunction,
  type MachineInst,
  type Reg,
} from "../machine/machine-function.ts";
import { Dominators } from "../ssa/dominators.ts";
import { phis } from "../ssa/edit.ts";
import type { Block, Func, Value } from "../ssa/ir.ts";
import { type Loop, Loops } from "../ssa/loops.ts";
import { selectPlain } from "./arithmetic.ts";
import { type CallFacts, outgoingWords, passWords, selectCall } from "./calls.ts";
import { invert, type Test, testOf } from "./conditions.ts";
import { hoistConstants, type MachineLoop } from "./hoist-constants.ts";
import { selectLoad, selectStore } from "./memory.ts";
import { sequenceMoves } from "./parallel-moves.ts";
import { Selection } from "./selection.ts";

/** A switch with more distinct cases than this becomes a table of jumps, with fewer a row of comparisons. */
const COMPARISONS_MAX = 5;

export interface SelectOptions extends CallFacts {
  index: number;
  keepsTailCalls: boolean;
}

export function selectFunction(func: Func, options: SelectOptions): MachineFunction {
  return new FunctionSelector(func, options).run();
}

class FunctionSelector {
  readonly #func: Func;
  readonly #options: SelectOptions;
  readonly #dominators: Dominators;
  readonly #loops: Loops;
  readonly #selection: Selection;
  readonly #blocks = new Map<Block, MachineBlock>();
  /** Blocks on edges that need copies of their own, in the order of making. */
  readonly #edges: MachineBlock[] = [];
  /** The innermost loop around each block, for those that are in one. */
  readonly #loopOf = new Map<MachineBlock, Loop>();
  #nextId = 0;
  #outgoingWords = 0;
  #results = new Map<Value, (Value | undefined)[]>();

  constructor(func: Func, options: SelectOptions) {
    this.#func = func;
    this.#options = options;
    this.#dominators = new Dominators(func);
    this.#loops = new Loops(this.#dominators);
    this.#selection = new Selection(func, this.#loops);
  }

  run(): MachineFunction {
    const order = this.#dominators.order.toReversed();
    for (const block of order) this.#blocks.set(block, this.#newBlock(this.#loops.of(block)));
    for (const block of order) this.#selectBlock(block);
    const blocks = [...[...this.#blocks.values()].reverse(), ...this.#edges];
    connect(blocks);
    const fn: MachineFunction = {
      name: this.#func.name,
      index: this.#options.index,
      blocks,
      registerCount: this.#selection.registerCount,
      stackArguments: Math.max(0, this.#func.paramWords - ARGUMENT_REGISTERS.length),
      stackResults: Math.max(0, this.#func.resultWords - ARGUMENT_REGISTERS.length),
      outgoingWords: this.#outgoingWords,
      keepsTailCalls: this.#options.keepsTailCalls,
    };
    hoistConstants(fn, this.#machineLoops(blocks));
    return fn;
  }

  /** Outer loops before those in them. */
  #machineLoops(blocks: readonly MachineBlock[]): MachineLoop[] {
    const bodies = new Map<Loop, MachineBlock[]>(this.#loops.all.map((loop) => [loop, []]));
    for (const block of blocks) {
      for (let loop = this.#loopOf.get(block); loop !== undefined; loop = loop.parent) bodies.get(loop)?.push(block);
    }
    return [...bodies]
      .reverse()
      .map(([{ header }, body]) => ({ head: this.#blocks.get(header) as MachineBlock, body }));
  }

  #newBlock(loop: Loop | undefined, loopDepth = loop?.depth ?? 0): MachineBlock {
    const block: MachineBlock = { id: this.#nextId++, insts: [], successors: [], predecessors: [], loopDepth };
    if (loop !== undefined) this.#loopOf.set(block, loop);
    return block;
  }

  #selectBlock(block: Block): void {
    const selection = this.#selection;
    selection.beginBlock();
    selection.source = undefined;
    this.#terminator(block);
    for (let index = block.values.length - 1; index >= 0; index--) {
      const value = block.values[index] as Value;
      selection.beginGroup();
      selection.source = value.source;
      this.#value(value);
    }
    if (block === this.#func.blocks[0]) this.#params();
    (this.#blocks.get(block) as MachineBlock).insts = selection.finishBlock();
  }

  #value(value: Value): void {
    const selection = this.#selection;
    switch (value.op) {
      case "phi":
      case "param":
      case "const":
        return;
      case "result": {
        const call = value.args[0] as Value;
        const results = this.#results.get(call) ?? [];
        results[value.imm] = value;
        this.#results.set(call, results);
        return;
      }
      case "call":
      case "call_pointer":
        return this.#call(value);
      case "trap_if": {
        const branch = this.#branch(testOf(selection, value.args[0] as Value, value.block));
        branch.trap = value.trap as NonNullable<Value["trap"]>;
        return;
      }
      case "store8":
      case "store16":
      case "store32":
        return selectStore(selection, value);
      case "load8_u":
      case "load16_u":
      case "load16_s":
      case "load32":
        if (selection.isNeeded(value)) selectLoad(selection, value);
        return;
      default:
        if (selection.isNeeded(value)) selectPlain(selection, value);
    }
  }

  #call(call: Value): void {
    this.#outgoingWords = Math.max(this.#outgoingWords, outgoingWords(call));
    const results = this.#results.get(call) ?? [];
    this.#results.delete(call);
    const words = Array.from({ length: call.resultWords ?? 0 }, (_, word) => (word === 0 ? call : results[word]));
    if (call.isPure === true && words.every((word) => word === undefined || !this.#selection.isNeeded(word))) return;
    selectCall(this.#selection, this.#options, call, words);
  }

  /** Parameters come in registers and on the stack; all are read at once, at the start. */
  #params(): void {
    const selection = this.#selection;
    selection.beginGroup();
    selection.source = undefined;
    for (const value of this.#func.blocks[0]?.values ?? []) {
      if (value.op !== "param" || !selection.isNeeded(value)) continue;
      const from = ARGUMENT_REGISTERS[value.imm];
      const d = selection.registerOf(value);
      if (from !== undefined) selection.emit("copy", [d], [from]);
      else selection.emit("load_argument", [d], [], value.imm - ARGUMENT_REGISTERS.length);
    }
  }

  #terminator(block: Block): void {
    const selection = this.#selection;
    const { terminator } = block;
    switch (terminator.kind) {
      case "jump":
        // At the end of the block: it leads nowhere else.
        for (const move of this.#phiMoves(block, terminator.to)) selection.append(move);
        this.#jump(this.#blocks.get(terminator.to) as MachineBlock);
        return;
      case "branch": {
        const test = testOf(selection, terminator.condition, block);
        const then = this.#edge(block, terminator.then);
        const otherwise = this.#edge(block, terminator.else);
        // The jump falls away where its target follows.
        if (isLater(this.#blocks, terminator.then, terminator.else)) {
          this.#branch(test).target = then;
          return this.#jump(otherwise);
        }
        this.#branch(invert(test)).target = otherwise;
        return this.#jump(then);
      }
      case "switch":
        return this.#switch(block, terminator);
      case "return":
        selection.emit("ret", [], passWords(selection, terminator.values, "store_result"));
        return;
      case "trap":
        selection.emit("trap", [], []).trap = terminator.trap;
        return;
    }
  }

  #branch(test: Test): MachineInst {
    const inst = this.#selection.emit("branch", [], test.uses, test.imm);
    inst.condition = test.condition;
    return inst;
  }

  #jump(target: MachineBlock): void {
    this.#selection.emit("jump", [], []).target = target;
  }

  /** The block that an edge leads to: one of its own where phis need copies and the target has other edges too. */
  #edge(from: Block, to: Block): MachineBlock {
    const target = this.#blocks.get(to) as MachineBlock;
    if (phis(to).length === 0) return target;
    const loopDepth = Math.min(this.#loops.depth(from), this.#loops.depth(to));
    const edge = this.#newBlock(this.#loops.around(from, to), loopDepth);
    this.#edges.push(edge);
    edge.insts = [...this.#phiMoves(from, to), { op: "jump", defs: [], uses: [], imm: 0, target }];
    return edge;
  }

  #switch(block: Block, { index, targets, otherwise }: { index: Value; targets: Block[]; otherwise: Block }): void {
    const selection = this.#selection;
    const edges = new Map<Block, MachineBlock>();
    const edgeTo = (target: Block) => {
      const known = edges.get(target) ?? this.#edge(block, target);
      edges.set(target, known);
      return known;
    };
    const rest = edgeTo(otherwise);
    const cases = targets.map((target) => edgeTo(target));
    const register = selection.read(index);
    const tested = cases.flatMap((target, number) => (target === rest ? [] : [{ target, number }]));
    if (tested.length <= COMPARISONS_MAX) return this.#compareChain(block, register, tested, rest);
    const limit = selection.constant(cases.length);
    this.#branch({ condition: "bgeu", uses: [register, limit], imm: 0 }).target = rest;
    const table = this.#newMiddle(block);
    this.#jump(table);
    table.insts.push({ op: "jump_table", defs: [selection.newRegister()], uses: [register], imm: 0, targets: cases });
  }

  /** A comparison a block: a conditional branch ends one. */
  #compareChain(
    block: Block,
    register: Reg,
    tested: readonly { target: MachineBlock; number: number }[],
    rest: MachineBlock,
  ): void {
    let insts: MachineInst[] | undefined;
    const emit = (inst: MachineInst) => {
      if (insts !== undefined) insts.push(inst);
      else this.#selection.append(inst);
    };
    tested.forEach(({ target, number }, position) => {
      if (position > 0) {
        const next = this.#newMiddle(block);
        emit({ op: "jump", defs: [], uses: [], imm: 0, target: next });
        insts = next.insts;
      }
      const known = equalityTest(register, number);
      const test = known ?? { condition: "beq", uses: [register, this.#selection.newRegister()], imm: 0 };
      if (known === undefined) emit({ op: "const", defs: [test.uses[1] as Reg], uses: [], imm: number });
      emit({ op: "branch", defs: [], uses: test.uses, imm: test.imm, condition: test.condition, target });
    });
    emit({ op: "jump", defs: [], uses: [], imm: 0, target: rest });
  }

  /** A block that goes on where another one's instructions had to end. */
  #newMiddle(block: Block): MachineBlock {
    const middle = this.#newBlock(this.#loops.of(block));
    this.#edges.push(middle);
    return middle;
  }

  /** The copies into the phis of `to` over the edge from `from`. */
  #phiMoves(from: Block, to: Block): MachineInst[] {
    const moves = this.#movesOf(from, to);
    return sequenceMoves(moves, () => this.#selection.newRegister()).map(({ d, s, value }) =>
      value === undefined ? makeInst("copy", [d], [s as Reg]) : makeConstant(d, value.imm, value.symbol),
    );
  }

  /** What the phis of `to` get over the edges from `from`; several such edges bring the same. */
  #movesOf(from: Block, to: Block): { d: Reg; s?: Reg; value?: Value }[] {
    const edge = to.predecessors.indexOf(from);
    return phis(to).map((phi) => {
      const arg = phi.args[edge] as Value;
      const d = this.#selection.registerOf(phi);
      return arg.op === "const" ? { d, value: arg } : { d, s: this.#selection.read(arg) };
    });
  }
}

function equalityTest(register: Reg, number: number): Test | undefined {
  if (number === 0) return { condition: "beqz", uses: [register], imm: 0 };
  if (!fitsSignedBranch(number)) return undefined;
  return { condition: "beqi", uses: [register], imm: number };
}

/** Whether `then` comes later than `other` in the proposed order, which is the reverse of the post order. */
function isLater(blocks: ReadonlyMap<Block, MachineBlock>, then: Block, other: Block): boolean {
  return (blocks.get(then)?.id ?? 0) < (blocks.get(other)?.id ?? 0);
}

function connect(blocks: MachineBlock[]): void {
  for (const block of blocks) {
    const targets = new Set<MachineBlock>();
    for (const inst of block.insts) {
      if (inst.target !== undefined) targets.add(inst.target);
      for (const target of inst.targets ?? []) targets.add(target);
    }
    block.successors = [...targets];
    for (const target of targets) target.predecessors.push(block);
  }
}
