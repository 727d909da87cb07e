/**
 * Natural loops of a function, for as long as its graph stays as it is. A circle that can be entered in two places has no
 * header that dominates it, and is no loop here.
 */
import type { Dominators } from "./dominators.ts";
import { phis, retarget } from "./edit.ts";
import type { Block, Func, Value } from "./ir.ts";

export interface Loop {
  readonly header: Block;
  /** The blocks with an edge back to the header. */
  readonly latches: Block[];
  /** All blocks, those of inner loops included. */
  readonly blocks: Set<Block>;
  parent: Loop | undefined;
  /** 1 for an outermost loop. */
  depth: number;
}

export class Loops {
  /** Inner loops before those around them. */
  readonly all: readonly Loop[];
  readonly #innermost: (Loop | undefined)[] = [];

  constructor(dominators: Dominators) {
    const loops: Loop[] = [];
    for (let position = dominators.order.length - 1; position >= 0; position--) {
      const header = dominators.order[position] as Block;
      const latches = header.predecessors.filter(
        (from) => dominators.isReachable(from) && dominators.dominates(header, from),
      );
      if (latches.length === 0) continue;
      const loop: Loop = { header, latches: [...new Set(latches)], blocks: new Set(), parent: undefined, depth: 1 };
      this.#collect(loop, dominators);
      loops.push(loop);
    }
    // Headers come from last to first, so an inner loop is found before the ones around it.
    for (let index = loops.length - 1; index >= 0; index--) {
      const loop = loops[index] as Loop;
      loop.depth = loop.parent === undefined ? 1 : loop.parent.depth + 1;
    }
    this.all = loops;
  }

  /** The innermost loop around a block. */
  of(block: Block): Loop | undefined {
    return this.#innermost[block.id];
  }

  depth(block: Block): number {
    return this.of(block)?.depth ?? 0;
  }

  /** The innermost loop around both blocks: the one that an edge between them is in. */
  around(a: Block, b: Block): Loop | undefined {
    let loop = this.of(a);
    while (loop !== undefined && !loop.blocks.has(b)) loop = loop.parent;
    return loop;
  }

  #collect(loop: Loop, dominators: Dominators): void {
    loop.blocks.add(loop.header);
    const stack = [...loop.latches];
    while (stack.length > 0) {
      const block = stack.pop() as Block;
      if (loop.blocks.has(block) || !dominators.isReachable(block)) continue;
      loop.blocks.add(block);
      stack.push(...block.predecessors);
    }
    for (const block of loop.blocks) {
      let inner = this.#innermost[block.id];
      if (inner === undefined) this.#innermost[block.id] = loop;
      else {
        while (inner.parent !== undefined && inner.parent !== loop) inner = inner.parent;
        if (inner !== loop) inner.parent = loop;
      }
    }
  }
}

/** The block outside of the loop that leads to the header and nowhere else, if there is one. */
export function preheaderOf(loop: Loop): Block | undefined {
  const outside = loop.header.predecessors.filter((from) => !loop.blocks.has(from));
  const only = outside.length === 1 ? (outside[0] as Block) : undefined;
  return only !== undefined && only.terminator.kind === "jump" ? only : undefined;
}

/** Puts a block on the edges from outside into the loop, unless there is one. */
export function ensurePreheader(func: Func, loop: Loop): Block {
  const existing = preheaderOf(loop);
  if (existing !== undefined) return existing;
  const preheader = gather(func, loop.header, (from) => !loop.blocks.has(from));
  for (let around = loop.parent; around !== undefined; around = around.parent) around.blocks.add(preheader);
  return preheader;
}

/** Puts a block on the edges back to the header, unless there is but one that jumps there. */
export function ensureLatch(func: Func, loop: Loop): Block {
  const back = loop.header.predecessors.filter((from) => loop.blocks.has(from));
  if (back.length === 1) return back[0] as Block;
  const latch = gather(func, loop.header, (from) => loop.blocks.has(from));
  loop.latches.splice(0, loop.latches.length, latch);
  for (let around: Loop | undefined = loop; around !== undefined; around = around.parent) around.blocks.add(latch);
  return latch;
}

/** A new block between some predecessors of a block and that. */
function gather(func: Func, to: Block, belongs: (from: Block) => boolean): Block {
  const middle = func.addBlock();
  const indices = to.predecessors.flatMap((from, index) => (belongs(from) ? [index] : []));
  const rest = to.predecessors.flatMap((from, index) => (belongs(from) ? [] : [index]));
  for (const phi of phis(to)) {
    const args = indices.map((index) => phi.args[index] as Value);
    let arg = args[0] as Value;
    if (args.some((other) => other !== arg)) {
      arg = func.append(middle, "phi", args);
    }
    phi.args = [...rest.map((index) => phi.args[index] as Value), arg];
  }
  middle.predecessors = indices.map((index) => to.predecessors[index] as Block);
  for (const from of new Set(middle.predecessors)) retarget(from.terminator, to, middle);
  to.predecessors = [...rest.map((index) => to.predecessors[index] as Block), middle];
  middle.terminator = { kind: "jump", to };
  return middle;
}
