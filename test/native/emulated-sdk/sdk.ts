/** What the parts of the emulated SDK share. */
import type { RoutineContext } from "../../../runtime/esp8266/bus.ts";
import type { Chip } from "../../../runtime/esp8266/chip.ts";

/** A function of the vendor's, by TypeScript. A number is its result; nothing leaves the result register alone. */
export type Served = (core: RoutineContext) => number | void;
export type ServedByName = Record<string, Served>;

export interface Sdk {
  readonly chip: Chip;
  /** Since this start of the chip. A call that waits moves it on. */
  nowMs: number;
  /** Memory of the chip, a copy; of no bytes at any address. */
  read(address: number, sizeBytes: number): Uint8Array;
  write(address: number, bytes: Uint8Array): void;
  /** To be done between two calls of `loop`, where the SDK's own task runs. */
  post(task: () => void): void;
  /** Calls a function of the host; its result word. */
  call(address: number, ...args: number[]): number;
}

/** For functions that do nothing here, or nothing that matters. */
export const DONE: Served = () => 1;
export const NOTHING: Served = () => 0;

export const VENDOR_RAM = {
  /** Data of the vendor's, in RAM that nobody else has here. */
  flashChip: 0x3fffb000,
  resetInfo: 0x3fffb040,
  frame: 0x3fffb100,
  networksFound: 0x3fffb200,
  address: 0x3fffbf00,
  /** Control blocks and buffers of lwIP. */
  lwip: 0x3fff0000,
  lwipEnd: 0x3fff9000,
} as const;
export const STACK_TOP = 0x3fffb000;
