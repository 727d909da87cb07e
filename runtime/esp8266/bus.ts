/**
 * What the parts of the emulated chip see of each other: peripherals and ROM routines stand on one side, the core on the
 * other, and neither imports the other. An emulated part gets the narrowest of these by constructor, never the chip.
 *
 * Addresses, registers and words are unsigned numbers (0 to 2^32 - 1) on this side; whoever computes with `| 0` turns the
 * result back with `>>> 0`, though every function that takes a word accepts both forms.
 */

/** A block of registers in the address space. The peripheral bus is 32 bits wide: byte and half-word accesses are refused. */
export interface Peripheral {
  readonly name: string;
  /** First address, a multiple of 4. */
  readonly address: number;
  /** A multiple of 4; blocks must not overlap. */
  readonly sizeBytes: number;
  /** `offset` is a multiple of 4, from 0 to sizeBytes - 4. A register that is not known: throw an EmulatorError. */
  read(offset: number): number;
  write(offset: number, value: number): void;
}

/**
 * Interrupt lines into the core; numbers are those of `InterruptLine`. Lines 0 to 5 are levels: the interrupt is pending as
 * long as the line is up. Lines 8 to 14 are edges: going up makes the interrupt pending until INTCLEAR (14: until it is
 * taken), whatever the line does. Source: core-isa.h of the Arduino core for ESP8266, XCHAL_INTTYPE_MASK_*.
 */
export interface InterruptLines {
  raise(line: number): void;
  lower(line: number): void;
}

/** The lines of the ESP8266, bits of the registers INTERRUPT and INTENABLE. Source: names of the ESP8266 SDK's ets_sys.h. */
export enum InterruptLine {
  Spi = 2,
  Rtc = 3,
  Gpio = 4,
  Uart = 5,
  /** Inside the core: CCOUNT has met CCOMPARE0. Pending until CCOMPARE0 is written. */
  Ccompare = 6,
  /** Inside the core: set by software. */
  Soft = 7,
  Wdt = 8,
  Frc1 = 9,
  Frc2 = 10,
  /** Non-maskable; edge-triggered. FRC1 arrives here when DPORT routes it so. */
  Nmi = 14,
}

/** CPU cycles since power-on, of the cycle model (core/cycle-model.ts). Time of every peripheral: at 80 MHz 12.5 ns each. */
export interface CycleClock {
  readonly cycles: number;
  /**
   * Runs something once `cycles` has reached `cycle`, between two instructions; at once after the current instruction when
   * it is already past. The result cancels it.
   */
  at(cycle: number, run: () => void): () => void;
}

/** Memory as code that stands in for chip code sees it: plain bytes, no alignment or width rules; unmapped: EmulatorError. */
export interface MemoryAccess {
  readWord(address: number): number;
  writeWord(address: number, value: number): void;
  readByte(address: number): number;
  writeByte(address: number, value: number): void;
  /** A copy. */
  readBytes(address: number, length: number): Uint8Array;
  writeBytes(address: number, bytes: Uint8Array): void;
}

/** What a native routine sees of the core. */
export interface RoutineContext {
  readonly memory: MemoryAccess;
  readonly clock: CycleClock;
  /** Address of the routine itself. */
  readonly pc: number;
  /** Register a0..a15. */
  get(register: number): number;
  set(register: number, value: number): void;
  /** Argument word `index` of the call0 convention: a2..a7, further ones on the caller's stack at a1 + 4 * (index - 6). */
  argument(index: number): number;
  /** Result word `index`, placed likewise. */
  setResult(index: number, value: number): void;
  /** Adds to the cycle count what the real routine would have taken. */
  spend(cycles: number): void;
  /** Leaves to another address than a0 when the routine is done (a jump into other code). */
  jump(address: number): void;
  /** Ends the routine in an exception of the core, at the routine's own address; `address` becomes EXCVADDR. */
  raise(cause: number, address: number): void;
  /** Calls chip code; its first result word. All registers are what they were before. */
  call(address: number, args: readonly number[]): number;
}

/**
 * Code at an address that is served by TypeScript: a routine of the mask ROM, or a host function. Runs when the core is
 * about to fetch from that address; then the core continues at a0, as after `ret`, unless the routine called `jump` or
 * threw. What it throws comes out of `run`, `step` or `call` of the chip unchanged.
 */
export type NativeRoutine = (core: RoutineContext) => void;

export interface NamedRoutine {
  readonly name: string;
  readonly run: NativeRoutine;
}
