/** Instructions on their way to bytes: chosen, but with labels for addresses and without a width for branches. */
import type { Instruction } from "../../lx106/encode.ts";
import type { Condition } from "../machine/machine-function.ts";
import type { Trap } from "../ssa/ir.ts";

export interface Label {
  /** From the start of the function; known when the code has been measured. */
  address: number;
}

export type CodeItem = { source?: number } & (
  | { kind: "plain"; instruction: Instruction }
  | { kind: "label"; label: Label }
  /** `operands` are those before the target. With a `trap`, the label is that of the trap's shared instruction. `hop`: see Hop. */
  | { kind: "branch"; condition: Condition; operands: number[]; to: Label; trap?: Trap; form: BranchForm; hop?: Label }
  | { kind: "jump"; to: Label }
  | { kind: "trap"; trap: Trap }
  /** Where the branches to this trap go; at the end of the function, and only if one of them goes there. */
  | { kind: "shared-trap"; label: Label; trap: Trap }
  /** call0, or j for a call that is the last thing the function does. */
  | { kind: "call"; function: number; isTail: boolean }
  /** The call0 over a jump table, whose end is aligned. */
  | { kind: "table-call"; to: Label }
  | { kind: "align" }
  | { kind: "literal"; register: number; value: number; symbol?: string }
);

export enum BranchForm {
  /** beqz.n, bnez.n */
  Narrow = 0,
  Wide = 1,
  /** To a jump, or a trap, near by that another one needs anyway: `hop`. */
  Hop = 2,
  /** The opposite branch over a jump, or over the trap itself. */
  Over = 3,
}
