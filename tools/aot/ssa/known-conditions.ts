/**
 * What branches and traps on the way to some place say about conditions there: a list from the place upward. A comparison
 * that follows from it, or is excluded by it, is known.
 */

import type { Dominators } from "./dominators.ts";
import { bareCondition } from "./fold-select.ts";
import { type Block, type Func, type Value } from "./ir.ts";
import { greatest } from "./known-bits.ts";
import { type Comparison, compare, isComparison, isNumber, opposite } from "./operations.ts";

/** `a op b` holds. */
interface Known {
  op: Comparison;
  a: Value;
  b: Value;
  above: Known | undefined;
}

export type Conditions = Known | undefined;

/** How far up a question looks. */
const LOOK_BACK = 32;
const SIGNED_MIN = -0x8000_0000;
const SIGNED_MAX = 0x7fff_ffff;
const UNSIGNED_MAX = 0xffff_ffff;

/** Adds that a condition holds (or does not). */
export function assume(func: Func, above: Conditions, condition: Value, holds: boolean): Conditions {
  const bare = bareCondition(condition);
  const isTrue = holds !== bare.isOpposite;
  const value = bare.condition;
  if (isComparison(value.op)) {
    const [a, b] = value.args as [Value, Value];
    return { op: isTrue ? value.op : opposite(value.op), a, b, above };
  }
  const isBoth = value.op === "and" && isTrue;
  const isNeither = value.op === "or" && !isTrue;
  const zero = func.constant(0);
  let known: Conditions = { op: isTrue ? "ne" : "eq", a: value, b: zero, above };
  if ((isBoth && value.args.every(isTruth)) || isNeither) {
    for (const arg of value.args) if (isComparison(arg.op)) known = assume(func, known, arg, isTrue);
  }
  return known;
}

function isTruth(value: Value): boolean {
  return isComparison(value.op);
}

/** Adds what taking the edge from one block to another says. */
export function assumeEdge(func: Func, above: Conditions, from: Block, to: Block): Conditions {
  const terminator = from.terminator;
  if (terminator.kind === "branch" && terminator.then !== terminator.else) {
    return assume(func, above, terminator.condition, terminator.then === to);
  }
  if (terminator.kind === "switch") {
    const first = terminator.targets.indexOf(to);
    const count = func.constant(terminator.targets.length);
    if (first < 0) return { op: "ge_u", a: terminator.index, b: count, above };
    if (terminator.otherwise !== to) {
      if (terminator.targets.lastIndexOf(to) === first) {
        return { op: "eq", a: terminator.index, b: func.constant(first), above };
      }
      return { op: "lt_u", a: terminator.index, b: count, above };
    }
  }
  return above;
}

/**
 * What is known where a block begins, from what is known at the end of its dominator. Edges from blocks that it dominates
 * itself do not count: whoever comes over those has come over the others before.
 */
export function conditionsAt(func: Func, dominators: Dominators, block: Block, above: Conditions): Conditions {
  const parent = dominators.parent(block);
  if (parent === undefined) return undefined;
  const entries = block.predecessors.filter(
    (from) => !dominators.isReachable(from) || !dominators.dominates(block, from),
  );
  return entries.length === 1 && entries[0] === parent ? assumeEdge(func, above, parent, block) : above;
}

/** Whether a value is known to be 0, or known not to be. */
export function isKnownTrue(conditions: Conditions, value: Value): boolean | undefined {
  if (isNumber(value)) return value.imm !== 0;
  if (conditions === undefined) return undefined;
  const bare = bareCondition(value);
  const answer = isComparison(bare.condition.op)
    ? decide(conditions, bare.condition.op, bare.condition.args[0] as Value, bare.condition.args[1] as Value)
    : decideNotZero(conditions, bare.condition);
  return answer === undefined ? undefined : answer !== bare.isOpposite;
}

function decideNotZero(conditions: Conditions, value: Value): boolean | undefined {
  let left = LOOK_BACK;
  for (let known = conditions; known !== undefined && left > 0; known = known.above, left--) {
    if (known.a !== value || !isNumber(known.b)) continue;
    if (known.b.imm === 0 && (known.op === "eq" || known.op === "ne")) return known.op === "ne";
    if (known.op === "eq") return known.b.imm !== 0;
    if (!compare(known.op, 0, known.b.imm)) return true;
  }
  return undefined;
}

/** Whether `a op b` is known to hold, or not to. */
export function decide(conditions: Conditions, op: Comparison, a: Value, b: Value): boolean | undefined {
  const range = isNumber(b) ? new Range(a) : undefined;
  let left = LOOK_BACK;
  for (let known = conditions; known !== undefined && left > 0; known = known.above, left--) {
    if (known.a === a && known.b === b) {
      const answer = fromSame(known.op, op);
      if (answer !== undefined) return answer;
    } else if (known.a === b && known.b === a) {
      const answer = fromSwapped(known.op, op);
      if (answer !== undefined) return answer;
    }
    if (range !== undefined && known.a === a && isNumber(known.b)) range.narrow(known.op, known.b.imm);
  }
  return range?.decide(op, b.imm);
}

function fromSame(known: Comparison, asked: Comparison): boolean | undefined {
  if (known === asked) return true;
  if (known === opposite(asked)) return false;
  switch (known) {
    case "eq":
      return asked === "ge_s" || asked === "ge_u";
    case "lt_s":
    case "lt_u":
      if (asked === "eq" || asked === "ne") return asked === "ne";
      return undefined;
    default:
      return undefined;
  }
}

/** What `b known a` says about `a asked b`. */
function fromSwapped(known: Comparison, asked: Comparison): boolean | undefined {
  switch (known) {
    case "eq":
    case "ne":
      return fromSame(known, asked);
    case "lt_s":
      if (asked === "lt_s" || asked === "ge_s") return asked === "ge_s";
      return asked === "eq" || asked === "ne" ? asked === "ne" : undefined;
    case "lt_u":
      if (asked === "lt_u" || asked === "ge_u") return asked === "ge_u";
      return asked === "eq" || asked === "ne" ? asked === "ne" : undefined;
    default:
      return undefined;
  }
}

/** Where a value can lie, as a signed and as an unsigned number. */
class Range {
  #signedMin = SIGNED_MIN;
  #signedMax = SIGNED_MAX;
  #min = 0;
  #max: number;

  constructor(value: Value) {
    this.#max = greatest(value);
    this.#share();
  }

  narrow(op: Comparison, number: number): void {
    const unsigned = number >>> 0;
    switch (op) {
      case "eq":
        this.#signedMin = this.#signedMax = number;
        this.#min = this.#max = unsigned;
        break;
      case "lt_s":
        this.#signedMax = Math.min(this.#signedMax, number - 1);
        break;
      case "ge_s":
        this.#signedMin = Math.max(this.#signedMin, number);
        break;
      case "lt_u":
        this.#max = Math.min(this.#max, unsigned - 1);
        break;
      case "ge_u":
        this.#min = Math.max(this.#min, unsigned);
        break;
      case "ne":
        if (this.#min === unsigned) this.#min++;
        if (this.#max === unsigned) this.#max--;
        break;
    }
    this.#share();
  }

  decide(op: Comparison, number: number): boolean | undefined {
    const unsigned = number >>> 0;
    // Nothing is left: nobody comes here, and any answer would do.
    if (this.#min > this.#max || this.#signedMin > this.#signedMax) return undefined;
    switch (op) {
      case "lt_u":
        return this.#max < unsigned ? true : this.#min >= unsigned ? false : undefined;
      case "lt_s":
        return this.#signedMax < number ? true : this.#signedMin >= number ? false : undefined;
      case "eq":
        if (this.#min === unsigned && this.#max === unsigned) return true;
        if (unsigned < this.#min || unsigned > this.#max) return false;
        return number < this.#signedMin || number > this.#signedMax ? false : undefined;
      default: {
        const answer = this.decide(opposite(op), number);
        return answer === undefined ? undefined : !answer;
      }
    }
  }

  /** Where the sign is known, each kind of number tells the other. */
  #share(): void {
    if (this.#signedMin >= 0) {
      this.#min = Math.max(this.#min, this.#signedMin);
      this.#max = Math.min(this.#max, this.#signedMax);
    }
    if (this.#max <= SIGNED_MAX) {
      this.#signedMin = Math.max(this.#signedMin, this.#min);
      this.#signedMax = Math.min(this.#signedMax, this.#max);
    } else if (this.#min > SIGNED_MAX && this.#max <= UNSIGNED_MAX) {
      this.#signedMax = Math.min(this.#signedMax, this.#max | 0);
      this.#signedMin = Math.max(this.#signedMin, this.#min | 0);
    }
  }
}
