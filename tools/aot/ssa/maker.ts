/** What the rules of folding (fold.ts) make values with. */
import type { PureOp, Value } from "./ir.ts";

export interface Maker {
  make(op: PureOp, args: Value[]): Value;
  constant(imm: number, symbol?: string): Value;
  /** Whether a value has other users (or nobody knows): a rule that repeats its work would not pay. */
  isShared(value: Value): boolean;
}
