/** What an engine is to the life of a device (device-life.ts): it runs code, and knows what an error out of it means. */
import { HostError } from "../contract/error-codes.ts";
import type { ResetReason } from "../contract/host-abi.ts";
import type { CoreException } from "./serial-log.ts";

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
  /** Of a crash by an exception of the chip's core. */
  exception?: CoreException | undefined;
}

/** Where the programs of a device come from; `P` is a program as its engine takes it. */
export interface ProgramSource<P> {
  /**
   * Chooses the program that runs next: the image at this offset of flash, or without one what a start begins with. 0, or a
   * HostError, and then the choice is as before.
   */
  choose(offset?: number): number;
  readonly chosen: P;
}

/** The source of a device that always runs one program, as if it stood in slot A. */
export class OneProgram<P> implements ProgramSource<P> {
  readonly chosen: P;

  constructor(program: P) {
    this.chosen = program;
  }

  choose(offset?: number): number {
    return offset === undefined ? 0 : HostError.Unsupported;
  }
}

export interface ProgramEngine {
  readonly programs: ProgramSource<unknown>;
  /**
   * Sets up memory for the chosen program and runs its initialization, which may call host functions. `isCold`: power has
   * just come, so RAM holds noise.
   */
  begin(isCold: boolean): ProgramRun;
  /** What an error out of the program means; undefined: it is a mistake of the host. */
  endOf(error: unknown): ProgramEnd | undefined;
  /** Measures how long a call takes: real time, or the emulated chip's own. */
  clockMs(): number;
}
