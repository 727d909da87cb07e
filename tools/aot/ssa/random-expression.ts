/** Random expressions over parameters and constants that rules are written about. For tests. */
import type { RandomSource } from "../../../runtime/board/random.ts";
import type { Func, PureOp, Value } from "./ir.ts";
import { COMPUTED_OPS } from "./operations.ts";

const NUMBERS = [0, 1, 2, 3, 7, 8, 15, 16, 17, 24, 31, 32, 33, 255, 256, 0xffff, 0x7fffffff, -0x80000000, -1, -2, -255];
const INPUTS = [0, 1, 2, 3, 8, 31, 32, 127, 128, 255, 256, 65535, 65536, 0x7ffffffe, 0x7fffffff, -0x80000000, -2, -1];

/** `make` decides what becomes of an operation: appended as it is, or folded. The same draws give the same expression. */
export function randomExpression(
  random: RandomSource,
  func: Func,
  params: readonly Value[],
  make: (op: PureOp, args: Value[]) => Value,
  depth = 4,
): Value {
  const pick = <T>(from: readonly T[]): T => from[random.integer(0, from.length - 1)] as T;
  const kind = random.integer(0, depth === 0 ? 2 : 8);
  if (kind === 0) return func.constant(pick(NUMBERS));
  if (kind === 1) return func.constant(random.integer(0, 40));
  if (kind === 2) return pick(params);
  const op = pick(COMPUTED_OPS);
  const count = op === "clz" ? 1 : op === "select" || op === "add_lt_u" || op === "sub_lt_u" || op === "funnel" ? 3 : 2;
  const args: Value[] = [];
  for (let i = 0; i < count; i++) {
    if (i > 0 && random.integer(0, 5) === 0) args.push(pick(args));
    else args.push(randomExpression(random, func, params, make, depth - 1));
  }
  return make(op, args);
}

export function randomInput(random: RandomSource): number {
  const near = INPUTS[random.integer(0, INPUTS.length - 1)] as number;
  return (near + random.integer(-1, 1)) | 0;
}
