/**
 * What the checker knows at a point of the program: which registers of the function as it was selected have their value in
 * each place. Places are physical registers, slots, words where the frame keeps a register, and recipes (a constant can be made
 * anywhere, so it is a place that always holds what is equal to it).
 */
import type { MachineInst, Reg } from "../machine/machine-function.ts";

export type Place = string;

export const placeOfRegister = (reg: Reg): Place => `a${reg}`;
export const placeOfSlot = (slot: number): Place => `slot ${slot}`;
export const placeOfSaved = (reg: Reg): Place => `saved a${reg}`;

/** A const or load_argument; undefined for other instructions. */
export function placeOfRecipe({ op, imm, symbol }: MachineInst): Place | undefined {
  if (op !== "const" && op !== "load_argument") return undefined;
  return `${op} ${imm} ${symbol ?? ""}`;
}

export class CheckState {
  readonly #holds = new Map<Place, Set<Reg>>();
  /** Registers that no way to here has written: any place will do for them. */
  readonly #unwritten: Uint32Array;
  /** Numbers of recipes, the same in all states of a function. */
  readonly #recipes: Map<Place, number>;
  /** Undefined where ways with and without a frame meet. */
  isFramed: boolean | undefined = false;

  private constructor(unwritten: Uint32Array, recipes: Map<Place, number>) {
    this.#unwritten = unwritten;
    this.#recipes = recipes;
  }

  /** Nothing is written yet but the registers below `firstUnwritten`. */
  static atEntry(registerCount: number, firstUnwritten: Reg): CheckState {
    const unwritten = new Uint32Array((registerCount + 31) >>> 5).fill(-1);
    const state = new CheckState(unwritten, new Map());
    for (let reg = 0; reg < firstUnwritten; reg++) state.#noteWritten(reg);
    return state;
  }

  #noteWritten(reg: Reg): void {
    const word = reg >>> 5;
    this.#unwritten[word] = (this.#unwritten[word] as number) & ~(1 << (reg & 31));
  }

  copy(): CheckState {
    const twin = new CheckState(this.#unwritten.slice(), this.#recipes);
    for (const [place, held] of this.#holds) twin.#holds.set(place, new Set(held));
    twin.isFramed = this.isFramed;
    return twin;
  }

  has(place: Place, reg: Reg): boolean {
    return this.isUnwritten(reg) || this.#holds.get(place)?.has(reg) === true;
  }

  numberOf(recipe: Place): number {
    const number = this.#recipes.get(recipe) ?? this.#recipes.size;
    this.#recipes.set(recipe, number);
    return number;
  }

  clear(place: Place): void {
    this.#holds.delete(place);
  }

  /** `to` has what `from` has. */
  move(from: Place, to: Place): void {
    const held = this.#holds.get(from);
    if (held === undefined) this.#holds.delete(to);
    else this.#holds.set(to, new Set(held));
  }

  /** `reg` has a new value, which is nowhere yet. */
  redefine(reg: Reg): void {
    this.#noteWritten(reg);
    for (const held of this.#holds.values()) held.delete(reg);
  }

  put(place: Place, reg: Reg): void {
    const held = this.#holds.get(place);
    if (held === undefined) this.#holds.set(place, new Set([reg]));
    else held.add(reg);
  }

  /** `reg` becomes equal to what `isThere` recognises a place by. */
  redefineAs(reg: Reg, isThere: (held: ReadonlySet<Reg>) => boolean): void {
    const places = [...this.#holds].filter(([, held]) => isThere(held)).map(([place]) => place);
    this.redefine(reg);
    for (const place of places) this.put(place, reg);
  }

  isUnwritten(reg: Reg): boolean {
    return ((this.#unwritten[reg >>> 5] as number) & (1 << (reg & 31))) !== 0;
  }

  /** Keeps what holds on both ways. True when something was lost. */
  meet(other: CheckState): boolean {
    let changed = false;
    for (const [place, held] of this.#holds) {
      for (const reg of held) {
        if (other.has(place, reg)) continue;
        held.delete(reg);
        changed = true;
      }
    }
    for (const [place, held] of other.#holds) {
      for (const reg of held) if (this.isUnwritten(reg) && !this.#holds.get(place)?.has(reg)) this.put(place, reg);
    }
    for (const [word, theirs] of other.#unwritten.entries()) {
      const ours = this.#unwritten[word] as number;
      if ((ours & ~theirs) === 0) continue;
      this.#unwritten[word] = ours & theirs;
      changed = true;
    }
    if (this.isFramed !== undefined && this.isFramed !== other.isFramed) {
      this.isFramed = undefined;
      changed = true;
    }
    return changed;
  }
}
