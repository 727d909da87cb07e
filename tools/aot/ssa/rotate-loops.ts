/**
 * Turns loops round: `while (c) body` becomes `if (c) do body while (c)`. One branch a turn instead of a branch and a
 * jump, and what stands at the start of the body is certain to run once the loop is entered.
 */
import { Dominators } from "./dominators.ts";
import { duplicateBlock } from "./duplicate-block.ts";
import type { Block, Func, Value } from "./ir.ts";
import { Loops } from "./loops.ts";
import { hasEffect } from "./operations.ts";

/** Values of the header that are copied; a comparison and what it needs. */
const HEADER_VALUES_MAX = 5;

/** Returns whether anything changed. */
export function rotateLoops(func: Func): boolean {
  const loops = new Loops(new Dominators(func)).all;
  let isChanged = false;
  for (const loop of loops) {
    const { header } = loop;
    const terminator = header.terminator;
    if (terminator.kind !== "branch" || loop.latches.includes(header)) continue;
    if (loop.blocks.has(terminator.then) === loop.blocks.has(terminator.else)) continue;
    // A test below saves the jump already.
    if (loop.latches.every((latch) => leaves(latch, loop.blocks))) continue;
    if (!isCheap(header)) continue;
    const entries = header.predecessors.filter((from) => !loop.blocks.has(from));
    if (entries.length === 0) continue;
    const copy = duplicateBlock(func, header, entries);
    for (let around = loop.parent; around !== undefined; around = around.parent) around.blocks.add(copy);
    isChanged = true;
  }
  return isChanged;
}

function leaves(latch: Block, blocks: ReadonlySet<Block>): boolean {
  const terminator = latch.terminator;
  return terminator.kind === "branch" && !(blocks.has(terminator.then) && blocks.has(terminator.else));
}

function isCheap(header: Block): boolean {
  const own = header.values.filter((value) => value.op !== "phi");
  return own.length <= HEADER_VALUES_MAX && own.every(isCopied);
}

function isCopied(value: Value): boolean {
  return !hasEffect(value) && value.op !== "call" && value.op !== "result";
}
