/**
 * Which registers are live at the borders of each block: virtual ones that are live at any border have a number in the
 * bit sets, physical ones are a mask.
 */
import { reversePostorder } from "../machine/control-flow.ts";
import { blockIdLimit } from "../machine/instruction-facts.ts";
import { FIRST_VIRTUAL, type MachineBlock, type MachineFunction, type Reg } from "../machine/machine-function.ts";

export class Liveness {
  /** Registers that have a bit, by its number. */
  readonly #registers: Reg[] = [];
  readonly #words: number;
  readonly #position: Int32Array;
  readonly #in: Uint32Array;
  readonly #out: Uint32Array;
  readonly #physicalIn: Uint16Array;
  readonly #physicalOut: Uint16Array;

  constructor(fn: MachineFunction) {
    const order = reversePostorder(fn).reverse();
    this.#position = new Int32Array(blockIdLimit(fn)).fill(-1);
    for (const [position, block] of order.entries()) this.#position[block.id] = position;
    const bitOf = findExposed(order, fn.registerCount, this.#registers);
    const words = (this.#registers.length + 31) >>> 5;
    this.#words = words;
    this.#in = new Uint32Array(order.length * words);
    this.#out = new Uint32Array(order.length * words);
    this.#physicalIn = new Uint16Array(order.length);
    this.#physicalOut = new Uint16Array(order.length);
    const kill = new Uint32Array(order.length * words);
    const physicalKill = new Uint16Array(order.length);
    for (const [position, block] of order.entries()) {
      const base = position * words;
      for (const inst of block.insts) {
        for (const reg of inst.uses) {
          if (reg < FIRST_VIRTUAL) {
            if (((physicalKill[position] as number) & (1 << reg)) === 0)
              this.#physicalIn[position] = (this.#physicalIn[position] as number) | (1 << reg);
            continue;
          }
          const bit = bitOf[reg] as number;
          const word = base + (bit >> 5);
          if (bit >= 0 && ((kill[word] as number) & (1 << (bit & 31))) === 0)
            this.#in[word] = (this.#in[word] as number) | (1 << (bit & 31));
        }
        for (const reg of inst.defs) {
          if (reg < FIRST_VIRTUAL) {
            physicalKill[position] = (physicalKill[position] as number) | (1 << reg);
            continue;
          }
          const bit = bitOf[reg] as number;
          if (bit >= 0) kill[base + (bit >> 5)] = (kill[base + (bit >> 5)] as number) | (1 << (bit & 31));
        }
      }
    }
    this.#solve(order, kill, physicalKill);
  }

  /** Postorder: successors come first, so a pass carries a use through everything but back edges. */
  #solve(order: readonly MachineBlock[], kill: Uint32Array, physicalKill: Uint16Array): void {
    const words = this.#words;
    const successors = order.map((block) => block.successors.map((next) => this.#position[next.id] as number));
    for (let changed = true; changed; ) {
      changed = false;
      for (let position = 0; position < order.length; position++) {
        const base = position * words;
        for (const next of successors[position] as number[]) {
          this.#physicalOut[position] = (this.#physicalOut[position] as number) | (this.#physicalIn[next] as number);
          const nextBase = next * words;
          for (let word = 0; word < words; word++) {
            const before = this.#out[base + word] as number;
            const after = (before | (this.#in[nextBase + word] as number)) >>> 0;
            if (after === before) continue;
            this.#out[base + word] = after;
            const live = ((this.#in[base + word] as number) | (after & ~(kill[base + word] as number))) >>> 0;
            if (live !== this.#in[base + word]) {
              this.#in[base + word] = live;
              changed = true;
            }
          }
        }
        const physical =
          (this.#physicalIn[position] as number) |
          ((this.#physicalOut[position] as number) & ~(physicalKill[position] as number));
        if (physical !== this.#physicalIn[position]) {
          this.#physicalIn[position] = physical;
          changed = true;
        }
      }
    }
  }

  physicalIn(block: MachineBlock): number {
    return this.#physicalIn[this.#position[block.id] as number] as number;
  }

  physicalOut(block: MachineBlock): number {
    return this.#physicalOut[this.#position[block.id] as number] as number;
  }

  virtualIn(block: MachineBlock): Reg[] {
    return this.#list(this.#in, block);
  }

  virtualOut(block: MachineBlock): Reg[] {
    return this.#list(this.#out, block);
  }

  #list(sets: Uint32Array, block: MachineBlock): Reg[] {
    const base = (this.#position[block.id] as number) * this.#words;
    const list: Reg[] = [];
    for (let word = 0; word < this.#words; word++) {
      for (let rest = sets[base + word] as number; rest !== 0; rest &= rest - 1) {
        list.push(this.#registers[(word << 5) + 31 - Math.clz32(rest & -rest)] as number);
      }
    }
    return list;
  }
}

/** Numbers the virtual registers that some block reads before it writes them: others are live within a block only. */
function findExposed(order: readonly MachineBlock[], registerCount: number, registers: Reg[]): Int32Array {
  const bitOf = new Int32Array(registerCount).fill(-1);
  const writtenIn = new Int32Array(registerCount).fill(-1);
  for (const [position, block] of order.entries()) {
    for (const inst of block.insts) {
      for (const reg of inst.uses) {
        if (reg >= FIRST_VIRTUAL && writtenIn[reg] !== position && bitOf[reg] === -1) {
          bitOf[reg] = registers.length;
          registers.push(reg);
        }
      }
      for (const reg of inst.defs) writtenIn[reg] = position;
    }
  }
  return bitOf;
}
