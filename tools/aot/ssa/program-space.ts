/**
 * What a function can refer to beside its own values: other functions, globals, tables, memory. Functions of the program
 * and of the routines that it turns out to need share one numbering, which grows while functions are built.
 */
import type { FuncType, Module } from "../read/module.ts";
import type { Callee } from "./ir.ts";

export interface MemoryPlan {
  /** Native address of the module's address 0. */
  address: number;
  /** Bytes checks on each access, and unaligned accesses work. */
  isChecked: boolean;
  /** The module's first address that exists, and the end of what exists at most. */
  first: number;
  endMost: number;
  /** Pages at the start and at most. */
  pagesLeast: number;
  pagesMost: number;
  /** Where the present number of pages is kept; undefined where it never changes. */
  pagesAddress: number | undefined;
}

export interface GlobalPlan {
  /** Words of a global that never changes. */
  constant?: number[];
  /** Native address of one that does. */
  address?: number;
}

export interface TablePlan {
  size: number;
  /** Name of its image offset. */
  symbol: string;
  /** Every entry is a function of this type (number of typeNumber); undefined: mixed or with holes. */
  onlyType: number | undefined;
}

/** What the functions of one module see. */
export interface ProgramSpace {
  module: Module;
  memory: MemoryPlan;
  globals: GlobalPlan[];
  tables: TablePlan[];
  /** Words that the runtime keeps in RAM: the address of the image. */
  imageAddressAt: number;
  /** The callee behind a function index of the module, imports included. */
  callee: (functionIndex: number) => Callee;
  /** An arithmetic or memory routine. */
  routine: (name: string) => Callee;
  /** The same number for equal types, 1 and up. */
  typeNumber: (type: FuncType) => number;
}
