/** Which cuts are made at an operation: before it, after it, and several torn states inside, seeded. */
import type { Cut, FlashOperation } from "../../runtime/board/flash.ts";
import type { RandomSource } from "../../runtime/board/random.ts";

const WORD_BYTES = 4;
const ALL_BITS = 0xffffffff;

/** `torn` states inside the operation, and the two at its ends. */
export function cutsAt(operation: FlashOperation, random: RandomSource, torn: number): Cut[] {
  const cuts: Cut[] = [{ at: "before" }, { at: "after" }];
  for (let index = 0; index < torn; index++) cuts.push(tornCut(operation, random, index));
  return cuts;
}

/** One cut, of any kind. */
export function anyCut(operation: FlashOperation, random: RandomSource): Cut {
  const kind = random.integer(0, 3);
  if (kind === 0) return { at: "before" };
  if (kind === 1) return { at: "after" };
  return tornCut(operation, random, random.integer(0, 7));
}

function tornCut(operation: FlashOperation, random: RandomSource, index: number): Cut {
  const seed = random.integer(1, 0x7fffffff);
  if (operation.kind === "erase") return { at: "inside", seed };
  const words = operation.bytes / WORD_BYTES;
  // The last word is what commits a record: half of the torn states are in it.
  const whole = index % 2 === 0 ? words - 1 : random.integer(0, words - 1);
  const mask = () => random.integer(-0x80000000, 0x7fffffff) >>> 0;
  switch (index % 4) {
    case 0:
      // Every bit is there, some of them only nearly.
      return { at: "inside", words: whole, clears: mask(), weak: ALL_BITS };
    case 1:
      return { at: "inside", words: whole, clears: mask(), weak: 0 };
    case 2:
      return { at: "inside", words: whole, clears: 0, weak: ALL_BITS };
    default:
      return { at: "inside", words: whole, clears: mask(), weak: mask() };
  }
}
