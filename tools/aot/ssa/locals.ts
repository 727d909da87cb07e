/**
 * Locals of WebAssembly to values, while the graph is still being built.
 *
 * Source: Braun, Buchwald, Hack, Leißa, Mallon, Zwinkau, "Simple and Efficient Construction of Static Single Assignment
 * Form" (CC 2013), with a work list in place of the recursion: programs of fuzzers nest deeply.
 */
import type { Block, Func, Value } from "./ir.ts";

export class Locals {
  readonly #func: Func;
  /** By block, then by slot. */
  readonly #values = new Map<Block, Map<number, Value>>();
  /** Blocks that can still get predecessors, with the phis that wait for them. */
  readonly #open = new Map<Block, { phi: Value; slot: number }[]>();
  readonly #phis: Value[] = [];

  constructor(func: Func) {
    this.#func = func;
  }

  write(slot: number, block: Block, value: Value): void {
    let values = this.#values.get(block);
    if (values === undefined) {
      values = new Map();
      this.#values.set(block, values);
    }
    values.set(slot, value);
  }

  read(slot: number, block: Block): Value {
    const incomplete: { phi: Value; slot: number }[] = [];
    const value = this.#find(slot, block, incomplete);
    this.#complete(incomplete);
    return value;
  }

  /** More predecessors will come: until `seal`, reads make phis. */
  open(block: Block): void {
    block.isOpen = true;
    this.#open.set(block, []);
  }

  seal(block: Block): void {
    const waiting = this.#open.get(block) ?? [];
    this.#open.delete(block);
    block.isOpen = false;
    this.#complete(waiting);
  }

  /** Every phi that was made, in the order of making. */
  get phis(): readonly Value[] {
    return this.#phis;
  }

  /** A value for the slot at the end of a block; new phis that need arguments go to `incomplete`. */
  #find(slot: number, block: Block, incomplete: { phi: Value; slot: number }[]): Value {
    const passed: Block[] = [];
    let at = block;
    for (;;) {
      const known = this.#values.get(at)?.get(slot);
      if (known !== undefined) return this.#remember(slot, passed, known);
      const waiting = this.#open.get(at);
      const [only] = at.predecessors;
      if (waiting === undefined && at.predecessors.length === 1 && only !== undefined) {
        passed.push(at);
        at = only;
        continue;
      }
      const phi = this.#func.newValue(at, "phi", []);
      at.values.unshift(phi);
      this.#phis.push(phi);
      this.write(slot, at, phi);
      (waiting ?? incomplete).push({ phi, slot });
      return this.#remember(slot, passed, phi);
    }
  }

  #remember(slot: number, blocks: Block[], value: Value): Value {
    for (const block of blocks) this.write(slot, block, value);
    return value;
  }

  #complete(incomplete: { phi: Value; slot: number }[]): void {
    for (let next = incomplete.pop(); next !== undefined; next = incomplete.pop()) {
      const { phi, slot } = next;
      phi.args = phi.block.predecessors.map((predecessor) => this.#find(slot, predecessor, incomplete));
    }
  }
}
