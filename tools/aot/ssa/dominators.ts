/**
 * Order of blocks and dominators of a function, for as long as its graph stays as it is. Blocks that cannot be reached are
 * not in it. After Cooper, Harvey and Kennedy, "A Simple, Fast Dominance Algorithm".
 */
import { type Block, type Func, successors } from "./ir.ts";

const NOWHERE = -1;

export class Dominators {
  /** Reachable blocks in reverse postorder: each one behind those that dominate it. */
  readonly order: readonly Block[];
  readonly #position: Int32Array;
  /** Position of the immediate dominator, by position. */
  readonly #parent: Int32Array;
  /** Numbers of entry and exit of a walk over the dominator tree, by position. */
  readonly #enter: Int32Array;
  readonly #leave: Int32Array;

  constructor(func: Func) {
    this.order = reversePostorder(func);
    this.#position = new Int32Array(func.blockCount).fill(NOWHERE);
    this.order.forEach((block, position) => {
      this.#position[block.id] = position;
    });
    this.#parent = this.#findParents();
    this.#enter = new Int32Array(this.order.length);
    this.#leave = new Int32Array(this.order.length);
    this.#numberTree();
  }

  isReachable(block: Block): boolean {
    return (this.#position[block.id] ?? NOWHERE) !== NOWHERE;
  }

  /** Place in `order`. */
  position(block: Block): number {
    return this.#position[block.id] as number;
  }

  /** The immediate dominator; undefined for the entry. */
  parent(block: Block): Block | undefined {
    const position = this.position(block);
    return position === 0 ? undefined : this.order[this.#parent[position] as number];
  }

  /** Every block dominates itself. */
  dominates(above: Block, below: Block): boolean {
    const a = this.position(above);
    const b = this.position(below);
    const isEnteredBefore = (this.#enter[a] as number) <= (this.#enter[b] as number);
    return isEnteredBefore && (this.#leave[b] as number) <= (this.#leave[a] as number);
  }

  /** The nearest block that dominates both. */
  common(a: Block, b: Block): Block {
    return this.order[this.#intersect(this.#parent, this.position(a), this.position(b))] as Block;
  }

  #intersect(parent: Int32Array, a: number, b: number): number {
    let left = a;
    let right = b;
    while (left !== right) {
      while (left > right) left = parent[left] as number;
      while (right > left) right = parent[right] as number;
    }
    return left;
  }

  #findParents(): Int32Array {
    const parent = new Int32Array(this.order.length).fill(NOWHERE);
    parent[0] = 0;
    for (let changed = true; changed; ) {
      changed = false;
      for (let position = 1; position < this.order.length; position++) {
        let found = NOWHERE;
        for (const predecessor of (this.order[position] as Block).predecessors) {
          const from = this.#position[predecessor.id] as number;
          if (from === NOWHERE || parent[from] === NOWHERE) continue;
          found = found === NOWHERE ? from : this.#intersect(parent, from, found);
        }
        if (parent[position] !== found) {
          parent[position] = found;
          changed = true;
        }
      }
    }
    return parent;
  }

  #numberTree(): void {
    const children: number[][] = this.order.map(() => []);
    for (let position = 1; position < this.order.length; position++) {
      (children[this.#parent[position] as number] as number[]).push(position);
    }
    let clock = 0;
    const stack: number[] = [0];
    const next = new Int32Array(this.order.length);
    this.#enter[0] = clock++;
    while (stack.length > 0) {
      const top = stack[stack.length - 1] as number;
      const child = (children[top] as number[])[next[top] as number];
      next[top] = (next[top] as number) + 1;
      if (child === undefined) {
        this.#leave[top] = clock++;
        stack.pop();
      } else {
        this.#enter[child] = clock++;
        stack.push(child);
      }
    }
  }
}

export function reversePostorder(func: Func): Block[] {
  const entry = func.blocks[0] as Block;
  const seen = new Uint8Array(func.blockCount);
  const postorder: Block[] = [];
  const stack: { block: Block; successors: Block[]; next: number }[] = [];
  const push = (block: Block): void => {
    if (seen[block.id] === 1) return;
    seen[block.id] = 1;
    stack.push({ block, successors: successors(block.terminator), next: 0 });
  };
  push(entry);
  while (stack.length > 0) {
    const top = stack[stack.length - 1] as { block: Block; successors: Block[]; next: number };
    const next = top.successors[top.next++];
    if (next !== undefined) push(next);
    else {
      postorder.push(top.block);
      stack.pop();
    }
  }
  return postorder.reverse();
}
