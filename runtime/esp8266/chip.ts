/**
 * The emulated ESP8266 as its users see it: core, memories, peripherals and routines of the mask ROM put together.
 *
 * Peripherals and ROM routines come from outside (runtime/esp8266/peripherals, rom); without them this is a bare LX106 with
 * RAM and flash, which is what a test of a compiler wants. See bus.ts for what they are given.
 */
import type { CycleClock, InterruptLines, MemoryAccess, NamedRoutine, Peripheral } from "./bus.ts";
import { BlockCache } from "./core/block-cache.ts";
import { Core, type TakenException } from "./core/core.ts";
import { Executor, type Stop } from "./core/executor.ts";
import { Interpreter } from "./core/interpreter.ts";
import { RegionProtection } from "./core/region-protection.ts";
import { FIRST_WORD_REGISTER, WORDS_IN_REGISTERS } from "./core/routine-frame.ts";
import { SpecialRegister } from "./core/special-registers.ts";
import { EmulatorError } from "./emulator-error.ts";
import { CALL_RETURN_ADDRESS, DRAM_ADDRESS, DRAM_BYTES, FLASH_WINDOW_BYTES } from "./memory/address-map.ts";
import { type ExtraRam, MemorySpace } from "./memory/memory-space.ts";
import { Profile, type ProfiledFunction } from "./profile.ts";
import type { TraceRecord } from "./trace.ts";
import { Translator } from "./translate/translator.ts";

export interface Connections {
  readonly clock: CycleClock;
  readonly interrupts: InterruptLines;
  readonly memory: MemoryAccess;
}

export interface ChipOptions {
  /** The flash chip's content; the chip reads it when the cache is mapped or told of changes. */
  readonly flash?: Uint8Array;
  /** Whether the first megabyte of flash is in the window from the start (default); otherwise `mapFlash` does it. */
  readonly flashMapped?: boolean;
  readonly peripherals?: (connections: Connections) => readonly Peripheral[];
  /** By address: ROM routines and host functions. */
  readonly routines?: ReadonlyMap<number, NamedRoutine>;
  readonly extraRam?: readonly ExtraRam[];
  /** Default: "translated". */
  readonly engine?: "interpreter" | "translated";
  /** Default: 80. Only for `seconds`; everything else counts in cycles. */
  readonly cpuMHz?: number;
  /** What a line from flash costs; default: see cycle-model.ts. 0: flash is as fast as RAM. */
  readonly cacheMissCycles?: number;
  /** Serves the instruction `simcall`; without it that is an EmulatorError. */
  readonly onSimcall?: (chip: Chip) => void;
  /** Entries of a block before it is translated. */
  readonly translateAfter?: number;
}

export interface RunOptions {
  readonly maxInstructions?: number;
  readonly maxCycles?: number;
  /** Default: false. True: stops when the core enters the handler of an exception (not of an interrupt). */
  readonly stopOnException?: boolean;
}

/** Why a run ended. `waiting`: the core sleeps (WAITI) and only somebody outside can wake it. */
export type RunResult =
  | { readonly kind: "limit" }
  | { readonly kind: "waiting" }
  | { readonly kind: "stopped" }
  | ({ readonly kind: "exception" } & TakenException);

export interface CallOptions {
  readonly maxInstructions?: number;
  /** Stack pointer of the caller; default: the chip's a1, or the end of DRAM when that is 0. */
  readonly stack?: number;
  /** Default: true. */
  readonly stopOnException?: boolean;
}

export type CallResult =
  | {
      readonly kind: "returned";
      /** a0 to a15 at the return. */
      readonly registers: Uint32Array;
      /** The first words of the result, as the call0 convention places them. */
      readonly words: (count: number) => number[];
    }
  | { readonly kind: "exception"; readonly cause: number; readonly epc1: number; readonly excvaddr: number }
  | { readonly kind: "limit" | "waiting" | "stopped" };

/** Calls are many and short: nothing is made for each that nobody may ask for. */
class ReturnedCall {
  readonly kind = "returned";
  readonly registers: Uint32Array;
  readonly #memory: MemorySpace;
  readonly #stack: number;

  constructor(registers: Int32Array, memory: MemorySpace, stack: number) {
    this.registers = new Uint32Array(registers);
    this.#memory = memory;
    this.#stack = stack;
  }

  words(count: number): number[] {
    const words: number[] = [];
    for (let index = 0; index < count; index++) {
      words.push(
        index < WORDS_IN_REGISTERS
          ? (this.registers[FIRST_WORD_REGISTER + index] as number)
          : this.#memory.readWord(this.#stack + 4 * (index - WORDS_IN_REGISTERS)),
      );
    }
    return words;
  }
}

/** Where a called routine's stack begins when the chip has none: below what the ROM keeps at the end of DRAM. */
const DEFAULT_STACK = DRAM_ADDRESS + DRAM_BYTES - 16;
const STACK_ALIGNMENT = 16;
/** Entries of a block before it is worth a module of its own. */
const TRANSLATE_AFTER = 500;

export class Chip {
  readonly memory: MemorySpace;
  readonly core: Core;
  readonly cpuMHz: number;
  readonly #flash: Uint8Array;
  readonly #blocks: BlockCache;
  readonly #protection = new RegionProtection();
  readonly #routines: Map<number, NamedRoutine>;
  readonly #translator: Translator | undefined;
  readonly #executor: Executor;
  #mappedAt: number | undefined;
  #profile: Profile | undefined;

  constructor(options: ChipOptions = {}) {
    this.cpuMHz = options.cpuMHz ?? 80;
    this.#flash = options.flash ?? new Uint8Array(0);
    this.memory = new MemorySpace(options.extraRam);
    if (options.cacheMissCycles !== undefined) this.memory.setCachePenalty(options.cacheMissCycles);
    this.core = new Core(this.memory);
    this.memory.attach(options.peripherals?.({ clock: this.core, interrupts: this.core, memory: this.memory }) ?? []);
    this.#routines = new Map(options.routines);
    this.#blocks = new BlockCache(this.core, (address) => this.#routines.has(address >>> 0));
    const { onSimcall } = options;
    const interpreter = new Interpreter(this.core, this.#blocks, this.#protection, {
      heatLimit: options.engine === "interpreter" ? 0 : (options.translateAfter ?? TRANSLATE_AFTER),
      onSimcall: onSimcall && (() => onSimcall(this)),
    });
    this.#translator = options.engine === "interpreter" ? undefined : new Translator(this.core, this.#blocks);
    this.#executor = new Executor(this.core, interpreter, this.#translator, this.#routines, (address, args) =>
      this.#callFromRoutine(address, args),
    );
    if (options.flashMapped !== false) this.mapFlash(0);
  }

  /** The core, the region protection and the flash cache as after a reset; RAM stays. Peripherals have resets of their own. */
  reset(): void {
    this.core.reset();
    this.#protection.reset();
    this.memory.cache.clear();
  }

  // Running

  get pc(): number {
    return this.core.pc;
  }

  set pc(address: number) {
    this.core.pc = address >>> 0;
  }

  /** a0 to a15; writable. */
  get registers(): Int32Array {
    return this.core.registers;
  }

  get instructions(): number {
    return this.core.instructions;
  }

  /** Regions of code that have been translated since power-on, and instructions that ran in them. */
  get translated(): { readonly regions: number; readonly instructions: number } {
    return { regions: this.#translator?.compiled ?? 0, instructions: this.#translator?.instructions ?? 0 };
  }

  get cycles(): number {
    return this.core.cycles;
  }

  /** Time since power-on. */
  get seconds(): number {
    return this.core.cycles / (this.cpuMHz * 1e6);
  }

  readSpecial(register: SpecialRegister): number {
    return this.core.readSpecial(register) >>> 0;
  }

  writeSpecial(register: SpecialRegister, value: number): void {
    this.core.writeSpecial(register, value | 0);
  }

  /** One instruction, or one routine; an interrupt that is due is taken before it. */
  step(): RunResult {
    return this.run({ maxInstructions: 1 });
  }

  run(options: RunOptions = {}): RunResult {
    const { core } = this;
    const stop = this.#executor.run(
      core.instructions + (options.maxInstructions ?? Number.POSITIVE_INFINITY),
      core.cycles + (options.maxCycles ?? Number.POSITIVE_INFINITY),
      options.stopOnException ?? false,
    );
    return this.#explain(stop);
  }

  /** Makes the run under way end before the next instruction; for peripherals and routines. */
  stop(): void {
    this.#executor.stop();
  }

  #explain(stop: Stop): RunResult {
    if (stop === "exception") return { kind: "exception", ...(this.core.exception as TakenException) };
    if (stop === "returned")
      throw new EmulatorError("bug", "Something returned that was not called.", { pc: this.core.pc });
    return { kind: stop };
  }

  /**
   * Calls a routine as the call0 convention has it: words in a2 to a7, further ones at the caller's a1 + 0. Afterwards the
   * registers, PS and the program counter are what they were; memory and counters are what the routine made of them.
   */
  call(address: number, args: readonly number[] = [], options: CallOptions = {}): CallResult {
    const { core } = this;
    const saved = core.registers.slice();
    const { pc, sar, waiting } = core;
    const ps = core.special[SpecialRegister.PS] as number;
    const top = options.stack ?? ((saved[1] as number) >>> 0 || DEFAULT_STACK);
    const room = 4 * Math.max(0, args.length - WORDS_IN_REGISTERS);
    const stack = (top - room) & -STACK_ALIGNMENT;
    core.registers[0] = CALL_RETURN_ADDRESS;
    core.registers[1] = stack;
    args.forEach((word, index) => {
      if (index < WORDS_IN_REGISTERS) core.registers[FIRST_WORD_REGISTER + index] = word;
      else this.memory.writeWord((stack >>> 0) + 4 * (index - WORDS_IN_REGISTERS), word);
    });
    core.pc = address >>> 0;
    core.waiting = false;
    try {
      const limit = core.instructions + (options.maxInstructions ?? Number.POSITIVE_INFINITY);
      const stop = this.#executor.run(limit, Number.POSITIVE_INFINITY, options.stopOnException ?? true);
      return this.#callResult(stop, stack >>> 0);
    } finally {
      core.registers.set(saved);
      core.pc = pc;
      core.sar = sar;
      core.waiting = waiting;
      core.special[SpecialRegister.PS] = ps;
      core.attention = true;
    }
  }

  #callResult(stop: Stop, stack: number): CallResult {
    if (stop === "exception") {
      const { cause, pc, excvaddr } = this.core.exception as TakenException;
      return { kind: "exception", cause, epc1: pc, excvaddr };
    }
    if (stop !== "returned") return { kind: stop };
    return new ReturnedCall(this.core.registers, this.memory, stack);
  }

  /** A call by a routine: its result word, or what went wrong as an error, since no routine expects that. */
  #callFromRoutine(address: number, args: readonly number[]): number {
    const result = this.call(address, args, { stopOnException: false });
    if (result.kind !== "returned")
      throw new EmulatorError("setup", `The routine called ${address.toString(16)}, which ended with ${result.kind}.`);
    return result.words(1)[0] as number;
  }

  // Memory and flash

  /** A copy of memory, as a debugger reads it: no access rules. */
  read(address: number, length: number): Uint8Array {
    return this.memory.readBytes(address, length);
  }

  write(address: number, bytes: Uint8Array): void {
    this.memory.writeBytes(address, bytes);
  }

  readWord(address: number): number {
    return this.memory.readWord(address);
  }

  writeWord(address: number, value: number): void {
    this.memory.writeWord(address, value);
  }

  /** Puts the megabyte of flash that begins at `offset` into the window and empties the cache. */
  mapFlash(offset: number): void {
    this.#mappedAt = offset;
    this.memory.cache.clear();
    const window = new Uint8Array(FLASH_WINDOW_BYTES).fill(0xff);
    window.set(this.#flash.subarray(offset, offset + FLASH_WINDOW_BYTES));
    this.memory.setFlash(0, window);
  }

  /** Flash cache off: the window reads as zeros, which is no instruction (assumed; on boards such code ends in cause 0). */
  unmapFlash(): void {
    this.#mappedAt = undefined;
    this.memory.cache.clear();
    this.memory.setFlash(0, new Uint8Array(FLASH_WINDOW_BYTES));
  }

  /** The flash chip's content has changed between `offset` and `offset + length`. */
  flashChanged(offset: number, length: number): void {
    if (this.#mappedAt === undefined) return;
    const first = Math.max(offset, this.#mappedAt);
    const end = Math.min(offset + length, this.#mappedAt + FLASH_WINDOW_BYTES, this.#flash.length);
    if (first < end) this.memory.setFlash(first - this.#mappedAt, this.#flash.subarray(first, end));
  }

  /** Serves another address with a routine. */
  addRoutine(address: number, routine: NamedRoutine): void {
    this.#routines.set(address >>> 0, routine);
    this.#blocks.drop();
  }

  // Observing

  /** Told of every instruction; slow. Undefined ends it. */
  set onTrace(listener: ((record: TraceRecord) => void) | undefined) {
    this.#executor.onTrace = listener;
  }

  /** Counts by function from now on. While a profile is taken the interpreter runs. */
  startProfile(functions: readonly ProfiledFunction[]): Profile {
    this.#profile = new Profile(functions);
    this.#executor.profile = this.#profile;
    return this.#profile;
  }

  stopProfile(): void {
    this.#profile = undefined;
    this.#executor.profile = undefined;
  }

  /** How many bytes of DRAM between two addresses have been written since `clearTouched`, and the lowest and highest one. */
  touched(first = DRAM_ADDRESS, end = DRAM_ADDRESS + DRAM_BYTES): { bytes: number; lowest?: number; highest?: number } {
    const map = this.memory.touched.subarray(first - DRAM_ADDRESS, end - DRAM_ADDRESS);
    const lowest = map.indexOf(1);
    if (lowest < 0) return { bytes: 0 };
    const bytes = map.reduce((sum, flag) => sum + flag, 0);
    return { bytes, lowest: first + lowest, highest: first + map.lastIndexOf(1) };
  }

  clearTouched(first?: number, end?: number): void {
    this.memory.clearTouched(first, end);
  }
}
