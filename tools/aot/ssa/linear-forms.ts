/**
 * Values of a loop that grow by the same amount each turn: sums of counters and invariants, shifted by constants,
 * multiplied by invariants. All of that is exact modulo 2^32, so the start and the step of such a value are the same
 * expression over the starts and the steps of its counters.
 */

import { phis } from "./edit.ts";
import { Folder } from "./fold.ts";
import { type Block, type Func, type PureOp, type Value } from "./ir.ts";
import type { Loop } from "./loops.ts";
import { isNumber } from "./operations.ts";

/** A phi of the header that grows by an invariant step. */
export interface Counter {
  phi: Value;
  start: Value;
  /** phi + step */
  next: Value;
  step: Value;
}

/** A linear value that becomes a phi of its own. */
export interface Pointer {
  root: Value;
  start: Value;
  step: Value;
}

const DEPTH_MAX = 8;

/** Makes values at the end of one block, equal ones once. */
class SharingFolder extends Folder {
  readonly #made = new Map<string, Value>();

  override isShared(): boolean {
    return false;
  }

  protected override add(op: PureOp, args: Value[]): Value {
    const key = `${op} ${args.map((arg) => arg.id).join(" ")}`;
    let value = this.#made.get(key);
    if (value === undefined) {
      value = super.add(op, args);
      this.#made.set(key, value);
    }
    return value;
  }
}

export class LinearForms {
  readonly counters: readonly Counter[];
  /** Makes values before the loop. */
  readonly folder: Folder;
  readonly #loop: Loop;
  readonly #isLinear = new Map<Value, boolean>();
  readonly #start = new Map<Value, Value>();
  readonly #step = new Map<Value, Value>();

  constructor(func: Func, loop: Loop, preheader: Block, latch: Block) {
    this.#loop = loop;
    this.folder = new SharingFolder(func, preheader);
    const before = loop.header.predecessors.indexOf(preheader);
    const back = loop.header.predecessors.indexOf(latch);
    this.counters = phis(loop.header).flatMap((phi) => {
      const next = phi.args[back] as Value;
      const step = this.#stepOf(phi, next);
      return step === undefined ? [] : [{ phi, next, step, start: phi.args[before] as Value }];
    });
    for (const { phi, start, step } of this.counters) {
      this.#isLinear.set(phi, true);
      this.#start.set(phi, start);
      this.#step.set(phi, step);
    }
  }

  #stepOf(phi: Value, next: Value): Value | undefined {
    const [a, b] = next.args as [Value, Value];
    if (next.op === "add" && a === phi && this.isInvariant(b)) return b;
    if (next.op === "add" && b === phi && this.isInvariant(a)) return a;
    if (next.op !== "sub" || a !== phi || !this.isInvariant(b)) return undefined;
    return this.folder.make("sub", [this.folder.constant(0), b]);
  }

  isInvariant(value: Value): boolean {
    return value.op === "const" || !this.#loop.blocks.has(value.block);
  }

  /** Grows by the same amount each turn, or is invariant. */
  isLinear(value: Value, depth = DEPTH_MAX): boolean {
    if (this.isInvariant(value)) return true;
    const known = this.#isLinear.get(value);
    if (known !== undefined) return known;
    if (depth === 0) return false;
    const [a, b] = value.args as [Value, Value];
    let isLinear = false;
    if (value.op === "add" || value.op === "sub") isLinear = this.isLinear(a, depth - 1) && this.isLinear(b, depth - 1);
    else if (value.op === "shl") isLinear = isNumber(b) && this.isLinear(a, depth - 1);
    else if (value.op === "mul") {
      isLinear =
        (this.isInvariant(b) && this.isLinear(a, depth - 1)) || (this.isInvariant(a) && this.isLinear(b, depth - 1));
    }
    if (isLinear || depth === DEPTH_MAX) this.#isLinear.set(value, isLinear);
    return isLinear;
  }

  /** A linear value in the first turn. */
  start(value: Value): Value {
    if (this.isInvariant(value)) return value;
    let start = this.#start.get(value);
    if (start === undefined) {
      const args = value.args.map((arg) => this.start(arg));
      start = this.folder.make(value.op as PureOp, args);
      this.#start.set(value, start);
    }
    return start;
  }

  /** By how much a linear value grows. */
  step(value: Value): Value {
    if (this.isInvariant(value)) return this.folder.constant(0);
    let step = this.#step.get(value);
    if (step !== undefined) return step;
    const [a, b] = value.args as [Value, Value];
    if (value.op === "mul") {
      const [changing, factor] = this.isInvariant(b) ? [a, b] : [b, a];
      step = this.folder.make("mul", [this.step(changing), factor]);
    } else if (value.op === "shl") step = this.folder.make("shl", [this.step(a), b]);
    else step = this.folder.make(value.op as PureOp, [this.step(a), this.step(b)]);
    this.#step.set(value, step);
    return step;
  }
}
