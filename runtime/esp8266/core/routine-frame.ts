/** One call of a routine that TypeScript serves: its view of the core, and where the core goes on afterwards. */
import type { CycleClock, MemoryAccess, RoutineContext } from "../bus.ts";
import type { Core } from "./core.ts";

/** Arguments and results in registers: a2 to a7. */
export const WORDS_IN_REGISTERS = 6;
export const FIRST_WORD_REGISTER = 2;

export class RoutineFrame implements RoutineContext {
  readonly pc: number;
  readonly memory: MemoryAccess;
  readonly clock: CycleClock;
  /** Undefined: to a0. */
  target: number | undefined;
  raised: { readonly cause: number; readonly address: number } | undefined;
  readonly #core: Core;
  readonly #call: (address: number, args: readonly number[]) => number;

  constructor(core: Core, call: (address: number, args: readonly number[]) => number) {
    this.#core = core;
    this.#call = call;
    this.pc = core.pc;
    this.memory = core.memory;
    this.clock = core;
  }

  get(register: number): number {
    return (this.#core.registers[register] as number) >>> 0;
  }

  set(register: number, value: number): void {
    this.#core.registers[register] = value;
  }

  argument(index: number): number {
    if (index < WORDS_IN_REGISTERS) return this.get(FIRST_WORD_REGISTER + index);
    return this.memory.readWord(this.get(1) + 4 * (index - WORDS_IN_REGISTERS));
  }

  setResult(index: number, value: number): void {
    if (index < WORDS_IN_REGISTERS) this.set(FIRST_WORD_REGISTER + index, value);
    else this.memory.writeWord(this.get(1) + 4 * (index - WORDS_IN_REGISTERS), value);
  }

  spend(cycles: number): void {
    this.#core.cycles += Math.max(0, Math.round(cycles));
  }

  jump(address: number): void {
    this.target = address;
  }

  raise(cause: number, address: number): void {
    this.raised = { cause, address };
  }

  call(address: number, args: readonly number[]): number {
    return this.#call(address, args);
  }
}
