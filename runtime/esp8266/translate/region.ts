/**
 * A region: what is translated together. It begins at a hot address and holds what can be reached from there without
 * leaving the function: both ways of branches, jumps, what comes after calls. Callees are regions of their own.
 *
 * Instructions and their costs are taken from the block cache, so both engines agree on them.
 */
import type { BlockCache } from "../core/block-cache.ts";
import { BLOCK_WORDS, BlockField, OP_WORDS } from "../core/block-cache.ts";
import { BRANCHES, ENDS_BLOCK, OP_FACTS, Op } from "../core/operations.ts";

export interface RegionOp {
  readonly pc: number;
  readonly op: Op;
  readonly d: number;
  readonly s: number;
  readonly t: number;
  readonly immediate: number;
  readonly cycles: number;
  /** Address behind it. */
  readonly next: number;
}

export interface RegionBlock {
  readonly index: number;
  readonly pc: number;
  readonly ops: readonly RegionOp[];
  /** Cycles of all of them, without a taken branch. */
  readonly cycles: number;
  /** Indices of blocks that control may go to from here; targets outside of the region are not among them. */
  readonly successors: readonly number[];
}

export interface Region {
  readonly blocks: readonly RegionBlock[];
  /** Block by address. */
  readonly byPc: ReadonlyMap<number, RegionBlock>;
  /** Indices of blocks where the region may be entered; the first one is where it begins. */
  readonly entries: readonly number[];
  readonly instructions: number;
}

const MAX_INSTRUCTIONS = 2000;

/** Operations behind which code goes on by itself, though the interpreter runs them. */
function resumesBehind(op: Op): boolean {
  return op === Op.Wsr || op === Op.Xsr || op === Op.Rsil || op === Op.Waiti || op === Op.Tlb || op === Op.Simcall;
}

/** Undefined: there is no code at `start`. */
export function discoverRegion(cache: BlockCache, start: number): Region | undefined {
  const ops = new Map<number, RegionOp>();
  const leaders = new Set<number>([start]);
  const resumed = new Set<number>();
  const work = [start];
  const lead = (pc: number): void => {
    if (leaders.has(pc)) return;
    leaders.add(pc);
    work.push(pc);
  };
  while (work.length > 0 && ops.size < MAX_INSTRUCTIONS) {
    let pc: number | undefined = work.pop() as number;
    while (pc !== undefined && !ops.has(pc)) {
      const run = opsOfBlock(cache, pc);
      if (!run) break;
      for (const op of run) {
        if (ops.has(op.pc)) {
          leaders.add(op.pc);
          break;
        }
        ops.set(op.pc, op);
      }
      const last = run[run.length - 1] as RegionOp;
      const facts = OP_FACTS[last.op] as number;
      pc = (facts & ENDS_BLOCK) === 0 ? last.next : undefined;
      if ((facts & BRANCHES) !== 0 || last.op === Op.J) lead(last.immediate);
      if ((facts & BRANCHES) !== 0) lead(last.next);
      if (last.op === Op.Call0 || last.op === Op.Callx0 || resumesBehind(last.op)) {
        resumed.add(last.next);
        lead(last.next);
      }
    }
    if (pc !== undefined) leaders.add(pc);
  }
  return ops.has(start) ? buildRegion(start, ops, leaders, resumed) : undefined;
}

function opsOfBlock(cache: BlockCache, pc: number): RegionOp[] | undefined {
  const block = cache.find(pc);
  if (block === 0) return undefined;
  const fields = block * BLOCK_WORDS;
  const start = cache.blocks[fields + BlockField.Start] as number;
  const count = cache.blocks[fields + BlockField.Instructions] as number;
  return Array.from({ length: count }, (_, offset): RegionOp => {
    const at = start + offset * OP_WORDS;
    const index = at / OP_WORDS;
    const word = cache.code[at] as number;
    return {
      pc: cache.addresses[index] as number,
      op: word & 0xff,
      d: (word >>> 8) & 0xff,
      s: (word >>> 16) & 0xff,
      t: word >>> 24,
      immediate: cache.code[at + 1] as number,
      cycles: (cache.cyclesBefore[index + 1] as number) - (cache.cyclesBefore[index] as number),
      next: cache.addresses[index + 1] as number,
    };
  });
}

function buildRegion(
  start: number,
  ops: ReadonlyMap<number, RegionOp>,
  leaders: ReadonlySet<number>,
  resumed: ReadonlySet<number>,
): Region {
  const starts = [start, ...[...leaders].filter((pc) => pc !== start && ops.has(pc)).sort((a, b) => a - b)];
  const indexOf = new Map(starts.map((pc, index) => [pc, index]));
  const blocks = starts.map((pc, index): RegionBlock => {
    const own: RegionOp[] = [];
    let next = pc;
    for (let op = ops.get(next); op; op = ops.get(next)) {
      own.push(op);
      next = op.next;
      if (((OP_FACTS[op.op] as number) & ENDS_BLOCK) !== 0 || indexOf.has(next)) break;
    }
    const successors = successorsOf(own[own.length - 1] as RegionOp).flatMap((target) => indexOf.get(target) ?? []);
    return { index, pc, ops: own, cycles: own.reduce((sum, { cycles }) => sum + cycles, 0), successors };
  });
  const byPc = new Map(blocks.map((block) => [block.pc, block]));
  const entries = new Set([0, ...blocks.filter(({ pc }) => resumed.has(pc)).map(({ index }) => index)]);
  for (const header of loopHeaders(blocks)) entries.add(header);
  return { blocks, byPc, entries: [...entries], instructions: ops.size };
}

/** Addresses that control may go to inside of the function. */
function successorsOf({ op, immediate, next }: RegionOp): number[] {
  const facts = OP_FACTS[op] as number;
  if ((facts & BRANCHES) !== 0) return [next, immediate];
  if (op === Op.J) return [immediate];
  if ((facts & ENDS_BLOCK) === 0 || op === Op.Call0 || op === Op.Callx0) return [next];
  return [];
}

/** Targets of edges back to a block that the walk from block 0 is still in. */
function loopHeaders(blocks: readonly RegionBlock[]): Set<number> {
  const headers = new Set<number>();
  const state = new Uint8Array(blocks.length);
  for (const root of blocks.keys()) {
    if (state[root] !== 0) continue;
    const path: { index: number; edge: number }[] = [{ index: root, edge: 0 }];
    state[root] = 1;
    for (let top = path.at(-1); top; top = path.at(-1)) {
      const { successors } = blocks[top.index] as RegionBlock;
      const next = successors[top.edge++];
      if (next === undefined) {
        state[top.index] = 2;
        path.pop();
      } else if (state[next] === 1) headers.add(next);
      else if (state[next] === 0) {
        state[next] = 1;
        path.push({ index: next, edge: 0 });
      }
    }
  }
  return headers;
}
