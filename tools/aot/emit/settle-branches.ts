/**
 * Gives each branch the shortest form that reaches its target. Forms only grow, from the narrowest on, until all fit: that
 * ends, and with the least for code whose branches do not lean on each other. A branch that does not reach goes by way of a
 * jump to the same place, where one stands in reach: that runs no more instructions than a jump of its own.
 */
import type { Condition } from "../machine/machine-function.ts";
import { BranchForm, type CodeItem, type Label } from "./code-item.ts";

export type Branch = Extract<CodeItem, { kind: "branch" }>;

export const ALIGNMENT_BYTES = 4;
const WIDE_BYTES = 3;
const NARROW_BYTES = 2;
/** Jumps that the growing code takes out of a branch's reach again, before it gets a jump of its own. */
const HOPS_MAX = 4;

/** A jump that branches can go by way of; a branch over a jump has one inside. */
interface Landing {
  item: CodeItem;
  label: Label;
}

export class BranchSettler {
  readonly #landings = new Map<Label, Landing[]>();
  readonly #landingOf = new Map<CodeItem, Landing>();
  readonly #firstOfPlace: ReadonlyMap<Label, Label>;
  readonly #hops = new Map<Branch, number>();

  constructor(items: readonly CodeItem[]) {
    this.#firstOfPlace = firstOfEachPlace(items);
    for (const item of items) {
      if (item.kind !== "jump" && (item.kind !== "branch" || item.trap !== undefined)) continue;
      const landing: Landing = { item, label: { address: 0 } };
      this.#landingOf.set(item, landing);
      this.#landingsTo(item.to).push(landing);
    }
  }

  /** Forms that were given before stay or grow. */
  settle(items: readonly CodeItem[]): void {
    for (let changed = true; changed; ) {
      changed = false;
      this.#placeLabels(items);
      let address = 0;
      for (const item of items) {
        if (item.kind === "branch" && item.form !== BranchForm.Over && !reaches(item, address)) {
          this.#grow(item, address);
          changed = true;
        }
        address += sizeOfItem(item, address);
      }
    }
  }

  #grow(branch: Branch, address: number): void {
    if (branch.form === BranchForm.Narrow) {
      branch.form = BranchForm.Wide;
      return;
    }
    const hops = this.#hops.get(branch) ?? 0;
    this.#hops.set(branch, hops + 1);
    const hop = hops < HOPS_MAX && branch.trap === undefined ? this.#nearestJump(branch, address) : undefined;
    branch.form = hop === undefined ? BranchForm.Over : BranchForm.Hop;
    if (hop !== undefined) branch.hop = hop;
  }

  #nearestJump(branch: Branch, address: number): Label | undefined {
    let best: Label | undefined;
    const distance = (label: Label) => Math.abs(label.address - address);
    for (const { item, label } of this.#landingsTo(branch.to)) {
      const isThere = item.kind === "jump" || (item.kind === "branch" && item.form === BranchForm.Over);
      if (!isThere || !spans(branch.condition, label.address - address)) continue;
      if (best === undefined || distance(label) < distance(best)) best = label;
    }
    return best;
  }

  #landingsTo(to: Label): Landing[] {
    const place = this.#firstOfPlace.get(to) ?? to;
    let landings = this.#landings.get(place);
    if (landings === undefined) {
      landings = [];
      this.#landings.set(place, landings);
    }
    return landings;
  }

  #placeLabels(items: readonly CodeItem[]): void {
    let address = 0;
    for (const item of items) {
      if (item.kind === "label" || item.kind === "shared-trap") item.label.address = address;
      const landing = this.#landingOf.get(item);
      if (landing !== undefined) {
        landing.label.address = address + (item.kind === "branch" ? sizeOfShortest(item.condition) : 0);
      }
      address += sizeOfItem(item, address);
    }
  }
}

/** For each label the first one of those at the same address. */
function firstOfEachPlace(items: readonly CodeItem[]): Map<Label, Label> {
  const firsts = new Map<Label, Label>();
  let first: Label | undefined;
  for (const item of items) {
    if (item.kind !== "label") first = undefined;
    else {
      first ??= item.label;
      firsts.set(item.label, first);
    }
  }
  return firsts;
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

export function sizeOfBranch({ form, condition, trap }: Branch): number {
  if (form === BranchForm.Narrow) return NARROW_BYTES;
  if (form !== BranchForm.Over) return WIDE_BYTES;
  return sizeOfShortest(condition) + (trap === undefined ? WIDE_BYTES : NARROW_BYTES);
}

function sizeOfShortest(condition: Condition): number {
  return hasNarrow(condition) ? NARROW_BYTES : WIDE_BYTES;
}

export function hasNarrow(condition: Condition): boolean {
  return condition === "beqz" || condition === "bnez";
}

/** Ranges: see label6, label8 and label12 of the operand table. */
function reaches({ form, condition, to, hop }: Branch, address: number): boolean {
  const distance = (form === BranchForm.Hop && hop !== undefined ? hop : to).address - address;
  if (form === BranchForm.Narrow) return hasNarrow(condition) && distance >= 4 && distance <= 67;
  return spans(condition, distance);
}

function spans(condition: Condition, distance: number): boolean {
  const isZero = condition.endsWith("z");
  return isZero ? distance >= -2044 && distance <= 2051 : distance >= -124 && distance <= 131;
}
