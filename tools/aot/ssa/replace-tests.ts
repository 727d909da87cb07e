/**
 * Linear function test replacement: a loop that ends by a comparison of its counter can end by a comparison of a pointer
 * that moves along with it. Wraps make `<` of pointers wrong, so the new test is for inequality with where the pointer is
 * in the end: the number of turns must be known before the loop.
 */
import type { Dominators } from "./dominators.ts";
import { type Block, type Func, type Value } from "./ir.ts";
import { isPowerOfTwo, trailingZeros } from "./known-bits.ts";
import { type Conditions, conditionsAt, isKnownTrue } from "./known-conditions.ts";
import type { Counter, LinearForms, Pointer } from "./linear-forms.ts";
import { type Loop, preheaderOf } from "./loops.ts";
import { type Comparison, compare, isComparison, isNumber, opposite } from "./operations.ts";

export interface ReplaceableTest {
  /** The block that ends with it. */
  block: Block;
  /** Undefined where the counter itself is the condition. */
  comparison: Value | undefined;
  /** Whether the counter's next value is tested, or its present one. */
  isNext: boolean;
  /** How often the counter steps until its test ends the loop; made before the loop. */
  turns: Value;
  /** Whether the condition holds where the loop goes on. */
  staysIf: boolean;
  /** The same, where it is a number. */
  trips: number | undefined;
}

/** The one exit test that reads a counter, if it is as good as a test for inequality. */
export function findTest(
  func: Func,
  loop: Loop,
  latch: Block,
  dominators: Dominators,
  forms: LinearForms,
  counter: Counter,
  uses: Int32Array,
): ReplaceableTest | undefined {
  if (!isNumber(counter.step)) return undefined;
  for (const block of loop.blocks) {
    const terminator = block.terminator;
    if (terminator.kind !== "branch" || !dominators.dominates(block, latch)) continue;
    const { condition } = terminator;
    const isBare = condition === counter.phi || condition === counter.next;
    const comparison = isBare ? undefined : condition;
    if (comparison !== undefined) {
      if (!isComparison(comparison.op) || uses[comparison.id] !== 1 || comparison.block !== block) continue;
    }
    const [a, b] = comparison === undefined ? [condition, func.constant(0)] : (comparison.args as [Value, Value]);
    if ((a !== counter.phi && a !== counter.next) || !forms.isInvariant(b)) continue;
    const stays = [terminator.then, terminator.else].map((target) => loop.blocks.has(target));
    if (stays[0] === stays[1]) continue;
    const staysIf = stays[0] === true;
    const asked = comparison === undefined ? "ne" : (comparison.op as Comparison);
    const op = staysIf ? asked : opposite(asked);
    const isNext = a === counter.next;
    const found = asInequality(func, loop, dominators, forms, counter, op, isNext, b);
    if (found !== undefined) return { block, comparison, isNext, staysIf, ...found };
  }
  return undefined;
}

type Inequality = Pick<ReplaceableTest, "turns" | "trips">;

/** After how many steps `tested op bound` ends the loop, if that can be told. */
function asInequality(
  func: Func,
  loop: Loop,
  dominators: Dominators,
  forms: LinearForms,
  counter: Counter,
  op: Comparison,
  isNext: boolean,
  bound: Value,
): Inequality | undefined {
  const step = counter.step.imm;
  const { start } = counter;
  if (isNumber(start) && isNumber(bound)) return withNumbers(forms, start.imm, step, op, isNext, bound.imm);
  const { folder } = forms;
  const distance = (): Value => folder.make("sub", [bound, start]);
  if (op === "ne") {
    // Met after a whole number of steps for sure only if the step is 1 or -1.
    if (step === 1) return { turns: distance(), trips: undefined };
    return step === -1 ? { turns: folder.make("sub", [start, bound]), trips: undefined } : undefined;
  }
  if (!isNext) return undefined;
  const isDown = step === -1 && (op === "ge_s" || op === "ge_u");
  const isUp = isPowerOfTwo(step) && step > 0 && (op === "lt_s" || op === "lt_u");
  if (!isDown && !isUp) return undefined;
  // Below the bound at the start, so the distance is one: the guard that the loop got when it was turned round.
  const guard = folder.make(op, [start, bound]);
  if (isKnownTrue(conditionsBefore(func, loop, dominators), guard) !== true) return undefined;
  if (isDown) {
    // x >= bound going down ends at bound - 1, unless there is no such number.
    const least = op === "ge_s" ? -0x8000_0000 : 0;
    if (!isNumber(bound) || bound.imm === least) return undefined;
    return { turns: folder.make("sub", [start, folder.constant(bound.imm - 1)]), trips: undefined };
  }
  if (step === 1) return { turns: distance(), trips: undefined };
  // A counter that steps over the bound and wraps would go on. So would what it points at, and leave all memory.
  const whole = folder.make("shr_u", [
    folder.make("add", [distance(), folder.constant(-1)]),
    folder.constant(trailingZeros(step)),
  ]);
  return { turns: folder.make("add", [whole, folder.constant(1)]), trips: undefined };
}

/** Trips are counted on the numbers; a loop that wraps on the way is left alone. */
function withNumbers(
  forms: LinearForms,
  start: number,
  step: number,
  op: Comparison,
  isNext: boolean,
  bound: number,
): Inequality | undefined {
  const first = isNext ? start + step : start;
  const isSigned = op !== "lt_u" && op !== "ge_u";
  const from = isSigned ? first | 0 : first >>> 0;
  const to = isSigned ? bound : bound >>> 0;
  if (from !== first && isSigned) return undefined;
  let turns: number;
  if (op === "ne") turns = (to - from) / step;
  else if (op === "lt_s" || op === "lt_u") turns = Math.ceil((to - from) / step);
  else if (op === "ge_s" || op === "ge_u") turns = Math.ceil((from - to + 1) / -step);
  else return undefined;
  if (!compare(op, first, bound)) turns = 0;
  if (!Number.isInteger(turns) || turns < 0) return undefined;
  const end = from + turns * step;
  if (end !== (isSigned ? end | 0 : end >>> 0) || compare(op, end, bound)) return undefined;
  const trips = turns + (isNext ? 1 : 0);
  return { turns: forms.folder.constant(trips), trips };
}

function conditionsBefore(func: Func, loop: Loop, dominators: Dominators): Conditions {
  const path: Block[] = [];
  for (let at = preheaderOf(loop); at !== undefined; at = dominators.parent(at)) path.push(at);
  let conditions: Conditions;
  for (const block of path.reverse()) conditions = conditionsAt(func, dominators, block, conditions);
  return conditions;
}

/** Lets the test read the pointer. */
export function replaceTest(
  func: Func,
  forms: LinearForms,
  test: ReplaceableTest,
  pointer: Pointer,
  next: Value,
): void {
  const { folder } = forms;
  const perStep = pointer.step.imm;
  const distance = folder.make("mul", [test.turns, folder.constant(perStep)]);
  // The next value of the pointer is what is tested in either case: the present one need not outlive the step then.
  const behind = folder.constant(test.isNext ? 0 : perStep);
  const end = folder.make("add", [folder.make("add", [pointer.start, distance]), behind]);
  const { block } = test;
  // Behind what it reads.
  const comparison = func.append(block, test.staysIf ? "ne" : "eq", [next, end]);
  if (block.terminator.kind === "branch") block.terminator.condition = comparison;
}
