/** A kernel on the emulated chip or in Node: its result, what it left in memory, and the instructions it took. */
import type { Chip } from "../../../runtime/esp8266/chip.ts";
import { maskRom } from "../../../runtime/esp8266/rom/mask-rom.ts";
import { loadChip } from "../../qemu/load-chip.ts";
import type { Kernel } from "./kernel-table.ts";
import type { NativeProgram } from "./native-program.ts";
import { REPEAT_ADDRESS } from "./repeat.ts";

const INSTRUCTIONS_MAX = 1_000_000_000;

export interface KernelAnswer {
  /** Of a function that returns something. */
  result: number | undefined;
  /** What check() makes of the memory that it left. */
  check: number;
}

/** One call with each list of arguments, the measured one first. */
export function runInNode(wasm: Uint8Array, kernel: Kernel): KernelAnswer[] {
  const instance = new WebAssembly.Instance(new WebAssembly.Module(wasm), {});
  const call = (name: string, words: readonly number[] = []) =>
    (instance.exports[name] as (...words: number[]) => number | undefined)(...words);
  return [kernel.args, ...kernel.others].map((args) => {
    const result = call(kernel.entry, args(Number(call("prepare")) >>> 0));
    return { result: result === undefined ? undefined : result >>> 0, check: Number(call("check")) >>> 0 };
  });
}

/** A program on a chip, its memory set up. */
export class KernelOnChip {
  readonly chip: Chip;
  readonly #program: NativeProgram;
  readonly #kernel: Kernel;

  constructor(program: NativeProgram, kernel: Kernel, engine: "interpreter" | "translated") {
    this.#program = program;
    this.#kernel = kernel;
    this.chip = loadChip(program.segments, { engine, routines: maskRom() });
    if (program.init !== undefined) this.#call(program.init);
  }

  /** Fills the kernel's buffers; their address. */
  prepare(): number {
    return this.#call(this.#address("prepare"));
  }

  /** The measured function; its result word, and the instructions it took. A routine of the ROM counts as none. */
  run(args: readonly number[]): { result: number; instructions: number } {
    const before = this.chip.instructions;
    const result = this.#call(this.#address(this.#kernel.entry), args);
    return { result, instructions: this.chip.instructions - before };
  }

  /** By the code of repeat.ts, which has to be in memory. */
  repeat(rounds: number): void {
    this.#call(REPEAT_ADDRESS, [rounds]);
  }

  check(): number {
    return this.#call(this.#address("check"));
  }

  #address(name: string): number {
    const address = this.#program.functions.get(name);
    if (address === undefined) throw new Error(`${this.#kernel.name}: the program has no function ${name}`);
    return address;
  }

  #call(address: number, args: readonly number[] = []): number {
    const outcome = this.chip.call(address, args, { maxInstructions: INSTRUCTIONS_MAX });
    if (outcome.kind === "returned") return (outcome.words(1)[0] as number) >>> 0;
    throw new Error(`${this.#kernel.name}: the call ended with ${JSON.stringify(outcome)}`);
  }
}
