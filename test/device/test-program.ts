/** A program of test/programs in an instance of its own. Its inputs end exactly where its memory ends. */
import { HOST_MODULE } from "../../runtime/contract/host-abi.ts";
import { HOST_FUNCTIONS } from "../../runtime/contract/host-functions.ts";
import { compileProgram } from "../../tools/build/compile-program.ts";

export class TestProgram {
  readonly #exports: WebAssembly.Instance["exports"];
  readonly #memory: WebAssembly.Memory;

  private constructor(instance: WebAssembly.Instance) {
    this.#exports = instance.exports;
    const memory = instance.exports.memory;
    if (!(memory instanceof WebAssembly.Memory)) throw new Error("the program exports no memory");
    this.#memory = memory;
  }

  /** `functions`: the host functions that the program calls, given its memory; the others answer 0. */
  static async compile(
    name: string,
    functions: (memory: () => Uint8Array) => Record<string, (...args: number[]) => number> = () => ({}),
  ): Promise<TestProgram> {
    const { wasm } = await compileProgram(`test/programs/${name}`);
    let program: TestProgram | undefined;
    const memory = () => (program === undefined ? new Uint8Array(0) : new Uint8Array(program.#memory.buffer));
    const others = HOST_FUNCTIONS.map((fn) => [fn.name, () => 0] as const);
    const host = { ...Object.fromEntries(others), ...functions(memory) };
    program = new TestProgram(new WebAssembly.Instance(new WebAssembly.Module(wasm), { [HOST_MODULE]: host }));
    return program;
  }

  call(name: string, ...args: number[]): number {
    const fn = this.#exports[name];
    if (typeof fn !== "function") throw new Error(`the program exports no function ${name}`);
    return fn(...args) ?? 0;
  }

  /** Calls a function that takes a pointer and a length; a read beyond the input is one beyond memory, and traps. */
  callWith(name: string, input: Uint8Array): number {
    const memory = new Uint8Array(this.#memory.buffer);
    const pointer = memory.length - input.length;
    memory.set(input, pointer);
    return this.call(name, pointer, input.length);
  }

  write(pointer: number, bytes: Uint8Array): void {
    new Uint8Array(this.#memory.buffer).set(bytes, pointer);
  }

  /** A copy of bytes in memory. */
  read(pointer: number, length: number): Uint8Array {
    return new Uint8Array(this.#memory.buffer).slice(pointer, pointer + length);
  }
}
