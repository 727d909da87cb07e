/**
 * The interference graph: which virtual registers are live together, which physical ones each cannot be, which copies
 * would vanish if both ends were one register, and what it costs to keep a register in memory instead.
 */
import type { Frequencies } from "../machine/block-frequency.ts";
import { clobberedMask, isCall, isTerminator } from "../machine/instruction-facts.ts";
import { FIRST_VIRTUAL, type MachineFunction } from "../machine/machine-function.ts";
import { Liveness } from "./liveness.ts";
import { PairSet } from "./pair-set.ts";
import { Piece, type RegisterFacts } from "./register-facts.ts";

export interface Move {
  a: number;
  b: number;
  frequency: number;
  /** The cost of spilling the virtual end has a load or store for it. */
  isCounted: boolean;
}

export interface InterferenceGraph {
  readonly count: number;
  readonly pairs: PairSet;
  /** Virtual neighbours of each register. */
  readonly neighbours: number[][];
  /** Physical registers that a register cannot be. */
  readonly forbidden: Uint16Array;
  /** Copies that could vanish; at least one end is virtual. */
  readonly moves: Move[];
  /** What it costs not to have it in a register. Infinite for what cannot do without. */
  readonly spillCost: Float64Array;
  readonly crossesCall: Uint8Array;
}

export function buildGraph(
  fn: MachineFunction,
  facts: readonly RegisterFacts[],
  frequencies: Frequencies,
): InterferenceGraph {
  const count = fn.registerCount;
  const liveness = new Liveness(fn);
  const graph: InterferenceGraph = {
    count,
    pairs: new PairSet(),
    neighbours: Array.from({ length: count }, () => []),
    forbidden: new Uint16Array(count),
    moves: [],
    spillCost: new Float64Array(count),
    crossesCall: new Uint8Array(count),
  };
  const { pairs, neighbours, forbidden, spillCost } = graph;
  const live: number[] = [];
  const placeInLive = new Int32Array(count).fill(-1);
  const add = (reg: number): void => {
    if ((placeInLive[reg] as number) < 0) placeInLive[reg] = live.push(reg) - 1;
  };
  const remove = (reg: number): void => {
    const place = placeInLive[reg] as number;
    if (place < 0) return;
    const last = live.pop() as number;
    if (last !== reg) {
      live[place] = last;
      placeInLive[last] = place;
    }
    placeInLive[reg] = -1;
  };
  const interfere = (a: number, b: number): void => {
    if (a === b || !pairs.add(a, b)) return;
    (neighbours[a] as number[]).push(b);
    (neighbours[b] as number[]).push(a);
  };
  const forbid = (reg: number, mask: number): void => {
    forbidden[reg] = (forbidden[reg] as number) | mask;
  };

  /** Uses in a run of instructions without a call can share one load. */
  const runOfUse = new Int32Array(count).fill(-1);
  let run = 0;
  for (const block of fn.blocks) {
    const frequency = frequencies.of(block);
    run++;
    while (live.length > 0) remove(live[live.length - 1] as number);
    for (const reg of liveness.virtualOut(block)) add(reg);
    let physicalLive = liveness.physicalOut(block);
    for (let index = block.insts.length - 1; index >= 0; index--) {
      const inst = block.insts[index] as (typeof block.insts)[number];
      const source = inst.op === "copy" ? (inst.uses[0] as number) : -1;
      const toPhysical = inst.op === "copy" && (inst.defs[0] as number) < FIRST_VIRTUAL;
      let isCounted = false;
      const clobbered = clobberedMask(inst);
      if (isCall(inst)) {
        run++;
        for (const reg of live) graph.crossesCall[reg] = 1;
      }
      if (clobbered !== 0) {
        for (const reg of live) forbid(reg, clobbered);
        // What the instruction writes while it works is no place for what it leaves.
        for (const reg of inst.defs) if (reg >= FIRST_VIRTUAL) forbid(reg, clobbered);
      }
      for (const def of inst.defs) {
        if (def < FIRST_VIRTUAL) {
          for (const reg of live) if (reg !== source) forbid(reg, 1 << def);
          continue;
        }
        for (const reg of live) if (reg !== source) interfere(def, reg);
        for (const other of inst.defs) if (other >= FIRST_VIRTUAL) interfere(def, other);
        forbid(def, source >= 0 && source < FIRST_VIRTUAL ? physicalLive & ~(1 << source) : physicalLive);
        spillCost[def] = (spillCost[def] as number) + frequency * costOfDefinition(facts[def] as RegisterFacts);
        // What is in a register already serves the uses that follow it.
        if (runOfUse[def] === run && (facts[def] as RegisterFacts).recipe === undefined) {
          spillCost[def] = (spillCost[def] as number) - frequency;
        }
        runOfUse[def] = -1;
        // Behind a terminator there is no place for a store.
        if (isTerminator(inst)) spillCost[def] = Number.POSITIVE_INFINITY;
      }
      for (const def of inst.defs) {
        if (def < FIRST_VIRTUAL) physicalLive &= ~(1 << def);
        else remove(def);
      }
      for (const use of inst.uses) {
        if (use < FIRST_VIRTUAL) {
          physicalLive |= 1 << use;
          continue;
        }
        add(use);
        if (runOfUse[use] === run) continue;
        spillCost[use] = (spillCost[use] as number) + frequency;
        if (toPhysical) isCounted = true;
        else runOfUse[use] = run;
      }
      if (source >= 0) addMove(graph, { a: inst.defs[0] as number, b: source, frequency, isCounted });
    }
  }
  finishCosts(graph, facts);
  return graph;
}

function addMove(graph: InterferenceGraph, move: Move): void {
  if (move.a === move.b || (move.a < FIRST_VIRTUAL && move.b < FIRST_VIRTUAL)) return;
  graph.moves.push(move);
}

/** A value that can be made again is not stored, and need not be made where it was. */
function costOfDefinition(fact: RegisterFacts): number {
  if (fact.recipe !== undefined) return -1;
  return fact.slot >= 0 ? 0 : 1;
}

function finishCosts(graph: InterferenceGraph, facts: readonly RegisterFacts[]): void {
  const { spillCost, forbidden } = graph;
  // A copy from or to a place that the register cannot be in anyway becomes a load or a store: nothing is lost.
  for (const { a, b, frequency, isCounted } of graph.moves) {
    if (a < FIRST_VIRTUAL && isCounted && ((forbidden[b] as number) & (1 << a)) !== 0) {
      spillCost[b] = (spillCost[b] as number) - frequency;
    }
    if (b < FIRST_VIRTUAL && ((forbidden[a] as number) & (1 << b)) !== 0) {
      spillCost[a] = (spillCost[a] as number) - frequency;
    }
  }
  for (let reg = FIRST_VIRTUAL; reg < graph.count; reg++) {
    if ((facts[reg] as RegisterFacts).piece === Piece.Tiny) spillCost[reg] = Number.POSITIVE_INFINITY;
    else spillCost[reg] = Math.max(0, spillCost[reg] as number);
  }
}
