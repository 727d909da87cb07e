/**
 * Where a branch or switch is decided by the way on which one came to its block - `a && b` leaves a phi with a constant -,
 * that predecessor goes straight to the target.
 */

import { reversePostorder } from "./dominators.ts";
import { duplicateBlock } from "./duplicate-block.ts";
import { removeUnreachable, replaceTerminator } from "./edit.ts";
import { bareCondition } from "./fold-select.ts";
import type { Block, Func, Value } from "./ir.ts";
import { assumeEdge, isKnownTrue } from "./known-conditions.ts";
import { evaluate, hasEffect, isNumber, isPureOp } from "./operations.ts";

/** Values besides phis that a block may have to be copied, those of its condition not counted. */
const COPIED_MAX = 2;
/** How far a condition is followed for what it is on some way. */
const DEPTH_MAX = 4;
/** Copies that need no repair are cheap; the limit is for adversaries. */
const THREADS_MAX = 2000;

/** Returns whether anything changed. */
export function threadJumps(func: Func): boolean {
  let isChanged = false;
  let threads = 0;
  const order = reversePostorder(func);
  const position = new Int32Array(func.blockCount);
  order.forEach((block, index) => {
    position[block.id] = index;
  });
  const isHeader = (block: Block): boolean =>
    block.predecessors.some((from) => (position[from.id] ?? 0) >= (position[block.id] as number));
  for (const block of order) {
    if (block.predecessors.length < 2 || !hasChoice(block) || isHeader(block)) continue;
    if (!isCheapToCopy(block)) continue;
    for (const from of new Set(block.predecessors)) {
      if (block.predecessors.length < 2 || threads >= THREADS_MAX) break;
      // All edges of one predecessor go along.
      if (block.predecessors.every((other) => other === from)) break;
      const target = targetFrom(func, block, from);
      if (target === undefined) continue;
      const copy = duplicateBlock(func, block, [from]);
      replaceTerminator(copy, { kind: "jump", to: target });
      threads++;
      isChanged = true;
    }
  }
  if (isChanged) removeUnreachable(func);
  return isChanged;
}

function hasChoice(block: Block): boolean {
  return block.terminator.kind === "branch" || block.terminator.kind === "switch";
}

function isCheapToCopy(block: Block): boolean {
  const inCondition = new Set<Value>();
  const terminator = block.terminator;
  const collect = (value: Value, depth: number): void => {
    if (value.block !== block || depth > DEPTH_MAX || !isPureOp(value.op)) return;
    inCondition.add(value);
    for (const arg of value.args) collect(arg, depth + 1);
  };
  if (terminator.kind === "branch") collect(terminator.condition, 0);
  if (terminator.kind === "switch") collect(terminator.index, 0);
  let others = 0;
  for (const value of block.values) {
    if (value.op === "phi" || inCondition.has(value)) continue;
    if (hasEffect(value) || value.op === "call" || value.op === "result") return false;
    if (++others > COPIED_MAX) return false;
  }
  return true;
}

/** Where one goes that comes from a predecessor, if that is decided. */
function targetFrom(func: Func, block: Block, from: Block): Block | undefined {
  const terminator = block.terminator;
  const edge = block.predecessors.indexOf(from);
  if (terminator.kind === "switch") {
    const index = numberOn(block, edge, terminator.index, 0);
    return index === undefined ? undefined : (terminator.targets[index >>> 0] ?? terminator.otherwise);
  }
  if (terminator.kind !== "branch") return undefined;
  const number = numberOn(block, edge, terminator.condition, 0);
  if (number !== undefined) return number !== 0 ? terminator.then : terminator.else;
  const bare = bareCondition(terminator.condition);
  const { condition } = bare;
  const atEdge =
    condition.op === "phi" && condition.block === block
      ? (condition.args[edge] as Value)
      : condition.block === block
        ? undefined
        : condition;
  if (atEdge === undefined) return undefined;
  const isTrue = isKnownTrue(assumeEdge(func, undefined, from, block), atEdge);
  if (isTrue === undefined) return undefined;
  return isTrue !== bare.isOpposite ? terminator.then : terminator.else;
}

/** The number that a value is when its block is entered over an edge. */
function numberOn(block: Block, edge: number, value: Value, depth: number): number | undefined {
  if (isNumber(value)) return value.imm;
  if (value.block !== block || depth > DEPTH_MAX) return undefined;
  if (value.op === "phi") {
    const arg = value.args[edge] as Value;
    return isNumber(arg) ? arg.imm : undefined;
  }
  if (!isPureOp(value.op) || value.op === "const") return undefined;
  const numbers: number[] = [];
  for (const arg of value.args) {
    const number = numberOn(block, edge, arg, depth + 1);
    if (number === undefined) return undefined;
    numbers.push(number);
  }
  return evaluate(value.op, numbers);
}
