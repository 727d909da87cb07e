/**
 * What is known of a virtual register beyond its instructions: how it can be had again without its register, and how often
 * that has been tried.
 */
import type { MachineInst } from "../machine/machine-function.ts";

/**
 * Steps of a spill. A register begins as Whole; when it gets no register, its range is cut into pieces that are joined
 * by loads where few runs come by (Region), then into pieces within a block (Local), then into one for each instruction
 * (Tiny), which always finds a register.
 */
export enum Piece {
  Whole = 0,
  Region = 1,
  Local = 2,
  Tiny = 3,
}

export interface RegisterFacts {
  piece: Piece;
  /** The slot that holds the value wherever the register does; -1 for none yet. */
  slot: number;
  /** A const or load_argument that gives the value at any place. */
  recipe: MachineInst | undefined;
}

export function freshFacts(): RegisterFacts {
  return { piece: Piece.Whole, slot: -1, recipe: undefined };
}

/** Where reloads of a register may come from; undefined where it has to be stored first. */
export function sameRecipe(a: MachineInst, b: MachineInst): boolean {
  return a.op === b.op && a.imm === b.imm && a.symbol === b.symbol;
}
