/**
 * Runs a device program as WebAssembly on a virtual board: starts it, polls it when something has happened or its delay
 * has passed, and starts it anew when it traps, restarts or sleeps.
 *
 * Wakes are coalesced: any number of them before a poll gives one poll, at the same time but never from within the event
 * that woke; a wake during a poll gives one more poll. A program that asks for a delay of 0 is polled a millisecond later,
 * so that virtual time moves on.
 *
 * A program that does not return cannot be interrupted: it runs in this thread. A slow poll is only logged afterwards;
 * the watchdog of the chip, which would bite after 3 s, is not simulated.
 */
import { hostFunctions } from "../board/host-functions.ts";
import { ProgramStop } from "../board/power.ts";
import type { Cancel } from "../board/time-source.ts";
import type { VirtualBoard } from "../board/virtual-board.ts";
import { LogLevel, ResetReason } from "../contract/host-abi.ts";
import { POLL_MAX_MS } from "../contract/limits.ts";
import { EarlyCall, isTrap, trapText } from "./traps.ts";
import type { ProgramInstance, WasmProgram } from "./wasm-program.ts";

/** A poll longer than this is logged, real time. */
const SLOW_POLL_MS = 1000;
/** From a reset to `start`: boot ROM, boot loader and SDK of the chip take about this long. */
const BOOT_MS = 200;
const POLL_MIN_MS = 1;

export interface WasmDeviceOptions {
  /**
   * What a program that allocates after `start` brings about: `error` stops the device and throws an AllocationError out
   * of the time source (VirtualTime.run rejects with it); `log` logs each growth.
   */
  onAllocation?: "error" | "log";
  /** From a reset to `start`, milliseconds. */
  bootMs?: number;
}

/** A program has allocated after `start`. */
export class AllocationError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "AllocationError";
  }
}

export interface DeviceFigures {
  polls: number;
  /** Starts of the program, the first one included. */
  starts: number;
  crashes: number;
  /** Restarts of every kind but power-on. */
  resets: number;
  slowPolls: number;
  /** Times that the heap or the memory was found larger after a poll than before. */
  allocationsAfterStart: number;
  heapUsedBytes: number;
  heapLimitBytes: number;
  memoryBytes: number;
}

/** One run of the program, from `start` to its end. */
interface Run {
  /** undefined while the module's own initialization runs */
  instance: ProgramInstance | undefined;
  heapUsedBytes: number;
  memoryBytes: number;
}

export class WasmDevice {
  readonly board: VirtualBoard;
  readonly #program: WasmProgram;
  readonly #onAllocation: "error" | "log";
  readonly #bootMs: number;
  #run: Run | undefined;
  /** The next start or poll; there is never more than one. */
  #next: Cancel | undefined;
  #isPowered = false;
  #isInProgram = false;
  #isWakePending = false;
  #isPollDue = false;
  #polls = 0;
  #starts = 0;
  #crashes = 0;
  #resets = 0;
  #slowPolls = 0;
  #allocationsAfterStart = 0;

  constructor(program: WasmProgram, board: VirtualBoard, options: WasmDeviceOptions = {}) {
    this.#program = program;
    this.board = board;
    this.#onAllocation = options.onAllocation ?? "log";
    this.#bootMs = options.bootMs ?? BOOT_MS;
    board.onWake = () => this.#wake();
  }

  get isPowered(): boolean {
    return this.#isPowered;
  }

  /** The program runs: it was started and neither sleeps nor waits for its next start. */
  get isRunning(): boolean {
    return this.#run !== undefined;
  }

  get figures(): DeviceFigures {
    const instance = this.#run?.instance;
    return {
      polls: this.#polls,
      starts: this.#starts,
      crashes: this.#crashes,
      resets: this.#resets,
      slowPolls: this.#slowPolls,
      allocationsAfterStart: this.#allocationsAfterStart,
      heapUsedBytes: instance?.heapUsed() ?? 0,
      heapLimitBytes: instance?.heapLimit() ?? 0,
      memoryBytes: instance?.memory.buffer.byteLength ?? 0,
    };
  }

  powerOn(): void {
    if (this.#isPowered) return;
    this.#isPowered = true;
    this.#startAfter(this.#bootMs, ResetReason.PowerOn);
  }

  /** At once, without a farewell. From within a host function the program still returns before it ends. */
  powerCut(): void {
    this.#isPowered = false;
    this.#halt();
  }

  /** As the reset pin does, or another reason. */
  reset(reason: ResetReason = ResetReason.External): void {
    if (!this.#isPowered) return;
    this.#halt();
    this.#startAfter(this.#bootMs, reason);
  }

  /** The simulation ends; nothing is scheduled afterwards. The same as a power cut. */
  stop(): void {
    this.powerCut();
  }

  #halt(): void {
    this.#next?.();
    this.#next = undefined;
    this.#run = undefined;
    this.#isWakePending = false;
    this.#isPollDue = false;
    this.board.halt();
  }

  #startAfter(delayMs: number, reason: ResetReason): void {
    if (reason !== ResetReason.PowerOn) this.#resets++;
    this.#next = this.board.time.at(delayMs, () => this.#start(reason));
  }

  #start(reason: ResetReason): void {
    this.#next = undefined;
    this.#starts++;
    this.board.start(reason);
    const run: Run = { instance: undefined, heapUsedBytes: 0, memoryBytes: 0 };
    this.#run = run;
    const instance = this.#call(run, "start", () => {
      run.instance = this.#program.instantiate(hostFunctions(this.board, memoryOf(run)));
      run.instance.start();
      return run.instance;
    });
    if (instance === undefined) return;
    run.heapUsedBytes = instance.heapUsed();
    run.memoryBytes = instance.memory.buffer.byteLength;
    this.#pollAfter(0);
  }

  #wake(): void {
    if (this.#run === undefined) return;
    if (this.#isInProgram) this.#isWakePending = true;
    else if (!this.#isPollDue) this.#pollAfter(0);
  }

  #pollAfter(delayMs: number): void {
    this.#next?.();
    this.#isPollDue = delayMs === 0;
    this.#next = this.board.time.at(delayMs, () => this.#poll());
  }

  #poll(): void {
    const run = this.#run;
    const instance = run?.instance;
    if (run === undefined || instance === undefined) return;
    this.#next = undefined;
    this.#isPollDue = false;
    this.#isWakePending = false;
    this.#polls++;
    const delayMs = this.#call(run, "poll", () => instance.poll());
    if (delayMs === undefined) return;
    this.#checkAllocation(run, instance);
    this.#pollAfter(this.#isWakePending ? 0 : Math.min(POLL_MAX_MS, Math.max(POLL_MIN_MS, delayMs)));
  }

  /** Calls into the program; undefined when this run of it is over. */
  #call<T>(run: Run, name: string, call: () => T): T | undefined {
    const startMs = performance.now();
    this.#isInProgram = true;
    try {
      const result = call();
      return this.#run === run ? result : undefined;
    } catch (error) {
      if (this.#run === run) this.#ended(name, error);
      return undefined;
    } finally {
      this.#isInProgram = false;
      const tookMs = performance.now() - startMs;
      if (tookMs > SLOW_POLL_MS) {
        this.#slowPolls++;
        this.board.log(
          LogLevel.Warning,
          `${name} took ${Math.round(tookMs)} ms; over 3000 ms the watchdog resets the chip`,
        );
      }
    }
  }

  #ended(name: string, error: unknown): void {
    if (isTrap(error)) {
      this.#crashes++;
      this.board.log(LogLevel.Error, `the program trapped in ${name}: ${trapText(error)}`);
      this.reset(ResetReason.Crash);
      return;
    }
    if (!(error instanceof ProgramStop)) {
      this.stop();
      throw error;
    }
    const { request } = error;
    if (request.kind === "restart") {
      this.board.log(LogLevel.Info, `the program restarts, reason ${request.reason}`);
      this.reset(ResetReason.Software);
      return;
    }
    this.#halt();
    if (request.sleepMs === 0) this.board.log(LogLevel.Info, "the program sleeps until the reset pin is pulled");
    else this.#startAfter(request.sleepMs + this.#bootMs, ResetReason.DeepSleep);
  }

  #checkAllocation(run: Run, instance: ProgramInstance): void {
    const memoryBytes = instance.memory.buffer.byteLength;
    const heapUsedBytes = instance.heapUsed();
    if (heapUsedBytes <= run.heapUsedBytes && memoryBytes <= run.memoryBytes) return;
    const message =
      `the program allocates after start: heap ${run.heapUsedBytes} to ${heapUsedBytes} bytes, ` +
      `memory ${run.memoryBytes} to ${memoryBytes} bytes`;
    run.heapUsedBytes = heapUsedBytes;
    run.memoryBytes = memoryBytes;
    this.#allocationsAfterStart++;
    this.board.log(LogLevel.Error, message);
    if (this.#onAllocation === "log") return;
    this.stop();
    throw new AllocationError(message);
  }
}

/** The memory of a run; its view is made anew only when the memory has grown. */
function memoryOf(run: Run): () => Uint8Array {
  let view: Uint8Array | undefined;
  return () => {
    const buffer = run.instance?.memory.buffer;
    if (buffer === undefined) throw new EarlyCall();
    if (view?.buffer !== buffer) view = new Uint8Array(buffer);
    return view;
  };
}
