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

/** One cut, of any kind; most often one that leaves a few weak bits at the end. Or, `whole`, only before or after. */
export function anyCut(operation: FlashOperation, random: RandomSource, whole = false): Cut {
  const kind = random.integer(0, whole ? 1 : 7);
  if (kind === 0) return { at: "before" };
  if (kind === 1) return { at: "after" };
  return tornCut(operation, random, kind < 5 ? 0 : random.integer(0, TORN_KINDS - 1));
}

const TORN_KINDS = 8;

/**
 * The last word is what commits a record: many of the torn states are in it. With few weak bits the word reads as written,
 * or as blank, at one start and as something else at the next.
 */
function tornCut(operation: FlashOperation, random: RandomSource, index: number): Cut {
  const seed = random.integer(1, 0x7fffffff);
  if (operation.kind === "erase") return { at: "inside", seed };
  const last = operation.bytes / WORD_BYTES - 1;
  const half = () => random.integer(-0x80000000, 0x7fffffff) >>> 0;
  const few = () => (half() & half() & half()) >>> 0;
  const some = random.integer(0, last);
  switch (index % TORN_KINDS) {
    case 0:
      return { at: "inside", words: last, clears: ~few() >>> 0, weak: ALL_BITS };
    case 1:
      return { at: "inside", words: some, clears: half(), weak: 0 };
    case 2:
      return { at: "inside", words: 0, clears: 0, weak: few() };
    case 3:
      return { at: "inside", words: some, clears: half(), weak: half() };
    case 4:
      return { at: "inside", words: last, clears: half(), weak: ALL_BITS };
    case 5:
      return { at: "inside", words: some, clears: ~few() >>> 0, weak: ALL_BITS };
    case 6:
      return { at: "inside", words: some, clears: 0, weak: ALL_BITS };
    default:
      return { at: "inside", words: last, clears: half(), weak: half() };
  }
}
