/** Writes the bytes of a function, once each branch has its form (settle-branches.ts). */
import { encode, type Instruction } from "../../lx106/encode.ts";
import type { Mnemonic } from "../../lx106/instruction-table.ts";
import { oppositeOf } from "../machine/opposite-condition.ts";
import type { Trap } from "../ssa/ir.ts";
import { BranchForm, type CodeItem, type Label } from "./code-item.ts";
import { ALIGNMENT_BYTES, type Branch, BranchSettler, hasNarrow, sizeOfBranch } from "./settle-branches.ts";

export interface AssembledCode {
  bytes: Uint8Array;
  calls: { offset: number; function: number; isTail: boolean }[];
  literals: { offset: number; value: number; symbol?: string; register: number }[];
  trapSites: { offset: number; trap: Trap }[];
  instructions: { offset: number; source?: number }[];
}

/** What a jump, a call and an l32r are encoded with until the linker knows better: aligned, in range, far from 0. */
const PLACEHOLDER_ADDRESS = 0x100000;

export function assemble(items: readonly CodeItem[]): AssembledCode {
  const settler = new BranchSettler(items);
  settler.settle(items);
  const used = dropUnusedTraps(items);
  if (used.length < items.length) settler.settle(used);
  return new Writer(used).write();
}

/** Those that every branch has inline. */
function dropUnusedTraps(items: readonly CodeItem[]): CodeItem[] {
  const used = new Set<Label>();
  for (const item of items) {
    const isInline = item.kind === "branch" && item.trap !== undefined && item.form === BranchForm.Over;
    if ((item.kind === "branch" || item.kind === "jump") && !isInline) used.add(item.to);
  }
  return items.filter((item) => item.kind !== "shared-trap" || used.has(item.label));
}

class Writer {
  readonly #items: readonly CodeItem[];
  readonly #bytes: number[] = [];
  readonly #result: AssembledCode = {
    bytes: new Uint8Array(),
    calls: [],
    literals: [],
    trapSites: [],
    instructions: [],
  };

  constructor(items: readonly CodeItem[]) {
    this.#items = items;
  }

  write(): AssembledCode {
    for (const item of this.#items) this.#writeItem(item);
    this.#result.bytes = Uint8Array.from(this.#bytes);
    return this.#result;
  }

  #writeItem(item: CodeItem): void {
    const offset = this.#bytes.length;
    switch (item.kind) {
      case "label":
        return;
      case "align":
        while (this.#bytes.length % ALIGNMENT_BYTES !== 0) this.#bytes.push(0);
        return;
      case "plain":
        return this.#put(item.instruction, item);
      case "jump":
        return this.#put({ mnemonic: "j", operands: [item.to.address] }, item);
      case "table-call":
        return this.#put({ mnemonic: "call0", operands: [item.to.address] }, item);
      case "branch":
        return this.#writeBranch(item);
      case "trap":
      case "shared-trap":
        return this.#writeTrap(item.trap, item);
      case "call": {
        const address = (PLACEHOLDER_ADDRESS + offset) & -ALIGNMENT_BYTES;
        this.#result.calls.push({ offset, function: item.function, isTail: item.isTail });
        return this.#put({ mnemonic: item.isTail ? "j" : "call0", operands: [address] }, item, PLACEHOLDER_ADDRESS);
      }
      case "literal": {
        const { register, value, symbol } = item;
        this.#result.literals.push({ offset, value, register, ...(symbol === undefined ? {} : { symbol }) });
        const address = ((PLACEHOLDER_ADDRESS + offset) & -ALIGNMENT_BYTES) - ALIGNMENT_BYTES;
        return this.#put({ mnemonic: "l32r", operands: [register, address] }, item, PLACEHOLDER_ADDRESS);
      }
    }
  }

  #writeBranch(item: Branch): void {
    const { condition, operands, to, form, trap, hop } = item;
    if (form !== BranchForm.Over) {
      const mnemonic = form === BranchForm.Narrow ? (`${condition}.n` as Mnemonic) : condition;
      const target = form === BranchForm.Hop && hop !== undefined ? hop.address : to.address;
      return this.#put({ mnemonic, operands: [...operands, target] }, item);
    }
    const opposite = oppositeOf(condition);
    const mnemonic = hasNarrow(opposite) ? (`${opposite}.n` as Mnemonic) : opposite;
    const behind = this.#bytes.length + sizeOfBranch(item);
    this.#put({ mnemonic, operands: [...operands, behind] }, item);
    if (trap === undefined) this.#put({ mnemonic: "j", operands: [to.address] }, item);
    else this.#writeTrap(trap, item);
  }

  #writeTrap(trap: Trap, item: CodeItem): void {
    this.#result.trapSites.push({ offset: this.#bytes.length, trap });
    this.#put({ mnemonic: "ill.n", operands: [] }, item);
  }

  #put(instruction: Instruction, { source }: CodeItem, base = 0): void {
    const offset = this.#bytes.length;
    this.#result.instructions.push(source === undefined ? { offset } : { offset, source });
    for (const byte of encode(instruction, base + offset)) this.#bytes.push(byte);
  }
}
