/**
 * Gives each branch the shortest form that reaches its target, and writes the bytes. Forms only grow, from the narrowest
 * on, until all fit: that ends, and with the least for code whose branches do not lean on each other.
 */
import { encode, type Instruction } from "../../lx106/encode.ts";
import type { Mnemonic } from "../../lx106/instruction-table.ts";
import type { Condition } from "../machine/machine-function.ts";
import { oppositeOf } from "../machine/opposite-condition.ts";
import type { Trap } from "../ssa/ir.ts";
import { BranchForm, type CodeItem, type Label } from "./code-item.ts";

export interface AssembledCode {
  bytes: Uint8Array;
  calls: { offset: number; function: number; isTail: boolean }[];
  literals: { offset: number; value: number; symbol?: string; register: number }[];
  trapSites: { offset: number; trap: Trap }[];
  instructions: { offset: number; source?: number }[];
}

const WIDE_BYTES = 3;
const NARROW_BYTES = 2;
const ALIGNMENT_BYTES = 4;
/** What a jump, a call and an l32r are encoded with until the linker knows better: aligned, in range, far from 0. */
const PLACEHOLDER_ADDRESS = 0x100000;

type Branch = Extract<CodeItem, { kind: "branch" }>;

export function assemble(items: readonly CodeItem[]): AssembledCode {
  settleBranches(items);
  const used = dropUnusedTraps(items);
  if (used.length < items.length) settleBranches(used);
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

function settleBranches(items: readonly CodeItem[]): void {
  for (let changed = true; changed; ) {
    changed = false;
    placeLabels(items);
    let address = 0;
    for (const item of items) {
      if (item.kind === "branch" && item.form !== BranchForm.Over && !reaches(item, address)) {
        item.form++;
        changed = true;
      }
      address += sizeOfItem(item, address);
    }
  }
}

function placeLabels(items: readonly CodeItem[]): void {
  let address = 0;
  for (const item of items) {
    if (item.kind === "label" || item.kind === "shared-trap") item.label.address = address;
    address += sizeOfItem(item, address);
  }
}

function sizeOfItem(item: CodeItem, address: number): number {
  switch (item.kind) {
    case "plain":
      return item.instruction.mnemonic.endsWith(".n") ? NARROW_BYTES : WIDE_BYTES;
    case "label":
      return 0;
    case "branch":
      return sizeOfBranch(item);
    case "trap":
    case "shared-trap":
      return NARROW_BYTES;
    case "align":
      return -address & (ALIGNMENT_BYTES - 1);
    default:
      return WIDE_BYTES;
  }
}

function sizeOfBranch({ form, condition, trap }: Branch): number {
  if (form === BranchForm.Narrow) return NARROW_BYTES;
  if (form === BranchForm.Wide) return WIDE_BYTES;
  return sizeOfShortest(condition) + (trap === undefined ? WIDE_BYTES : NARROW_BYTES);
}

function sizeOfShortest(condition: Condition): number {
  return hasNarrow(condition) ? NARROW_BYTES : WIDE_BYTES;
}

function hasNarrow(condition: Condition): boolean {
  return condition === "beqz" || condition === "bnez";
}

/** Ranges: see label6, label8 and label12 of the operand table. */
function reaches({ form, condition, to }: Branch, address: number): boolean {
  const distance = to.address - address;
  if (form === BranchForm.Narrow) return hasNarrow(condition) && distance >= 4 && distance <= 67;
  const isZero = condition.endsWith("z");
  return isZero ? distance >= -2044 && distance <= 2051 : distance >= -124 && distance <= 131;
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
    const { condition, operands, to, form, trap } = item;
    if (form !== BranchForm.Over) {
      const mnemonic = form === BranchForm.Narrow ? (`${condition}.n` as Mnemonic) : condition;
      return this.#put({ mnemonic, operands: [...operands, to.address] }, item);
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
