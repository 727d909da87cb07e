/**
 * Runs a native program on the emulated chip and a virtual board: the same surface as WasmDevice. Time of the board stands
 * still during a call, as with WebAssembly, so that both engines do the same to the byte; the chip's own time is counted
 * beside it, and the watchdog goes by it.
 */
import {
  type DeviceFigures,
  DeviceLife,
  type DeviceOptions,
  type ProgramEnd,
  type ProgramEngine,
  type ProgramRun,
} from "../../board/device-life.ts";
import { hostFunctions } from "../../board/host-functions.ts";
import type { VirtualBoard } from "../../board/virtual-board.ts";
import { ResetReason } from "../../contract/host-abi.ts";
import {
  type CallFigures,
  CPU_CYCLES_PER_MS,
  type MachineUser,
  machineOf,
  type NativeMachine,
  NativeTrap,
  WatchdogBite,
} from "./native-machine.ts";
import type { NativeProgram } from "./native-program.ts";

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

  constructor(program: NativeProgram, board: VirtualBoard, options: DeviceOptions = {}) {
    const engine = new NativeEngine(program, board);
    super(board, engine, options);
    this.#engine = engine;
  }

  override get figures(): NativeFigures {
    return { ...super.figures, ...this.#engine.figures };
  }
}

class NativeEngine implements ProgramEngine {
  readonly #program: NativeProgram;
  readonly #machine: NativeMachine;
  readonly #user: MachineUser;
  readonly figures = { instructions: 0, cycles: 0, longestCallCycles: 0, stackBytes: 0 };

  constructor(program: NativeProgram, board: VirtualBoard) {
    this.#program = program;
    this.#machine = machineOf(program);
    this.#user = {
      ram: new Uint8Array(program.ramBytes),
      host: hostFunctions(board, () => this.#machine.ram),
    };
  }

  begin(reason: ResetReason): ProgramRun {
    const { entries, ramBytes } = this.#program;
    if (reason === ResetReason.PowerOn) this.#machine.spoilRam(this.#user);
    this.#machine.fillTable(this.#user);
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
    if (error instanceof NativeTrap) return { reason: ResetReason.Crash, text: error.message };
    if (error instanceof WatchdogBite) return { reason: ResetReason.Watchdog, text: error.message };
    return undefined;
  }

  clockMs(): number {
    return this.#machine.chip.cycles / CPU_CYCLES_PER_MS;
  }

  #call(address: number): number {
    const { figures } = this;
    const call: CallFigures = { instructions: 0, cycles: 0, stackBytes: 0 };
    try {
      return this.#machine.call(this.#user, address, call);
    } finally {
      figures.instructions += call.instructions;
      figures.cycles += call.cycles;
      figures.longestCallCycles = Math.max(figures.longestCallCycles, call.cycles);
      figures.stackBytes = Math.max(figures.stackBytes, call.stackBytes);
    }
  }

  /** For the figures: does not count itself. */
  #ask(address: number | undefined): number {
    return address === undefined ? 0 : this.#machine.call(this.#user, address);
  }
}
