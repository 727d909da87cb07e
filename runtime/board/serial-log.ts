/**
 * What a host prints on the serial line of its board, a line each:
 *
 *   12.345 info counting on pin 14      a log line: seconds since the start, LogLevel, text
 *   reset: PowerOn                      the chip has started: a ResetReason
 *   crash: cause 28 at 0x402cc1e3 address 0x00000000 image 0xc000
 *                                       the program of the image at this offset of flash ran into an exception of the core: its
 *                                       number, EPC1, EXCVADDR
 *   crash: unreachable                  it ended in another way: what the engine knows of it
 */
import { LogLevel, ResetReason } from "../contract/host-abi.ts";
import type { SerialLine } from "./serial-line.ts";

/** An exception of the core, Xtensa ISA Reference Manual 4.4.1. */
export interface CoreException {
  /** EXCCAUSE. */
  cause: number;
  epc1: number;
  excvaddr: number;
  /** Where the image of the program begins in the Lintel region of flash. */
  imageOffset: number;
}

export class SerialLog {
  readonly #line: SerialLine;
  readonly #clockMs: () => number;

  constructor(line: SerialLine, clockMs: () => number) {
    this.#line = line;
    this.#clockMs = clockMs;
  }

  log(level: LogLevel, text: string): void {
    this.#line.writeLine(`${(this.#clockMs() / 1000).toFixed(3)} ${LogLevel[level]?.toLowerCase()} ${text}`);
  }

  reset(reason: ResetReason): void {
    this.#line.writeLine(`reset: ${ResetReason[reason]}`);
  }

  crash(text: string, exception?: CoreException): void {
    this.#line.writeLine(`crash: ${exception === undefined ? text : describe(exception)}`);
  }
}

function describe({ cause, epc1, excvaddr, imageOffset }: CoreException): string {
  return `cause ${cause} at ${hex(epc1, 8)} address ${hex(excvaddr, 8)} image ${hex(imageOffset, 1)}`;
}

function hex(value: number, digits: number): string {
  return `0x${(value >>> 0).toString(16).padStart(digits, "0")}`;
}
