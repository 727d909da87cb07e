/**
 * Takes constants out of loops that make no calls, as far as registers reach: the instruction that makes the constant
 * would run each time around. The allocator makes a constant anew where its register is needed more, so a wrong guess costs
 * what was there before.
 */
import { reversePostorder } from "../machine/control-flow.ts";
import {
  FIRST_VIRTUAL,
  type MachineBlock,
  type MachineFunction,
  type MachineInst,
  type Reg,
} from "../machine/machine-function.ts";

/** Registers for everything in a loop: sixteen without the stack pointer, the return address and one to spare. */
const LOOP_REGISTERS = 13;
/** What is alive only within a part of the body. */
const SHORT_LIVED = 3;

interface Loop {
  head: MachineBlock;
  body: Set<MachineBlock>;
}

export function hoistConstants(fn: MachineFunction): void {
  const definitions = countDefinitions(fn);
  const loops = findLoops(fn).sort((a, b) => b.body.size - a.body.size);
  for (const loop of loops) {
    if (hasCalls(loop)) continue;
    const room = LOOP_REGISTERS - SHORT_LIVED - registersThrough(loop, definitions);
    const groups = constantsOf(loop, definitions).slice(0, Math.max(0, room));
    if (groups.length > 0) hoist(fn, loop, groups);
  }
}

function countDefinitions(fn: MachineFunction): Int32Array {
  const counts = new Int32Array(fn.registerCount);
  for (const block of fn.blocks) {
    for (const inst of block.insts) for (const d of inst.defs) counts[d] = (counts[d] as number) + 1;
  }
  return counts;
}

function hasCalls({ body }: Loop): boolean {
  return [...body].some(({ insts }) =>
    insts.some(({ op }) => op === "call" || op === "call_pointer" || op === "jump_table"),
  );
}

/** Registers that hold a value all around the loop: those made outside, and those written anew each time. */
function registersThrough({ body }: Loop, definitions: Int32Array): number {
  const read = new Set<Reg>();
  const written = new Set<Reg>();
  for (const { insts } of body) {
    for (const inst of insts) {
      for (const use of inst.uses) read.add(use);
      for (const d of inst.defs) written.add(d);
    }
  }
  return [...read].filter((reg) => !written.has(reg) || (reg >= FIRST_VIRTUAL && (definitions[reg] as number) > 1))
    .length;
}

/** Equal constants of the loop, those that are made most often first. */
function constantsOf({ body }: Loop, definitions: Int32Array): MachineInst[][] {
  const groups = new Map<string, { insts: MachineInst[]; weight: number }>();
  for (const block of body) {
    for (const inst of block.insts) {
      const [d] = inst.defs;
      if (inst.op !== "const" || d === undefined || d < FIRST_VIRTUAL || definitions[d] !== 1) continue;
      const key = `${inst.imm} ${inst.symbol ?? ""}`;
      const group = groups.get(key) ?? { insts: [], weight: 0 };
      group.insts.push(inst);
      group.weight += 8 ** block.loopDepth;
      groups.set(key, group);
    }
  }
  return [...groups.values()].sort((a, b) => b.weight - a.weight).map(({ insts }) => insts);
}

function hoist(fn: MachineFunction, loop: Loop, groups: MachineInst[][]): void {
  const moved = new Set(groups.flat());
  const instead = new Map<Reg, Reg>();
  for (const [first, ...others] of groups) {
    for (const other of others) instead.set(other.defs[0] as Reg, (first as MachineInst).defs[0] as Reg);
  }
  const rename = (inst: MachineInst) => {
    inst.uses = inst.uses.map((use) => instead.get(use) ?? use);
    if (inst.inner !== undefined) rename(inst.inner);
  };
  for (const block of loop.body) {
    block.insts = block.insts.filter((inst) => !moved.has(inst));
    block.insts.forEach(rename);
  }
  const before = blockBefore(fn, loop);
  before.insts.splice(before.insts.length - 1, 0, ...groups.map(([first]) => first as MachineInst));
}

/** The block that leads into the loop and nowhere else. */
function blockBefore(fn: MachineFunction, { head, body }: Loop): MachineBlock {
  const outside = head.predecessors.filter((block) => !body.has(block));
  const [only] = outside;
  if (outside.length === 1 && only !== undefined && only.successors.length === 1) return only;
  const block: MachineBlock = {
    id: fn.blocks.reduce((most, { id }) => Math.max(most, id), 0) + 1,
    insts: [{ op: "jump", defs: [], uses: [], imm: 0, target: head }],
    successors: [head],
    predecessors: outside,
    loopDepth: Math.max(0, head.loopDepth - 1),
  };
  for (const from of outside) {
    for (const inst of from.insts) {
      if (inst.target === head) inst.target = block;
      if (inst.targets !== undefined) inst.targets = inst.targets.map((target) => (target === head ? block : target));
    }
    from.successors = from.successors.map((target) => (target === head ? block : target));
  }
  head.predecessors = [...head.predecessors.filter((other) => body.has(other)), block];
  const place = fn.blocks.indexOf(head);
  fn.blocks.splice(Math.max(1, place), 0, block);
  return block;
}

/** Natural loops: an edge back to a block that dominates it, and all that leads to that edge. */
function findLoops(fn: MachineFunction): Loop[] {
  const order = reversePostorder(fn);
  const place = new Map(order.map((block, index) => [block, index]));
  const parents = findDominators(order, place);
  const loops = new Map<MachineBlock, Loop>();
  for (const block of order) {
    for (const head of block.successors) {
      if (!dominates(parents, place.get(head) as number, place.get(block) as number)) continue;
      const loop = loops.get(head) ?? { head, body: new Set([head]) };
      loops.set(head, loop);
      const waiting = [block];
      for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
        if (loop.body.has(next)) continue;
        loop.body.add(next);
        waiting.push(...next.predecessors.filter((predecessor) => place.has(predecessor)));
      }
    }
  }
  return [...loops.values()];
}

function dominates(parents: Int32Array, above: number, below: number): boolean {
  let at = below;
  while (at > above) at = parents[at] as number;
  return at === above;
}

/** Immediate dominators by place in the order (Cooper, Harvey, Kennedy, "A Simple, Fast Dominance Algorithm"). */
function findDominators(order: MachineBlock[], place: ReadonlyMap<MachineBlock, number>): Int32Array {
  const parents = new Int32Array(order.length).fill(-1);
  parents[0] = 0;
  for (let isChanged = true; isChanged; ) {
    isChanged = false;
    for (let index = 1; index < order.length; index++) {
      let parent = -1;
      for (const predecessor of (order[index] as MachineBlock).predecessors) {
        const at = place.get(predecessor);
        if (at === undefined || parents[at] === -1) continue;
        parent = parent === -1 ? at : common(parents, parent, at);
      }
      if (parent === parents[index]) continue;
      parents[index] = parent;
      isChanged = true;
    }
  }
  return parents;
}

function common(parents: Int32Array, a: number, b: number): number {
  let left = a;
  let right = b;
  while (left !== right) {
    if (left > right) left = parents[left] as number;
    else right = parents[right] as number;
  }
  return left;
}
