/**
 * Runs a device program as WebAssembly on a virtual board. The life of the device is in board/device-life.ts.
 *
 * A program that does not return cannot be interrupted: it runs in this thread. A slow poll is only logged afterwards; one
 * that calls its host again and again (call-limit.ts), or whose loops turn again and again (loop-limit.ts), is ended. The
 * watchdog of the chip is in runtime/esp8266/device.
 */
import { DeviceLife, type DeviceOptions } from "../board/device-life.ts";
import { FlashPrograms, ProgramCache } from "../board/flash-programs.ts";
import { hostFunctions } from "../board/host-functions.ts";
import {
  OneProgram,
  type ProgramEnd,
  type ProgramEngine,
  type ProgramRun,
  type ProgramSource,
} from "../board/program-engine.ts";
import type { VirtualBoard } from "../board/virtual-board.ts";
import { ResetReason } from "../contract/host-abi.ts";
import { ImageArch } from "../contract/image-header.ts";
import { PROGRAM_DATA_OFFSET, PROGRAM_RAM_BYTES } from "../contract/limits.ts";
import { CallLimit, EndlessCall } from "./call-limit.ts";
import { LOOP_TURNS_MAX } from "./loop-limit.ts";
import { EarlyCall, isTrap, trapText } from "./traps.ts";
import { ProgramError, type ProgramInstance, WasmProgram } from "./wasm-program.ts";

const flashPrograms = new ProgramCache<WasmProgram>(ImageArch.Wasm32, false, (payload) => {
  try {
    return WasmProgram.compile(payload);
  } catch (error) {
    if (error instanceof ProgramError) return error.message;
    throw error;
  }
});

export class WasmDevice extends DeviceLife {
  constructor(program: WasmProgram | ProgramSource<WasmProgram>, board: VirtualBoard, options: DeviceOptions = {}) {
    const programs = program instanceof WasmProgram ? new OneProgram(program) : program;
    super(board, new WasmEngine(programs, board), options);
  }

  /** A device that starts with the boot image in its board's flash. */
  static fromFlash(board: VirtualBoard, options?: DeviceOptions): WasmDevice {
    return new WasmDevice(new FlashPrograms(board, flashPrograms), board, options);
  }
}

class WasmEngine implements ProgramEngine {
  readonly programs: ProgramSource<WasmProgram>;
  readonly #board: VirtualBoard;
  #instance: ProgramInstance | undefined;

  constructor(programs: ProgramSource<WasmProgram>, board: VirtualBoard) {
    this.programs = programs;
    this.#board = board;
  }

  begin(): ProgramRun {
    const limit = new CallLimit();
    let instance: ProgramInstance | undefined;
    this.#instance = undefined;
    const host = hostFunctions(
      this.#board,
      memoryOf(() => instance),
      PROGRAM_DATA_OFFSET,
    );
    instance = this.programs.chosen.instantiate(limit.over(host));
    this.#instance = instance;
    const { memory, start, poll, heapUsed, heapLimit, beginCall } = instance;
    return {
      start() {
        limit.reset();
        beginCall();
        start();
      },
      poll() {
        limit.reset();
        beginCall();
        return poll();
      },
      heapUsed,
      heapLimit,
      memoryBytes: () => memory.buffer.byteLength,
    };
  }

  endOf(error: unknown): ProgramEnd | undefined {
    if (error instanceof EndlessCall) return { reason: ResetReason.Watchdog, text: error.message };
    if (isTrap(error) && this.#instance?.hasLooped()) {
      return { reason: ResetReason.Watchdog, text: `the loops of a call had turned ${LOOP_TURNS_MAX} times` };
    }
    return isTrap(error) ? { reason: ResetReason.Crash, text: trapText(error) } : undefined;
  }

  clockMs(): number {
    return performance.now();
  }
}

/**
 * The memory of an instance that the host reaches, as much as a program has on the chip: a page of WebAssembly is larger. The
 * view is made anew only when the memory has grown.
 */
function memoryOf(instance: () => ProgramInstance | undefined): () => Uint8Array {
  let view: Uint8Array | undefined;
  return () => {
    const buffer = instance()?.memory.buffer;
    if (buffer === undefined) throw new EarlyCall();
    if (view?.buffer !== buffer) view = new Uint8Array(buffer, 0, Math.min(buffer.byteLength, PROGRAM_RAM_BYTES));
    return view;
  };
}
