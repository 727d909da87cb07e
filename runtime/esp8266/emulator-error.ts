/**
 * The emulator cannot go on: the code uses a register, an address or a routine that is not emulated, or the emulator was
 * set up wrongly. Never an event on the chip: those are exceptions of the core, which chip code can handle.
 */
export type EmulatorErrorCode =
  /** An address that belongs to the chip but that nothing emulates (a peripheral register, a ROM routine). */
  | "not-emulated"
  /** The machine was put together wrongly, or its facade was used wrongly. */
  | "setup"
  /** A mistake of the emulator. */
  | "bug";

export class EmulatorError extends Error {
  override readonly name = "EmulatorError";
  readonly code: EmulatorErrorCode;
  /** Where the core was; undefined when it was not running. The chip fills it in. */
  pc: number | undefined;
  /** The address that was asked for, if it is about one. */
  readonly address: number | undefined;

  constructor(code: EmulatorErrorCode, message: string, place: { pc?: number; address?: number } = {}) {
    super(message);
    this.code = code;
    this.pc = place.pc;
    this.address = place.address;
  }
}

/** `0x3ff00014`. */
export function hex(value: number, digits = 8): string {
  return `0x${(value >>> 0).toString(16).padStart(digits, "0")}`;
}
