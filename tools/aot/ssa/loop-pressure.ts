/**
 * About how many registers a loop keeps busy: values from outside that it uses, and what goes round. What is only needed
 * behind the loop is not counted: the allocator can keep that in memory.
 */

import { phis } from "./edit.ts";
import { terminatorArgs, type Value } from "./ir.ts";
import type { Loop } from "./loops.ts";

/** Registers for values that live long, of 14: the rest is for what comes and goes. */
const LONG_LIVED = 10;
/** With calls in the loop, only what the callee keeps: a12 to a15. */
const LONG_LIVED_OVER_CALLS = 4;

export class LoopPressure {
  /** Registers that are left. */
  left: number;
  readonly hasCalls: boolean;

  constructor(loop: Loop) {
    const outside = new Set<Value>();
    let hasCalls = false;
    const use = (value: Value): void => {
      if (value.op !== "const" && !loop.blocks.has(value.block)) outside.add(value);
    };
    for (const block of loop.blocks) {
      for (const value of block.values) {
        if (value.op === "call" || value.op === "call_pointer") hasCalls = true;
        if (block === loop.header && value.op === "phi") continue;
        for (const arg of value.args) use(arg);
      }
      for (const value of terminatorArgs(block.terminator)) use(value);
    }
    this.hasCalls = hasCalls;
    this.left = (hasCalls ? LONG_LIVED_OVER_CALLS : LONG_LIVED) - outside.size - phis(loop.header).length;
  }
}
