/**
 * Takes constants out of loops that make no calls, as far as registers reach: the instruction that makes the constant
 * would run each time around. The allocator makes a constant anew where its register is needed more, so a wrong guess costs
 * what was there before.
 */
import { redirect } from "../machine/control-flow.ts";
import { blockIdLimit, isCall } from "../machine/instruction-facts.ts";
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

export interface MachineLoop {
  head: MachineBlock;
  /** The head is one of them. */
  body: readonly MachineBlock[];
}

/** `loops`: the outer ones before those in them. */
export function hoistConstants(fn: MachineFunction, loops: readonly MachineLoop[]): void {
  const definitions = countDefinitions(fn);
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

function hasCalls({ body }: MachineLoop): boolean {
  return body.some(({ insts }) => insts.some((inst) => isCall(inst) || inst.op === "jump_table"));
}

/** Registers that hold a value all around the loop: those made outside, and those written anew each time. */
function registersThrough({ body }: MachineLoop, definitions: Int32Array): number {
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
function constantsOf({ body }: MachineLoop, definitions: Int32Array): MachineInst[][] {
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

function hoist(fn: MachineFunction, loop: MachineLoop, groups: MachineInst[][]): void {
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
function blockBefore(fn: MachineFunction, { head, body }: MachineLoop): MachineBlock {
  const outside = head.predecessors.filter((block) => !body.includes(block));
  const [only] = outside;
  if (outside.length === 1 && only !== undefined && only.successors.length === 1) return only;
  const block: MachineBlock = {
    id: blockIdLimit(fn),
    insts: [{ op: "jump", defs: [], uses: [], imm: 0, target: head }],
    successors: [head],
    predecessors: [],
    loopDepth: Math.max(0, head.loopDepth - 1),
  };
  for (const from of outside) redirect(from, head, block);
  head.predecessors.push(block);
  const place = fn.blocks.indexOf(head);
  fn.blocks.splice(Math.max(1, place), 0, block);
  return block;
}
