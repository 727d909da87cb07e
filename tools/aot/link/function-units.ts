/**
 * The functions that an image will hold, numbered as they turn out to be needed: of the module, of the routines, and the
 * one that sets up memory. Each is built once; building one can ask for others.
 */
import { type Module, wordsOf } from "../read/module.ts";
import { readModule } from "../read/read-module.ts";
import { buildFunction } from "../ssa/build-function.ts";
import { type Callee, Func } from "../ssa/ir.ts";
import type { ProgramSpace } from "../ssa/program-space.ts";
import { ValueBuilder } from "../ssa/value-builder.ts";
import { typeOfFunction } from "./plan-program.ts";
import { ROM_ROUTINES } from "./rom-routines.ts";
import { routineModules } from "./routine-modules.ts";

type RoutineModule = "pure" | "memory";

export interface Unit {
  func: Func;
  /** Of the program itself, not a routine. */
  isProgram: boolean;
}

export class FunctionUnits {
  readonly #units: (Unit | undefined)[] = [];
  readonly #numbers = new Map<Module, Map<number, number>>();
  readonly #pending: (() => void)[] = [];
  readonly #routineSpaces = new Map<RoutineModule, ProgramSpace>();
  readonly #useRom: boolean;

  constructor(useRom: boolean) {
    this.#useRom = useRom;
  }

  /** The number of a function of a module; it will be built. An imported one gets a function that calls the host. */
  numberOf(space: ProgramSpace, functionIndex: number, isProgram: boolean): number {
    const { module } = space;
    let numbers = this.#numbers.get(module);
    if (numbers === undefined) {
      numbers = new Map();
      this.#numbers.set(module, numbers);
    }
    const known = numbers.get(functionIndex);
    if (known !== undefined) return known;
    const body = module.functions[functionIndex - module.functionImports.length];
    const number = this.#reserve(() => ({
      func: body === undefined ? buildHostCall(space, functionIndex) : buildFunction(space, body),
      isProgram,
    }));
    numbers.set(functionIndex, number);
    return number;
  }

  /** A function that is not of WebAssembly. */
  add(build: () => Func): number {
    return this.#reserve(() => ({ func: build(), isProgram: true }));
  }

  #reserve(build: () => Unit): number {
    const number = this.#units.push(undefined) - 1;
    this.#pending.push(() => {
      this.#units[number] = build();
    });
    return number;
  }

  /** Builds all that was asked for, and what that asks for. */
  buildAll(): Unit[] {
    for (let next = this.#pending.shift(); next !== undefined; next = this.#pending.shift()) next();
    return this.#units as Unit[];
  }

  /** An arithmetic or memory routine: the ROM's where it has one, else one of the image. */
  routine(name: string): Callee {
    const inRom = this.#useRom ? ROM_ROUTINES.get(name) : undefined;
    if (inRom !== undefined) return { kind: "rom", ...inRom };
    for (const which of ["pure", "memory"] as const) {
      const space = this.#routineSpace(which);
      const found = space.module.exports.find((entry) => entry.kind === "function" && entry.name === name);
      if (found !== undefined) return { kind: "function", index: this.numberOf(space, found.index, false) };
    }
    throw new Error(`There is no routine ${name}.`);
  }

  /** Routines see native addresses, and no globals or tables. */
  #routineSpace(which: RoutineModule): ProgramSpace {
    const known = this.#routineSpaces.get(which);
    if (known !== undefined) return known;
    const space: ProgramSpace = {
      module: readModule(routineModules()[which]),
      memory: {
        address: 0,
        isChecked: false,
        first: 0,
        endMost: 2 ** 32,
        pagesLeast: 0,
        pagesMost: 0,
        pagesAddress: undefined,
      },
      globals: [],
      tables: [],
      imageAddressAt: 0,
      callee: (index) => ({ kind: "function", index: this.numberOf(space, index, false) }),
      routine: (name) => this.routine(name),
      typeNumber: () => 0,
    };
    this.#routineSpaces.set(which, space);
    return space;
  }
}

/** For tables and exports, which want the address of a function: one that hands everything on to the host. */
function buildHostCall(space: ProgramSpace, functionIndex: number): Func {
  const { module } = space;
  const { params, results } = typeOfFunction(module, functionIndex);
  const func = new Func(`host ${module.functionImports[functionIndex]?.name}`, wordsOf(params), wordsOf(results));
  const build = new ValueBuilder(func);
  const args = Array.from({ length: func.paramWords }, (_, word) => build.make("param", [], word));
  const values = build.call(space.callee(functionIndex), args, func.resultWords);
  build.block.terminator = { kind: "return", values };
  return func;
}
