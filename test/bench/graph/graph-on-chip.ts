/** test/programs/graph-engine as the emulated chip runs it: graphs, what they push and call, and the instructions that it takes. */
import type { GraphRefusal } from "../../../runtime/contract/graph-format.ts";
import type { Chip } from "../../../runtime/esp8266/chip.ts";
import { maskRom } from "../../../runtime/esp8266/rom/mask-rom.ts";
import type { NativeModule } from "../../../tools/aot/compile-module.ts";
import { compileProgram } from "../../../tools/build/compile-program.ts";
import { loadChip } from "../../qemu/load-chip.ts";
import { type NativeProgram, programOfWasm } from "../native/native-program.ts";

export const GRAPH_PROGRAM = "test/programs/graph-engine";
const INSTRUCTIONS_MAX = 100_000_000;

export class GraphOnChip {
  readonly module: NativeModule;
  readonly #program: NativeProgram;
  readonly #chip: Chip;

  private constructor(program: NativeProgram, module: NativeModule, engine: "interpreter" | "translated") {
    this.module = module;
    this.#program = program;
    this.#chip = loadChip(program.segments, { engine, routines: maskRom() });
    if (program.init !== undefined) this.#run(program.init, []);
  }

  static async compile(engine: "interpreter" | "translated" = "interpreter"): Promise<GraphOnChip> {
    const { wasm } = await compileProgram(GRAPH_PROGRAM, "lx106");
    const { program, module } = programOfWasm(wasm, { useRom: true });
    return new GraphOnChip(program, module, engine);
  }

  /** Instructions since the start. Those of the mask ROM count as none. */
  get instructions(): number {
    return this.#chip.instructions;
  }

  /** By the chip's model of them. */
  get cycles(): number {
    return this.#chip.cycles;
  }

  take(graph: Uint8Array): GraphRefusal {
    this.#chip.write(this.call("input"), graph);
    return this.call("take", graph.length);
  }

  call(name: string, ...args: number[]): number {
    const address = this.#program.functions.get(name);
    if (address === undefined) throw new Error(`the program has no function ${name}`);
    return this.#run(address, args);
  }

  /** A copy of bytes in memory. */
  read(address: number, length: number): Uint8Array {
    return this.#chip.read(address, length);
  }

  #run(address: number, args: readonly number[]): number {
    const outcome = this.#chip.call(address, args, { maxInstructions: INSTRUCTIONS_MAX });
    if (outcome.kind === "returned") return (outcome.words(1)[0] as number) >>> 0;
    throw new Error(`the call ended with ${JSON.stringify(outcome)}`);
  }
}
