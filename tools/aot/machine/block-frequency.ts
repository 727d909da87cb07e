/**
 * How often each block and edge runs for one run of the function, guessed: a loop runs LOOP_RUNS times, branches go either
 * way equally, ways that end in a trap are hardly ever taken. Only relations count.
 */
import { reversePostorder } from "./control-flow.ts";
import { blockIdLimit } from "./instruction-facts.ts";
import type { MachineBlock, MachineFunction } from "./machine-function.ts";

const LOOP_RUNS = 8;
const MAX_DEPTH = 6;
const TRAP_SHARE = 1 / 64;

export interface Frequencies {
  of(block: MachineBlock): number;
  ofEdge(from: MachineBlock, to: MachineBlock): number;
}

export function estimateFrequencies(fn: MachineFunction): Frequencies {
  const order = reversePostorder(fn);
  const limit = blockIdLimit(fn);
  const place = new Int32Array(limit).fill(-1);
  for (const [index, block] of order.entries()) place[block.id] = index;
  const doomed = findDoomed(order, limit);
  /** How likely a block runs when the body of its loop runs once. */
  const likelihood = new Float64Array(limit);
  likelihood[(order[0] as MachineBlock).id] = 1;
  const share = (from: MachineBlock, to: MachineBlock): number => {
    if (doomed[from.id] === 0 && doomed[to.id] === 1) return TRAP_SHARE;
    if (to.loopDepth < from.loopDepth) return 1;
    let staying = 0;
    for (const other of from.successors) {
      if (other.loopDepth >= from.loopDepth && (doomed[other.id] === 0 || doomed[from.id] === 1)) staying++;
    }
    return 1 / Math.max(1, staying);
  };
  for (const block of order) {
    likelihood[block.id] = Math.min(1, likelihood[block.id] as number);
    for (const successor of block.successors) {
      if ((place[successor.id] as number) <= (place[block.id] as number)) continue;
      likelihood[successor.id] =
        (likelihood[successor.id] as number) + (likelihood[block.id] as number) * share(block, successor);
    }
  }
  const ofBlock = (block: MachineBlock): number =>
    block.id < limit ? scale(likelihood[block.id] as number, block.loopDepth) : ofMiddle(block);
  const ofEdge = (from: MachineBlock, to: MachineBlock): number => {
    if (from.id >= limit || from.successors.length === 1) return ofBlock(from);
    if (to.id >= limit || to.predecessors.length === 1) return ofBlock(to);
    return ofPath(from, to);
  };
  const ofPath = (from: MachineBlock, to: MachineBlock) =>
    scale((likelihood[from.id] as number) * share(from, to), Math.min(from.loopDepth, to.loopDepth));
  /** A block that has been put on an edge since. */
  const ofMiddle = (block: MachineBlock) =>
    ofPath(block.predecessors[0] as MachineBlock, block.successors[0] as MachineBlock);
  return { of: ofBlock, ofEdge };
}

function scale(likelihood: number, depth: number): number {
  return likelihood * LOOP_RUNS ** Math.min(MAX_DEPTH, depth);
}

/** Blocks from which every way ends in a trap. */
function findDoomed(order: readonly MachineBlock[], limit: number): Uint8Array {
  const doomed = new Uint8Array(limit);
  let changed = true;
  while (changed) {
    changed = false;
    for (let index = order.length - 1; index >= 0; index--) {
      const block = order[index] as MachineBlock;
      if (doomed[block.id] === 1) continue;
      const ends = block.insts.at(-1)?.op === "trap";
      if (ends || (block.successors.length > 0 && block.successors.every((next) => doomed[next.id] === 1))) {
        doomed[block.id] = 1;
        changed = true;
      }
    }
  }
  return doomed;
}
