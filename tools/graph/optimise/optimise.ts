/** The passes in IOTile's order: dead code, copy all, always, copies; then constants, where there are too many. */
import type { GraphStreamer } from "../model.ts";
import { removeCopies } from "./remove-copies.ts";
import { shareConstants } from "./share-constants.ts";
import { convertToAlways, downgradeCopyAll, type Pass, removeDeadCode } from "./simplify.ts";
import type { RankedNode } from "./visits.ts";

const PASSES: Pass[] = [removeDeadCode, downgradeCopyAll, convertToAlways];

export function optimise(
  nodes: readonly RankedNode[],
  streamers: readonly GraphStreamer[],
  constants: ReadonlyMap<number, number>,
): readonly RankedNode[] {
  const simple = PASSES.reduce((before, pass) => pass(before, streamers), nodes);
  return shareConstants(removeCopies(simple, streamers, constants), constants);
}
