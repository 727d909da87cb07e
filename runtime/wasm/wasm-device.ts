/**
 * Runs a device program as WebAssembly on a virtual board. The life of the device is in board/device-life.ts.
 *
 * A program that does not return cannot be interrupted: it runs in this thread. A slow poll is only logged afterwards;
 * the watchdog of the chip, which would bite after 3 s, is not simulated (it is in runtime/esp8266/device).
 */
import {
  DeviceLife,
  type DeviceOptions,
  type ProgramEnd,
  type ProgramEngine,
  type ProgramRun,
} from "../board/device-life.ts";
import { hostFunctions } from "../board/host-functions.ts";
import type { VirtualBoard } from "../board/virtual-board.ts";
import { ResetReason } from "../contract/host-abi.ts";
import { EarlyCall, isTrap, trapText } from "./traps.ts";
import type { ProgramInstance, WasmProgram } from "./wasm-program.ts";

export class WasmDevice extends DeviceLife {
  constructor(program: WasmProgram, board: VirtualBoard, options: DeviceOptions = {}) {
    super(board, new WasmEngine(program, board), options);
  }
}

class WasmEngine implements ProgramEngine {
  readonly #program: WasmProgram;
  readonly #board: VirtualBoard;

  constructor(program: WasmProgram, board: VirtualBoard) {
    this.#program = program;
    this.#board = board;
  }

  begin(): ProgramRun {
    let instance: ProgramInstance | undefined;
    instance = this.#program.instantiate(
      hostFunctions(
        this.#board,
        memoryOf(() => instance),
      ),
    );
    const { memory, start, poll, heapUsed, heapLimit } = instance;
    return { start, poll, heapUsed, heapLimit, memoryBytes: () => memory.buffer.byteLength };
  }

  endOf(error: unknown): ProgramEnd | undefined {
    return isTrap(error) ? { reason: ResetReason.Crash, text: trapText(error) } : undefined;
  }

  clockMs(): number {
    return performance.now();
  }
}

/** The memory of an instance; its view is made anew only when the memory has grown. */
function memoryOf(instance: () => ProgramInstance | undefined): () => Uint8Array {
  let view: Uint8Array | undefined;
  return () => {
    const buffer = instance()?.memory.buffer;
    if (buffer === undefined) throw new EarlyCall();
    if (view?.buffer !== buffer) view = new Uint8Array(buffer);
    return view;
  };
}
