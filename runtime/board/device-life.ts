/**
 * The life of a device on a virtual board, whatever runs its program: starts it, polls it when something has happened or
 * its delay has passed, and starts it anew when it crashes, restarts or sleeps. An engine (runtime/wasm,
 * runtime/esp8266/device) only runs code.
 *
 * Wakes are coalesced: any number of them before a poll gives one poll, at the same time but never from within the event
 * that woke; a wake during a poll gives one more poll. A program that asks for a delay of 0 is polled a millisecond later,
 * so that virtual time moves on. Time of the board stands still during a call into the program, with every engine.
 */
import { LogLevel, ResetReason } from "../contract/host-abi.ts";
import { POLL_MAX_MS } from "../contract/limits.ts";
import { ProgramStop } from "./power.ts";
import type { Cancel } from "./time-source.ts";
import type { VirtualBoard } from "./virtual-board.ts";

/** A call longer than this ends with a reset, where the engine can interrupt one. */
export const POLL_WATCHDOG_MS = 3000;
/** A poll longer than this is logged. */
const SLOW_POLL_MS = 1000;
/** From a reset to `start`: boot ROM, boot loader and SDK of the chip take about this long. */
const BOOT_MS = 200;
const POLL_MIN_MS = 1;

/** One run of the program, from its initialization to its end. */
export interface ProgramRun {
  start(): void;
  /** The delay until the next poll, milliseconds. */
  poll(): number;
  /** Bytes that the program's allocator has given out, and their maximum; 0 where the program does not tell. */
  heapUsed(): number;
  heapLimit(): number;
  memoryBytes(): number;
}

/** Why a run has ended by itself; `text` says where and how. */
export interface ProgramEnd {
  reason: ResetReason.Crash | ResetReason.Watchdog;
  text: string;
}

export interface ProgramEngine {
  /** Sets up memory and runs the program's initialization, which may call host functions. */
  begin(reason: ResetReason): ProgramRun;
  /** What an error out of the program means; undefined: it is a mistake of the host. */
  endOf(error: unknown): ProgramEnd | undefined;
  /** Measures how long a call takes: real time, or the emulated chip's own. */
  clockMs(): number;
}

export interface DeviceOptions {
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
  watchdogResets: number;
  /** Restarts of every kind but power-on. */
  resets: number;
  slowPolls: number;
  /** Times that the heap or the memory was found larger after a poll than before. */
  allocationsAfterStart: number;
  heapUsedBytes: number;
  heapLimitBytes: number;
  memoryBytes: number;
}

/** What is known of the run under way. */
interface CurrentRun {
  /** undefined while the program's initialization runs */
  program: ProgramRun | undefined;
  heapUsedBytes: number;
  memoryBytes: number;
}

export class DeviceLife {
  readonly board: VirtualBoard;
  readonly #engine: ProgramEngine;
  readonly #onAllocation: "error" | "log";
  readonly #bootMs: number;
  #run: CurrentRun | undefined;
  /** The next start or poll; there is never more than one. */
  #next: Cancel | undefined;
  #isPowered = false;
  #isInProgram = false;
  #isWakePending = false;
  #isPollDue = false;
  #polls = 0;
  #starts = 0;
  #crashes = 0;
  #watchdogResets = 0;
  #resets = 0;
  #slowPolls = 0;
  #allocationsAfterStart = 0;

  constructor(board: VirtualBoard, engine: ProgramEngine, options: DeviceOptions = {}) {
    this.board = board;
    this.#engine = engine;
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
    const program = this.#run?.program;
    return {
      polls: this.#polls,
      starts: this.#starts,
      crashes: this.#crashes,
      watchdogResets: this.#watchdogResets,
      resets: this.#resets,
      slowPolls: this.#slowPolls,
      allocationsAfterStart: this.#allocationsAfterStart,
      heapUsedBytes: program?.heapUsed() ?? 0,
      heapLimitBytes: program?.heapLimit() ?? 0,
      memoryBytes: program?.memoryBytes() ?? 0,
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
    const run: CurrentRun = { program: undefined, heapUsedBytes: 0, memoryBytes: 0 };
    this.#run = run;
    const program = this.#call(run, "start", () => {
      run.program = this.#engine.begin(reason);
      run.program.start();
      return run.program;
    });
    if (program === undefined) return;
    run.heapUsedBytes = program.heapUsed();
    run.memoryBytes = program.memoryBytes();
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
    const program = run?.program;
    if (run === undefined || program === undefined) return;
    this.#next = undefined;
    this.#isPollDue = false;
    this.#isWakePending = false;
    this.#polls++;
    const delayMs = this.#call(run, "poll", () => program.poll());
    if (delayMs === undefined) return;
    this.#checkAllocation(run, program);
    this.#pollAfter(this.#isWakePending ? 0 : Math.min(POLL_MAX_MS, Math.max(POLL_MIN_MS, delayMs)));
  }

  /** Calls into the program; undefined when this run of it is over. */
  #call<T>(run: CurrentRun, name: string, call: () => T): T | undefined {
    const startMs = this.#engine.clockMs();
    this.#isInProgram = true;
    try {
      const result = call();
      return this.#run === run ? result : undefined;
    } catch (error) {
      if (this.#run === run) this.#ended(name, error);
      return undefined;
    } finally {
      this.#isInProgram = false;
      const tookMs = this.#engine.clockMs() - startMs;
      if (tookMs > SLOW_POLL_MS) {
        this.#slowPolls++;
        this.board.log(
          LogLevel.Warning,
          `${name} took ${Math.round(tookMs)} ms; over ${POLL_WATCHDOG_MS} ms the watchdog resets the chip`,
        );
      }
    }
  }

  #ended(name: string, error: unknown): void {
    const end = this.#engine.endOf(error);
    if (end?.reason === ResetReason.Crash) {
      this.#crashes++;
      this.board.log(LogLevel.Error, `the program trapped in ${name}: ${end.text}`);
      this.reset(ResetReason.Crash);
      return;
    }
    if (end?.reason === ResetReason.Watchdog) {
      this.#watchdogResets++;
      this.board.log(LogLevel.Error, `the watchdog resets the chip in ${name}: ${end.text}`);
      this.reset(ResetReason.Watchdog);
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

  #checkAllocation(run: CurrentRun, program: ProgramRun): void {
    const memoryBytes = program.memoryBytes();
    const heapUsedBytes = program.heapUsed();
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
