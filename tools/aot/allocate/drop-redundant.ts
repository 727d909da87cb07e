/**
 * After allocation: copies, constants and loads of slots that bring a register what it has already, or that another
 * register has. Follows the values of registers and slots through a block and into blocks that only it leads to.
 */
import { clobberedMask } from "../machine/instruction-facts.ts";
import {
  FIRST_VIRTUAL,
  type MachineBlock,
  type MachineFunction,
  type MachineInst,
} from "../machine/machine-function.ts";

/** Values have numbers; constants get theirs by what they are. */
type ValueNumber = number;

class KnownValues {
  readonly ofRegister = new Int32Array(FIRST_VIRTUAL).fill(-1);
  readonly ofSlot = new Map<number, ValueNumber>();

  copy(): KnownValues {
    const twin = new KnownValues();
    twin.ofRegister.set(this.ofRegister);
    for (const [slot, value] of this.ofSlot) twin.ofSlot.set(slot, value);
    return twin;
  }
}

export function dropRedundant(fn: MachineFunction): void {
  new RedundancyRemover().run(fn);
}

class RedundancyRemover {
  readonly #constants = new Map<string, ValueNumber>();
  #nextValue = 0;
  #known = new KnownValues();

  run(fn: MachineFunction): void {
    const stack: { block: MachineBlock; known: KnownValues }[] = [];
    for (const block of fn.blocks) {
      if (block.predecessors.length !== 1) stack.push({ block, known: new KnownValues() });
    }
    for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
      this.#known = top.known;
      top.block.insts = top.block.insts.filter((inst) => this.#keep(inst));
      for (const next of top.block.successors) {
        if (next.predecessors.length === 1) stack.push({ block: next, known: this.#known.copy() });
      }
    }
  }

  /** Notes what the instruction does; false when it is not needed. */
  #keep(inst: MachineInst): boolean {
    const { ofRegister, ofSlot } = this.#known;
    const [d = 0] = inst.defs;
    const [s = 0] = inst.uses;
    switch (inst.op) {
      case "copy":
        return this.#bring(d, this.#valueOf(s));
      case "const":
        return this.#bring(d, this.#constant(inst));
      case "load_slot":
        return this.#load(inst, d, inst.imm);
      case "store_slot": {
        const value = this.#valueOf(s);
        if (ofSlot.get(inst.imm) === value) return false;
        ofSlot.set(inst.imm, value);
        return true;
      }
      default:
        for (let reg = 0, mask = clobberedMask(inst); mask !== 0; reg++, mask >>>= 1) {
          if ((mask & 1) !== 0) ofRegister[reg] = -1;
        }
        for (const reg of inst.defs) ofRegister[reg] = -1;
        return true;
    }
  }

  #load(inst: MachineInst, d: number, slot: number): boolean {
    const { ofRegister, ofSlot } = this.#known;
    const value = ofSlot.get(slot) ?? this.#nextValue++;
    ofSlot.set(slot, value);
    const holder = ofRegister.indexOf(value);
    if (holder >= 0) Object.assign(inst, { op: "copy", uses: [holder], imm: 0 });
    return this.#bring(d, value);
  }

  #bring(d: number, value: ValueNumber): boolean {
    if (this.#known.ofRegister[d] === value) return false;
    this.#known.ofRegister[d] = value;
    return true;
  }

  #valueOf(reg: number): ValueNumber {
    if (this.#known.ofRegister[reg] === -1) this.#known.ofRegister[reg] = this.#nextValue++;
    return this.#known.ofRegister[reg] as number;
  }

  #constant({ imm, symbol }: MachineInst): ValueNumber {
    const key = `${imm} ${symbol ?? ""}`;
    const value = this.#constants.get(key) ?? this.#nextValue++;
    this.#constants.set(key, value);
    return value;
  }
}
