/**
 * Renames virtual registers so that parts of a register's life that have nothing to do with each other are different
 * registers, numbered without gaps. What a register's facts say goes to all its parts.
 */
import {
  FIRST_VIRTUAL,
  type MachineBlock,
  type MachineFunction,
  type MachineInst,
} from "../machine/machine-function.ts";
import { Liveness } from "./liveness.ts";
import { freshFacts, type RegisterFacts, sameRecipe } from "./register-facts.ts";

export function renameWebs(fn: MachineFunction, facts: readonly RegisterFacts[]): RegisterFacts[] {
  const liveness = new Liveness(fn);
  const parent: number[] = [];
  const oldName: number[] = [];
  const find = (node: number): number => {
    let root = node;
    while (parent[root] !== root) root = parent[root] as number;
    for (let at = node; parent[at] !== root; ) {
      const next = parent[at] as number;
      parent[at] = root;
      at = next;
    }
    return root;
  };
  const makeNode = (reg: number): number => {
    oldName.push(reg);
    return parent.push(parent.length) - 1;
  };
  const join = (a: number, b: number): void => {
    parent[find(a)] = find(b);
  };

  const atEntry = new Map<MachineBlock, Map<number, number>>();
  for (const block of fn.blocks) {
    atEntry.set(block, new Map(liveness.virtualIn(block).map((reg) => [reg, makeNode(reg)])));
  }
  // First pass: the numbers of all operands, in the order in which `forEachOperand` visits them.
  const operands: number[] = [];
  const current = new Int32Array(fn.registerCount);
  const currentIn = new Int32Array(fn.registerCount).fill(-1);
  for (const [position, block] of fn.blocks.entries()) {
    for (const [reg, node] of atEntry.get(block) as Map<number, number>) {
      current[reg] = node;
      currentIn[reg] = position;
    }
    const nodeOf = (reg: number): number => {
      if (currentIn[reg] !== position) {
        current[reg] = makeNode(reg);
        currentIn[reg] = position;
      }
      return current[reg] as number;
    };
    for (const inst of block.insts) {
      for (const reg of inst.uses) if (reg >= FIRST_VIRTUAL) operands.push(nodeOf(reg));
      for (const reg of inst.defs) {
        if (reg < FIRST_VIRTUAL) continue;
        if (!inst.uses.includes(reg)) {
          current[reg] = makeNode(reg);
          currentIn[reg] = position;
        }
        operands.push(nodeOf(reg));
      }
    }
    for (const successor of block.successors) {
      for (const [reg, node] of atEntry.get(successor) as Map<number, number>) join(nodeOf(reg), node);
    }
  }

  const newName = new Int32Array(parent.length).fill(-1);
  const newFacts: RegisterFacts[] = Array.from({ length: FIRST_VIRTUAL }, freshFacts);
  let next = 0;
  const rename = (): number => {
    const root = find(operands[next++] as number);
    if (newName[root] === -1) {
      newName[root] = newFacts.length;
      newFacts.push({ ...(facts[oldName[root] as number] ?? freshFacts()) });
    }
    return newName[root] as number;
  };
  for (const block of fn.blocks) {
    for (const inst of block.insts) renameOperands(inst, rename);
  }
  fn.registerCount = newFacts.length;
  findRecipes(fn, newFacts);
  return newFacts;
}

/** `inner` names the same registers as the guard around it. */
function renameOperands(inst: MachineInst, rename: () => number): void {
  const names = new Map<number, number>();
  const visit = (reg: number): number => {
    if (reg < FIRST_VIRTUAL) return reg;
    const name = rename();
    names.set(reg, name);
    return name;
  };
  inst.uses = inst.uses.map(visit);
  inst.defs = inst.defs.map(visit);
  if (inst.inner !== undefined) {
    const again = (reg: number) => names.get(reg) ?? reg;
    inst.inner = { ...inst.inner, uses: inst.inner.uses.map(again), defs: inst.inner.defs.map(again) };
  }
}

/** A register that only one const, or one load_argument, writes can be had again anywhere. */
function findRecipes(fn: MachineFunction, facts: RegisterFacts[]): void {
  const unknown = new Uint8Array(fn.registerCount);
  for (const fact of facts) fact.recipe = undefined;
  for (const block of fn.blocks) {
    for (const inst of block.insts) {
      for (const reg of inst.defs) {
        const fact = facts[reg] as RegisterFacts;
        const known = fact.recipe;
        const isRecipe = inst.op === "const" || (inst.op === "load_argument" && fn.stackResults === 0);
        if (!isRecipe || (known !== undefined && !sameRecipe(known, inst))) unknown[reg] = 1;
        else fact.recipe = inst;
      }
    }
  }
  for (const [reg, fact] of facts.entries()) {
    if (reg < FIRST_VIRTUAL || unknown[reg] === 1) fact.recipe = undefined;
  }
}
