/** Each condition of a branch has one that holds where it does not. */
import type { Condition } from "./machine-function.ts";

const OPPOSITES: readonly (readonly [Condition, Condition])[] = [
  ["beq", "bne"],
  ["blt", "bge"],
  ["bltu", "bgeu"],
  ["bany", "bnone"],
  ["ball", "bnall"],
  ["bbs", "bbc"],
  ["beqz", "bnez"],
  ["bltz", "bgez"],
  ["beqi", "bnei"],
  ["blti", "bgei"],
  ["bltui", "bgeui"],
  ["bbsi", "bbci"],
];

const OPPOSITE_OF: ReadonlyMap<Condition, Condition> = new Map(
  OPPOSITES.flatMap(([a, b]) => [
    [a, b],
    [b, a],
  ]),
);

export function oppositeOf(condition: Condition): Condition {
  return OPPOSITE_OF.get(condition) as Condition;
}
