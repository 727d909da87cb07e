/**
 * From a graph of blocks to nested loops, as WebAssembly wants control flow: in each scope the strongly connected parts
 * in an order in which all other edges go forward; each part is a block or a loop with a scope of its own.
 *
 * A loop is entered at its header. Where control may enter it elsewhere (irreducible code, or the region is entered in the
 * middle of it) it comes with the wanted block in a variable, and the loop's start leads there. So any graph can be written.
 */
export interface Loop {
  readonly header: number;
  /** All blocks in it. */
  readonly blocks: ReadonlySet<number>;
  /** Blocks other than the header where it is entered from outside. */
  readonly otherEntries: readonly number[];
  readonly items: readonly Item[];
}

/** A block by its index, or a loop. */
export type Item = number | Loop;

/** `entries`: blocks that are entered from outside of the graph. */
export function structure(successors: readonly (readonly number[])[], entries: readonly number[]): Item[] {
  return structureScope(
    successors.map((_, index) => index),
    (block) => successors[block] as readonly number[],
    entries,
  );
}

function structureScope(
  blocks: readonly number[],
  successors: (block: number) => readonly number[],
  entries: readonly number[],
): Item[] {
  const inside = new Set(blocks);
  const parts = stronglyConnectedParts(blocks, (block) => successors(block).filter((next) => inside.has(next)));
  const partOf = new Map<number, readonly number[]>();
  for (const part of parts) for (const block of part) partOf.set(block, part);
  const enteredBy = new Map<readonly number[], Set<number>>(parts.map((part) => [part, new Set<number>()]));
  const enter = (block: number): void => {
    enteredBy.get(partOf.get(block) as readonly number[])?.add(block);
  };
  // Entered from inside of the scope first: such a block is the best header.
  for (const block of blocks)
    for (const next of successors(block)) if (inside.has(next) && partOf.get(next) !== partOf.get(block)) enter(next);
  for (const entry of entries) if (inside.has(entry)) enter(entry);
  return parts.map((part): Item => {
    const first = part[0] as number;
    if (part.length === 1 && !successors(first).includes(first)) return first;
    const [header = first, ...otherEntries] = enteredBy.get(part) as Set<number>;
    const own = new Set(part);
    const items = structureScope(
      [header, ...part.filter((block) => block !== header)],
      (block) => successors(block).filter((next) => next !== header && own.has(next)),
      [header, ...otherEntries],
    );
    return { header, blocks: own, otherEntries, items };
  });
}

/** Tarjan's algorithm (R. Tarjan, Depth-first search and linear graph algorithms, 1972); predecessors come first. */
function stronglyConnectedParts(
  blocks: readonly number[],
  successors: (block: number) => readonly number[],
): readonly (readonly number[])[] {
  const order = new Map<number, number>();
  const low = new Map<number, number>();
  const open: number[] = [];
  const isOpen = new Set<number>();
  const parts: number[][] = [];
  const begin = (block: number): { block: number; next: readonly number[]; edge: number } => {
    order.set(block, order.size);
    low.set(block, order.get(block) as number);
    open.push(block);
    isOpen.add(block);
    return { block, next: successors(block), edge: 0 };
  };
  const lower = (block: number, to: number): void => {
    low.set(block, Math.min(low.get(block) as number, to));
  };
  for (const root of blocks) {
    if (order.has(root)) continue;
    const path = [begin(root)];
    for (let top = path.at(-1); top; top = path.at(-1)) {
      const next = top.next[top.edge++];
      if (next !== undefined) {
        if (!order.has(next)) path.push(begin(next));
        else if (isOpen.has(next)) lower(top.block, order.get(next) as number);
        continue;
      }
      path.pop();
      const parent = path.at(-1);
      if (parent) lower(parent.block, low.get(top.block) as number);
      if (low.get(top.block) !== order.get(top.block)) continue;
      const part = open.splice(open.lastIndexOf(top.block));
      for (const block of part) isOpen.delete(block);
      parts.push(part);
    }
  }
  return parts.reverse();
}
