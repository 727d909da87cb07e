/**
 * Slots that are never in use at the same time become one word of the frame; stores that nothing reads go. The slots
 * used most often get the lowest offsets, which the narrow loads and stores reach.
 */
import type { Frequencies } from "../machine/block-frequency.ts";
import { FIRST_VIRTUAL, type MachineFunction, type MachineInst } from "../machine/machine-function.ts";
import { Liveness } from "./liveness.ts";

/** Returns how many words remain. */
export function packSlots(fn: MachineFunction, slotCount: number, frequencies: Frequencies): number {
  if (slotCount === 0) return 0;
  removeDeadStores(fn, slotCount);
  const weight = new Float64Array(slotCount);
  const conflicts = Array.from({ length: slotCount }, () => new Set<number>());
  const liveness = slotLiveness(fn, slotCount);
  for (const block of fn.blocks) {
    const frequency = frequencies.of(block);
    const live = new Set(liveness.virtualOut(block).map((reg) => reg - FIRST_VIRTUAL));
    for (let index = block.insts.length - 1; index >= 0; index--) {
      const inst = block.insts[index] as MachineInst;
      if (inst.op === "store_slot") {
        live.delete(inst.imm);
        for (const other of live) {
          (conflicts[inst.imm] as Set<number>).add(other);
          (conflicts[other] as Set<number>).add(inst.imm);
        }
      } else if (inst.op === "load_slot") live.add(inst.imm);
      else continue;
      weight[inst.imm] = (weight[inst.imm] as number) + frequency;
    }
  }
  const word = new Int32Array(slotCount).fill(-1);
  const byWeight = Array.from(weight.keys()).sort((a, b) => (weight[b] as number) - (weight[a] as number) || a - b);
  let wordCount = 0;
  for (const slot of byWeight) {
    if (weight[slot] === 0) continue;
    const taken = new Set(Array.from(conflicts[slot] as Set<number>, (other) => word[other]));
    let free = 0;
    while (taken.has(free)) free++;
    word[slot] = free;
    wordCount = Math.max(wordCount, free + 1);
  }
  for (const block of fn.blocks) {
    for (const inst of block.insts) {
      if (inst.op === "store_slot" || inst.op === "load_slot") inst.imm = word[inst.imm] as number;
    }
  }
  return wordCount;
}

function removeDeadStores(fn: MachineFunction, slotCount: number): void {
  const liveness = slotLiveness(fn, slotCount);
  for (const block of fn.blocks) {
    if (!block.insts.some((inst) => inst.op === "store_slot")) continue;
    const live = new Set(liveness.virtualOut(block).map((reg) => reg - FIRST_VIRTUAL));
    const kept: MachineInst[] = [];
    for (let index = block.insts.length - 1; index >= 0; index--) {
      const inst = block.insts[index] as MachineInst;
      if (inst.op === "store_slot" && !live.delete(inst.imm)) continue;
      if (inst.op === "load_slot") live.add(inst.imm);
      kept.push(inst);
    }
    block.insts = kept.reverse();
  }
}

/** Liveness of slots as that of registers: a store is a definition, a load a use. */
function slotLiveness(fn: MachineFunction, slotCount: number): Liveness {
  const shadows = new Map(fn.blocks.map((block) => [block, { ...block, insts: [] as MachineInst[] }]));
  for (const [block, shadow] of shadows) {
    shadow.successors = block.successors.map((next) => shadows.get(next) as typeof shadow);
    for (const inst of block.insts) {
      const name = FIRST_VIRTUAL + inst.imm;
      if (inst.op === "store_slot") shadow.insts.push({ op: "store_slot", defs: [name], uses: [], imm: 0 });
      if (inst.op === "load_slot") shadow.insts.push({ op: "load_slot", defs: [], uses: [name], imm: 0 });
    }
  }
  return new Liveness({ ...fn, blocks: [...shadows.values()], registerCount: FIRST_VIRTUAL + slotCount });
}
