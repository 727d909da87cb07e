/** Moves that happen at once, as a sequence: a register is written only when nobody still wants its old value. */
import type { Reg } from "../machine/machine-function.ts";
import type { Value } from "../ssa/ir.ts";

export interface Move {
  d: Reg;
  /** Source register, or the constant `value`. */
  s?: Reg;
  value?: Value;
}

export function sequenceMoves(moves: readonly Move[], newRegister: () => Reg): Move[] {
  const result: Move[] = [];
  let waiting = moves.filter(({ d, s }) => s !== undefined && s !== d);
  while (waiting.length > 0) {
    const ready = waiting.filter(({ d }) => !waiting.some((other) => other.s === d && other.d !== d));
    if (ready.length > 0) {
      result.push(...ready);
      waiting = waiting.filter((move) => !ready.includes(move));
      continue;
    }
    // Only cycles are left: one value steps aside.
    const [first] = waiting as [Move];
    const aside = newRegister();
    result.push({ d: aside, s: first.d });
    waiting = waiting.map((move) => (move.s === first.d ? { ...move, s: aside } : move));
  }
  // Constants need no source, and their targets are free now.
  return [...result, ...moves.filter(({ value }) => value !== undefined)];
}
