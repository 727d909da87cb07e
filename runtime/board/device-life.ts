/**
 * The life of a device on a virtual board, whatever runs its program: starts it, polls it when something has happened or
 * its delay has passed, and starts it anew when it crashes, restarts or sleeps. An engine (runtime/wasm,
 * runtime/esp8266/device) only runs code.
 *
 * Wakes are coalesced: any number of them before a poll gives one poll, at the same time but never from within the event
 * that woke; a wake during a poll gives one more poll. A program that asks for a delay of 0 is polled a millisecond later,
 * so that virtual time moves on. Time of the board stands still during a call into the program, with every engine; what its
 * writes and erases of flash and its transfers on a wire took is waited for afterwards.
 */
import { LogLevel, ResetReason } from "../contract/host-abi.ts";
import { POLL_MAX_MS } from "../contract/limits.ts";
import { PowerCut, ProgramStop } from "./power.ts";
import type { ProgramEngine, ProgramRun } from "./program-engine.ts";
import type { Cancel } from "./time-source.ts";
import type { VirtualBoard } from "./virtual-board.ts";

/** A call longer than this ends with a reset, where the engine can interrupt one. */
export const POLL_WATCHDOG_MS = 3000;
/** A poll longer than this is logged. */
const SLOW_POLL_MS = 1000;
/** From a reset to `start`: boot ROM, boot loader and SDK of the chip take about this long. */
const BOOT_MS = 200;
const POLL_MIN_MS = 1;
/** From `image_run` to the `start` of that image. Not 0: two images that hand over to each other must not stop the time. */
const HAND_OVER_MS = 1;

export interface DeviceOptions {
  /**
   * What a program that allocates after `start` brings about: `error` stops the device and throws an AllocationError out
   * of the time source (VirtualTime.run rejects with it); `log` logs each growth.
   */
  onAllocation?: "error" | "log";
  /** From a reset to `start`, milliseconds. */
  bootMs?: number;
  /** The power went away in a flash operation (Flash.onOperation); the device is off. */
  onPowerCut?: () => void;
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
  /** Resets because the time that `deadline_set` named had passed. */
  deadlineResets: number;
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
  readonly #onPowerCut: (() => void) | undefined;
  #run: CurrentRun | undefined;
  /** The next start or poll; there is never more than one. */
  #next: Cancel | undefined;
  #deadline: Cancel | undefined;
  /** When the flash has done what the last call asked of it. */
  #readyAtMs = 0;
  #isPowered = false;
  #isInProgram = false;
  #isWakePending = false;
  #isPollDue = false;
  #polls = 0;
  #starts = 0;
  #crashes = 0;
  #watchdogResets = 0;
  #deadlineResets = 0;
  #resets = 0;
  #slowPolls = 0;
  #allocationsAfterStart = 0;

  constructor(board: VirtualBoard, engine: ProgramEngine, options: DeviceOptions = {}) {
    this.board = board;
    this.#engine = engine;
    this.#onAllocation = options.onAllocation ?? "log";
    this.#bootMs = options.bootMs ?? BOOT_MS;
    this.#onPowerCut = options.onPowerCut;
    board.onWake = () => this.#wake();
    board.onDeadline = (ms) => this.#setDeadline(ms);
    board.onImageRun = (offset) => engine.programs.choose(offset);
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
      deadlineResets: this.#deadlineResets,
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
    this.board.serial.losePower();
  }

  /** The reset pin is pulled, and not let go: `reset` does that. */
  hold(): void {
    if (this.#isPowered) this.#halt();
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
    this.#deadline?.();
    this.#deadline = undefined;
    this.#endRun();
  }

  #endRun(): void {
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
    // Without a program the chip does nothing until it is reset; the source has logged why.
    if (this.#engine.programs.choose() === 0) this.#begin(reason === ResetReason.PowerOn);
  }

  #begin(isCold: boolean): void {
    const run: CurrentRun = { program: undefined, heapUsedBytes: 0, memoryBytes: 0 };
    this.#run = run;
    const program = this.#call(run, "start", () => {
      run.program = this.#engine.begin(isCold);
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
    this.#next = this.board.time.at(this.#busyMs() + delayMs, () => this.#poll());
  }

  /** How long the flash, or a wire, is still at work. */
  #busyMs(): number {
    return Math.max(0, this.#readyAtMs - this.board.time.nowMs(), this.board.clock.aheadMs);
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
    const waitMs = Math.min(POLL_MAX_MS, Math.max(POLL_MIN_MS, delayMs));
    this.#pollAfter(this.#isWakePending ? 0 : this.board.clock.trueMs(waitMs));
  }

  /** Calls into the program; undefined when this run of it is over. */
  #call<T>(run: CurrentRun, name: string, call: () => T): T | undefined {
    const { clock, flash, time } = this.board;
    const startMs = this.#engine.clockMs();
    const flashMs = flash.busyMs;
    let result: T | undefined;
    let thrown: { error: unknown } | undefined;
    this.#isInProgram = true;
    try {
      result = call();
    } catch (error) {
      thrown = { error };
    }
    this.#isInProgram = false;
    this.#readyAtMs = time.nowMs() + (flash.busyMs - flashMs);
    try {
      if (thrown !== undefined && this.#run === run) this.#ended(name, thrown.error);
    } finally {
      this.#reportSlow(name, this.#engine.clockMs() - startMs + clock.aheadMs);
    }
    return thrown === undefined && this.#run === run ? result : undefined;
  }

  #reportSlow(name: string, tookMs: number): void {
    if (tookMs <= SLOW_POLL_MS) return;
    this.#slowPolls++;
    this.board.log(
      LogLevel.Warning,
      `${name} took ${Math.round(tookMs)} ms; over ${POLL_WATCHDOG_MS} ms the watchdog resets the chip`,
    );
  }

  #ended(name: string, error: unknown): void {
    const end = this.#engine.endOf(error);
    if (end?.reason === ResetReason.Crash) {
      this.#crashes++;
      this.board.serialLog?.crash(end.text, end.exception);
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
    if (error instanceof PowerCut) {
      this.powerCut();
      this.#onPowerCut?.();
      return;
    }
    if (!(error instanceof ProgramStop)) {
      this.stop();
      throw error;
    }
    const { request } = error;
    if (request.kind === "run") {
      this.#handOver();
      return;
    }
    if (request.kind === "restart") {
      this.board.log(LogLevel.Info, `the program restarts, reason ${request.reason}`);
      this.reset(ResetReason.Software);
      return;
    }
    this.#halt();
    if (request.sleepMs === 0) this.board.log(LogLevel.Info, "the program sleeps until the reset pin is pulled");
    else this.#startAfter(this.board.clock.trueMs(request.sleepMs) + this.#bootMs, ResetReason.DeepSleep);
  }

  /** The chosen image begins within the same start: clock, RTC memory and deadline go on, all else is as after a reset. */
  #handOver(): void {
    this.#endRun();
    this.#next = this.board.time.at(this.#busyMs() + HAND_OVER_MS, () => {
      this.#next = undefined;
      this.board.serial.open();
      this.#begin(false);
    });
  }

  #setDeadline(ms: number): void {
    // A program whose power has gone in this very call has no deadline any more.
    if (this.#run === undefined) return;
    this.#deadline?.();
    this.#deadline =
      ms === 0 ? undefined : this.board.time.at(this.board.clock.trueMs(ms), () => this.#deadlinePassed(ms));
  }

  #deadlinePassed(ms: number): void {
    this.#deadlineResets++;
    this.board.log(LogLevel.Warning, `the deadline of ${ms} ms has passed`);
    this.reset(ResetReason.Deadline);
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
