/** A copy of a machine function to try something on; `commit` makes the original what the copy has become. */
import type { MachineBlock, MachineFunction, MachineInst } from "../machine/machine-function.ts";
import type { Frame } from "./plan-frame.ts";

export class FunctionCopy {
  readonly work: MachineFunction;
  readonly #original: MachineFunction;
  readonly #blockOf = new Map<MachineBlock, MachineBlock>();
  readonly #instOf = new Map<MachineInst, MachineInst>();

  constructor(original: MachineFunction) {
    this.#original = original;
    const copies = new Map<MachineBlock, MachineBlock>();
    for (const block of original.blocks) {
      const copy: MachineBlock = { ...block, insts: [], successors: [], predecessors: [] };
      copies.set(block, copy);
      this.#blockOf.set(copy, block);
    }
    const copyOf = (block: MachineBlock) => copies.get(block) as MachineBlock;
    for (const [block, copy] of copies) {
      copy.successors = block.successors.map(copyOf);
      copy.predecessors = block.predecessors.map(copyOf);
      copy.insts = block.insts.map((inst) => {
        const twin = { ...inst, defs: inst.defs.slice(), uses: inst.uses.slice() };
        if (inst.target !== undefined) twin.target = copyOf(inst.target);
        if (inst.targets !== undefined) twin.targets = inst.targets.map(copyOf);
        if (inst.inner !== undefined) twin.inner = { ...inst.inner };
        this.#instOf.set(twin, inst);
        return twin;
      });
    }
    this.work = { ...original, blocks: [...copies.values()] };
  }

  /** Instructions and blocks that the original had stay the same objects. */
  commit(): void {
    for (const block of this.work.blocks) this.#blockOf.set(block, this.#blockOf.get(block) ?? { ...block });
    for (const block of this.work.blocks) {
      const target = this.#originalBlock(block);
      target.loopDepth = block.loopDepth;
      target.successors = block.successors.map((next) => this.#originalBlock(next));
      target.predecessors = block.predecessors.map((previous) => this.#originalBlock(previous));
      target.insts = block.insts.map((inst) => this.#commitInst(inst));
    }
    const blocks = this.work.blocks.map((block) => this.#originalBlock(block));
    Object.assign(this.#original, this.work, { blocks });
  }

  /** After `commit`. */
  translateFrame(frame: Frame): Frame {
    return {
      ...frame,
      framedAtStart: new Set(Array.from(frame.framedAtStart, (block) => this.#originalBlock(block))),
      tailCalls: new Set(Array.from(frame.tailCalls, (inst) => this.#instOf.get(inst) ?? inst)),
    };
  }

  #originalBlock(block: MachineBlock): MachineBlock {
    return this.#blockOf.get(block) as MachineBlock;
  }

  #commitInst(inst: MachineInst): MachineInst {
    const target = this.#instOf.get(inst) ?? inst;
    const { target: to, targets } = inst;
    Object.assign(target, inst);
    if (to !== undefined) target.target = this.#originalBlock(to);
    if (targets !== undefined) target.targets = targets.map((block) => this.#originalBlock(block));
    return target;
  }
}
