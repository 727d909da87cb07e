/**
 * Runs a native program on the emulated chip and a virtual board: the same surface as WasmDevice. Time of the board stands
 * still during a call, as with WebAssembly, so that both engines do the same to the byte; the chip's own time is counted
 * beside it, and the watchdog goes by it.
 */
import { type DeviceFigures, DeviceLife, type DeviceOptions } from "../../board/device-life.ts";
import { FlashPrograms, ProgramCache } from "../../board/flash-programs.ts";
import { hostFunctions } from "../../board/host-functions.ts";
import {
  OneProgram,
  type ProgramEnd,
  type ProgramEngine,
  type ProgramRun,
  type ProgramSource,
} from "../../board/program-engine.ts";
import type { VirtualBoard } from "../../board/virtual-board.ts";
import { ResetReason } from "../../contract/host-abi.ts";
import { ImageArch } from "../../contract/image-header.ts";
import { PROGRAM_RESERVED_BYTES } from "../../contract/native-image.ts";
import {
  type CallFigures,
  CPU_CYCLES_PER_MS,
  type MachineUser,
  machineOf,
  type NativeMachine,
  NativeTrap,
  WatchdogBite,
} from "./native-machine.ts";
import { NativeProgram, NativeProgramError } from "./native-program.ts";
import { symbolsOf } from "./program-symbols.ts";

const flashPrograms = new ProgramCache<NativeProgram>(ImageArch.Lx106, true, (payload, offset) => {
  try {
    return NativeProgram.load(payload, symbolsOf(payload), offset);
  } catch (error) {
    if (error instanceof NativeProgramError) return error.message;
    throw error;
  }
});

export interface NativeFigures extends DeviceFigures {
  /** Retired by the program since the device was made. */
  instructions: number;
  /** Of the cycle model, host calls included. */
  cycles: number;
  /** Longest call into the program, cycles. */
  longestCallCycles: number;
  /** Of the stack, at its deepest. */
  stackBytes: number;
}

export class NativeDevice extends DeviceLife {
  readonly #engine: NativeEngine;

  constructor(program: NativeProgram | ProgramSource<NativeProgram>, board: VirtualBoard, options: DeviceOptions = {}) {
    const engine = new NativeEngine(program instanceof NativeProgram ? new OneProgram(program) : program, board);
    super(board, engine, options);
    this.#engine = engine;
  }

  /** A device that starts with the boot image in its board's flash. Names in its crashes: program-symbols.ts. */
  static fromFlash(board: VirtualBoard, options?: DeviceOptions): NativeDevice {
    return new NativeDevice(new FlashPrograms(board, flashPrograms), board, options);
  }

  /** The program that all devices see in these bytes at this offset of flash, or why there is none. */
  static programAt(payload: Uint8Array, offset: number): NativeProgram | string {
    return flashPrograms.get(payload, offset);
  }

  override get figures(): NativeFigures {
    return { ...super.figures, ...this.#engine.figures };
  }
}

class NativeEngine implements ProgramEngine {
  readonly programs: ProgramSource<NativeProgram>;
  readonly #user: MachineUser;
  /** The chip of the program that runs. */
  #machine: NativeMachine | undefined;
  readonly figures = { instructions: 0, cycles: 0, longestCallCycles: 0, stackBytes: 0 };

  constructor(programs: ProgramSource<NativeProgram>, board: VirtualBoard) {
    this.programs = programs;
    this.#user = {
      ram: new Uint8Array(PROGRAM_RESERVED_BYTES),
      host: hostFunctions(board, () => this.#chip.memory),
    };
  }

  get #chip(): NativeMachine {
    if (this.#machine === undefined) throw new Error("No program has begun.");
    return this.#machine;
  }

  begin(isCold: boolean): ProgramRun {
    const program = this.programs.chosen;
    const { entries, ramBytes } = program;
    const machine = machineOf(program);
    if (this.#machine !== machine) this.#machine?.release(this.#user);
    this.#machine = machine;
    if (isCold) machine.spoilRam(this.#user);
    machine.fillTable(this.#user);
    this.#call(entries.init);
    let heapUsed = 0;
    let heapLimit = 0;
    return {
      start: () => {
        this.#call(entries.start);
        heapUsed = this.#ask(entries.heapUsed);
        heapLimit = this.#ask(entries.heapLimit);
      },
      poll: () => {
        const delayMs = this.#call(entries.poll);
        heapUsed = this.#ask(entries.heapUsed);
        return delayMs;
      },
      heapUsed: () => heapUsed,
      heapLimit: () => heapLimit,
      memoryBytes: () => ramBytes,
    };
  }

  endOf(error: unknown): ProgramEnd | undefined {
    if (error instanceof NativeTrap) {
      return { reason: ResetReason.Crash, text: error.message, exception: error.exception };
    }
    if (error instanceof WatchdogBite) return { reason: ResetReason.Watchdog, text: error.message };
    return undefined;
  }

  clockMs(): number {
    return this.figures.cycles / CPU_CYCLES_PER_MS;
  }

  #call(address: number): number {
    const { figures } = this;
    const call: CallFigures = { instructions: 0, cycles: 0, stackBytes: 0 };
    try {
      return this.#chip.call(this.#user, address, call);
    } finally {
      figures.instructions += call.instructions;
      figures.cycles += call.cycles;
      figures.longestCallCycles = Math.max(figures.longestCallCycles, call.cycles);
      figures.stackBytes = Math.max(figures.stackBytes, call.stackBytes);
    }
  }

  /** For the figures: does not count itself. */
  #ask(address: number | undefined): number {
    return address === undefined ? 0 : this.#chip.call(this.#user, address);
  }
}
