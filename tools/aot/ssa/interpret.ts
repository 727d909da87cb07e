/**
 * Runs functions of the middle form, for tests: what a pass must leave the same is the result, what calls see, and
 * memory in the end. A read or write outside of memory is a fault: a function that does that means nothing, so tests
 * leave it out.
 */
import { type Block, type Func, type Terminator, type Trap, type Value } from "./ir.ts";
import { evaluate, isLoad, isPureOp, isStore } from "./operations.ts";

export interface World {
  /** Addresses 0 and up of regions `memory` and `global`, each. */
  memory: Uint8Array;
  globals: Uint8Array;
  constants: Uint8Array;
  /** Serves calls; the result words. Pure ones must depend on the arguments alone. */
  call: (value: Value, args: number[], world: World) => number[];
  symbol?: (name: string) => number;
  /** Values and terminators that may run. */
  stepsMax: number;
}

export type Outcome =
  | { kind: "return"; words: number[] }
  | { kind: "trap"; trap: Trap }
  | { kind: "fault" }
  | { kind: "too long" };

export class Fault extends Error {}

export function interpret(func: Func, params: readonly number[], world: World): Outcome {
  return new Run(func, params, world).run();
}

class Run {
  readonly #func: Func;
  readonly #params: readonly number[];
  readonly #world: World;
  readonly #words: Int32Array;
  readonly #results = new Map<Value, number[]>();

  constructor(func: Func, params: readonly number[], world: World) {
    this.#func = func;
    this.#params = params;
    this.#world = world;
    this.#words = new Int32Array(func.valueCount);
  }

  run(): Outcome {
    let block = this.#func.blocks[0] as Block;
    try {
      for (;;) {
        for (const value of block.values) {
          if (value.op === "phi") continue;
          if (this.#world.stepsMax-- <= 0) return { kind: "too long" };
          if (value.op === "trap_if") {
            if (this.#get(value.args[0]) !== 0) return { kind: "trap", trap: value.trap as Trap };
          } else this.#words[value.id] = this.#evaluate(value);
        }
        if (this.#world.stepsMax-- <= 0) return { kind: "too long" };
        const terminator = block.terminator;
        if (terminator.kind === "return") {
          return { kind: "return", words: terminator.values.map((value) => this.#get(value)) };
        }
        if (terminator.kind === "trap") return { kind: "trap", trap: terminator.trap };
        const next = this.#target(terminator);
        this.#enter(next, block);
        block = next;
      }
    } catch (error) {
      if (error instanceof Fault) return { kind: "fault" };
      throw error;
    }
  }

  #get(value: Value | undefined): number {
    if (value === undefined) throw new Error("an argument is missing");
    if (value.op !== "const") return this.#words[value.id] as number;
    return value.symbol === undefined ? value.imm : ((this.#world.symbol?.(value.symbol) ?? 0) + value.imm) | 0;
  }

  #target(terminator: Terminator): Block {
    switch (terminator.kind) {
      case "jump":
        return terminator.to;
      case "branch":
        return this.#get(terminator.condition) !== 0 ? terminator.then : terminator.else;
      case "switch":
        return terminator.targets[this.#get(terminator.index) >>> 0] ?? terminator.otherwise;
      default:
        throw new Error("no target");
    }
  }

  #enter(block: Block, from: Block): void {
    const index = block.predecessors.indexOf(from);
    const phis = block.values.filter((value) => value.op === "phi");
    const words = phis.map((phi) => this.#get(phi.args[index]));
    phis.forEach((phi, place) => {
      this.#words[phi.id] = words[place] as number;
    });
  }

  #evaluate(value: Value): number {
    const { op } = value;
    if (op === "const") return this.#get(value);
    if (isPureOp(op)) {
      return evaluate(
        op,
        value.args.map((arg) => this.#get(arg)),
      );
    }
    if (isLoad(op)) return this.#load(value);
    if (isStore(op)) return this.#store(value);
    if (op === "param") return this.#params[value.imm] ?? 0;
    if (op === "result") return this.#results.get(value.args[0] as Value)?.[value.imm] ?? 0;
    const words = this.#world.call(
      value,
      value.args.map((arg) => this.#get(arg)),
      this.#world,
    );
    this.#results.set(value, words);
    return words[0] ?? 0;
  }

  #view(access: Value, bytes: number): { view: DataView; address: number } {
    const world = this.#world;
    const region =
      access.region === "global" ? world.globals : access.region === "constant" ? world.constants : world.memory;
    const address = (this.#get(access.args[0]) + access.imm) >>> 0;
    if (address + bytes > region.length) throw new Fault();
    return { view: new DataView(region.buffer, region.byteOffset, region.byteLength), address };
  }

  #load(value: Value): number {
    switch (value.op) {
      case "load8_u": {
        const { view, address } = this.#view(value, 1);
        return view.getUint8(address);
      }
      case "load16_u": {
        const { view, address } = this.#view(value, 2);
        return view.getUint16(address, true);
      }
      case "load16_s": {
        const { view, address } = this.#view(value, 2);
        return view.getInt16(address, true);
      }
      default: {
        const { view, address } = this.#view(value, 4);
        return view.getInt32(address, true);
      }
    }
  }

  #store(value: Value): number {
    const word = this.#get(value.args[1]);
    if (value.op === "store8") {
      const { view, address } = this.#view(value, 1);
      view.setUint8(address, word & 0xff);
    } else if (value.op === "store16") {
      const { view, address } = this.#view(value, 2);
      view.setUint16(address, word & 0xffff, true);
    } else {
      const { view, address } = this.#view(value, 4);
      view.setInt32(address, word, true);
    }
    return 0;
  }
}
