/**
 * Of blocks that do the same and go on to the same place, one is enough. This comes before the order of the blocks: what
 * many ways share then stands once and off their way, and each branches there instead of around a copy of its own.
 */
import type { Frame } from "../allocate/plan-frame.ts";
import { redirect, removeUnreachable } from "../machine/control-flow.ts";
import type { MachineBlock, MachineFunction, MachineInst } from "../machine/machine-function.ts";

export function mergeEqualBlocks(fn: MachineFunction, frame: Frame): void {
  // Blocks that are equal once those behind them are one come together in the next round; each round removes a block.
  for (let hasMerged = true; hasMerged; ) {
    hasMerged = false;
    const seen = new Map<string, MachineBlock>();
    for (const block of fn.blocks.slice(1)) {
      const text = textOf(block, frame);
      const other = seen.get(text);
      if (other === undefined) {
        seen.set(text, block);
        continue;
      }
      for (const from of block.predecessors.slice()) redirect(from, block, other);
      hasMerged = true;
    }
    removeUnreachable(fn);
  }
}

/** Equal for blocks of which either may stand for the other. */
function textOf(block: MachineBlock, { framedAtStart, tailCalls }: Frame): string {
  const insts = block.insts.map((inst) => `${textOfInst(inst)} ${tailCalls.has(inst)}`);
  return [block.loopDepth, framedAtStart.has(block), ...insts].join("\n");
}

function textOfInst({ source: _, inner, target, targets, ...inst }: MachineInst): string {
  const to = [target, ...(targets ?? [])].map((block) => block?.id);
  return JSON.stringify([Object.entries(inst).sort(), to]) + (inner === undefined ? "" : textOfInst(inner));
}
