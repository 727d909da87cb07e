/**
 * The emulated chip that runs a native program, for all devices of that program in turn: between two calls nothing of a
 * program is left but its RAM, so a device brings its RAM and takes it away again. One translation of the code then serves a
 * fleet. The flash cache is emptied when another device comes, since its code would have been displaced.
 *
 * The host's functions stand at addresses behind the mask ROM, where the chip has nothing; each is served by TypeScript. A
 * pointer parameter becomes an index into the program's RAM. Assumption: a host function costs HOST_CALL_CYCLES.
 */

import { POLL_WATCHDOG_MS } from "../../board/device-life.ts";
import type { HostImports } from "../../board/host-imports.ts";
import type { CoreException } from "../../board/serial-log.ts";
import { HOST_FUNCTIONS } from "../../contract/host-functions.ts";
import { PROGRAM_DATA_OFFSET, PROGRAM_RAM_BYTES } from "../../contract/limits.ts";
import { HOST_IMAGE_SLOT, PROGRAM_RAM_ADDRESS } from "../../contract/native-image.ts";
import { type CallResult, Chip, type ChipOptions } from "../chip.ts";
import { ExceptionCause } from "../core/exception-causes.ts";
import { EmulatorError, hex } from "../emulator-error.ts";
import { DRAM_ADDRESS, DRAM_BYTES } from "../memory/address-map.ts";
import { maskRom } from "../rom/mask-rom.ts";
import { poisoned, type RomRoutine } from "../rom/rom-routine.ts";
import type { NativeProgram } from "./native-program.ts";

/** Behind the mask ROM's 64 KiB. A word for each function, in the order of HOST_FUNCTIONS. */
export const HOST_CALL_ADDRESS = 0x40010000;
const HOST_CALL_CYCLES = 100;
const WORD_BYTES = 4;

export const CPU_CYCLES_PER_MS = 80_000;
const WATCHDOG_CYCLES = POLL_WATCHDOG_MS * CPU_CYCLES_PER_MS;
/** What a host gives a program: as much as the SDK gives its own tasks. */
export const STACK_BYTES = 4096;
/** The end of the RAM that programs have; ROM and SDK use what follows. */
const STACK_TOP = 0x3fffc000;

/** The program ran into an exception of the core, or did what the emulated chip cannot show. */
export class NativeTrap extends Error {
  override readonly name = "NativeTrap";
  /** Where the core says that it happened; absent: it has noticed nothing. */
  readonly exception: CoreException | undefined;

  constructor(message: string, exception?: CoreException) {
    super(message);
    this.exception = exception;
  }
}

/** A call took longer than the watchdog waits. */
export class WatchdogBite extends Error {
  override readonly name = "WatchdogBite";
}

/** Whose RAM it is and who serves its host calls. */
export interface MachineUser {
  /** The RAM of this device while another one runs; at least as large as that of the program. */
  ram: Uint8Array;
  host: HostImports;
}

export interface CallFigures {
  instructions: number;
  cycles: number;
  /** Of the stack, at its deepest. */
  stackBytes: number;
}

const machines = new WeakMap<NativeProgram, NativeMachine>();

/** The chip of a program, made when its first device wants it. A device of several programs goes from chip to chip. */
export function machineOf(program: NativeProgram): NativeMachine {
  const machine = machines.get(program) ?? new NativeMachine(program);
  machines.set(program, machine);
  return machine;
}

export class NativeMachine {
  readonly chip: Chip;
  readonly #program: NativeProgram;
  /** The program's RAM on the chip, not a copy. */
  readonly #ram: Uint8Array;
  readonly #stack: Uint8Array;
  /**
   * A byte for each byte from the end of the program's RAM to STACK_TOP: 1 when it was written. A Buffer, which searches
   * fifty times as fast as a Uint8Array.
   */
  readonly #touched: Buffer;
  /** The same for the rest of data RAM, which on the chip is the ROM's and the SDK's. */
  readonly #touchedAbove: Buffer;
  readonly #above: Uint8Array;
  #user: MachineUser | undefined;
  /** Where the watchdog bit. */
  #bittenAt: number | undefined;

  constructor(program: NativeProgram, options: Pick<ChipOptions, "engine"> = {}) {
    this.#program = program;
    const flash = new Uint8Array(program.flashOffset + program.image.length).fill(0xff);
    flash.set(program.image, program.flashOffset);
    const routines = maskRom();
    for (const routine of this.#hostRoutines()) {
      routines.set(routine.address, { name: routine.name, run: poisoned(routine) });
    }
    this.chip = new Chip({ ...options, flash, routines });
    this.#ram = dram(this.chip, PROGRAM_RAM_ADDRESS, program.ramBytes);
    const { buffer, byteOffset } = this.chip.memory.touched;
    const ramEnd = PROGRAM_RAM_ADDRESS + program.ramBytes;
    this.#touched = Buffer.from(buffer, byteOffset + ramEnd - DRAM_ADDRESS, STACK_TOP - ramEnd);
    this.#touchedAbove = Buffer.from(
      buffer,
      byteOffset + STACK_TOP - DRAM_ADDRESS,
      DRAM_BYTES - (STACK_TOP - DRAM_ADDRESS),
    );
    this.#above = dram(this.chip, STACK_TOP, this.#touchedAbove.length);
    this.#stack = dram(this.chip, STACK_TOP - STACK_BYTES, STACK_BYTES);
  }

  /** The memory of the device that runs, as its host functions reach it: not the globals behind it. */
  get memory(): Uint8Array {
    return this.#ram.subarray(0, PROGRAM_RAM_BYTES);
  }

  /** Calls a function of the program for a device; its result word. Throws NativeTrap, WatchdogBite, or what the host throws. */
  call(user: MachineUser, address: number, figures?: CallFigures): number {
    const { chip } = this;
    this.#switchTo(user);
    const { cycles, instructions } = chip;
    this.#bittenAt = undefined;
    const calmDown = chip.core.at(cycles + WATCHDOG_CYCLES, () => {
      this.#bittenAt = chip.pc;
      chip.stop();
    });
    let lowest = STACK_TOP;
    let above: number | undefined;
    let result: CallResult;
    try {
      result = this.#enter(address);
    } finally {
      calmDown();
      lowest = this.#lowestWrite();
      above = this.#undoAbove();
      chip.clearTouched(lowest, STACK_TOP);
      if (figures !== undefined) {
        figures.instructions += chip.instructions - instructions;
        figures.cycles += chip.cycles - cycles;
        figures.stackBytes = Math.max(figures.stackBytes, STACK_TOP - lowest);
      }
    }
    if (above !== undefined) {
      throw new NativeTrap(`a write to ${hex(above)}, above the stack, where the SDK has its data`);
    }
    if (lowest < STACK_TOP - STACK_BYTES) {
      throw new NativeTrap(`a write to ${hex(lowest)}, below the stack of ${STACK_BYTES} bytes (a stack overflow?)`);
    }
    if (result.kind === "returned") return result.words(1)[0] as number;
    if (result.kind === "exception") throw this.#trapOf(result.cause, result.epc1, result.excvaddr);
    if (this.#bittenAt !== undefined) {
      const place = this.#program.describe(this.#bittenAt);
      throw new WatchdogBite(`a call ran for more than ${POLL_WATCHDOG_MS} ms, at ${place}`);
    }
    throw new NativeTrap(`the program stopped (${result.kind})`);
  }

  /** RAM and stack as power leaves them, so that a program that takes them for zeros is found out. */
  spoilRam(user: MachineUser): void {
    this.release(user);
    spoil(user.ram);
    this.#switchTo(user);
    spoil(this.#stack);
  }

  /** The device leaves this chip, for that of another program, and takes its RAM along. */
  release(user: MachineUser): void {
    if (this.#user !== user) return;
    user.ram.set(this.#ram);
    this.#user = undefined;
  }

  /** The words at the start of RAM that a host fills. */
  fillTable(user: MachineUser): void {
    this.#switchTo(user);
    HOST_FUNCTIONS.forEach((_, slot) => {
      this.chip.writeWord(PROGRAM_RAM_ADDRESS + slot * WORD_BYTES, HOST_CALL_ADDRESS + slot * WORD_BYTES);
    });
    this.chip.writeWord(PROGRAM_RAM_ADDRESS + HOST_IMAGE_SLOT * WORD_BYTES, this.#program.address);
  }

  #enter(address: number): CallResult {
    try {
      return this.chip.call(address, [], { stack: STACK_TOP });
    } catch (error) {
      // Registers and routines that are not emulated are out of a program's reach unless it goes astray.
      if (error instanceof EmulatorError && error.code === "not-emulated") {
        throw new NativeTrap(`${error.message} At ${this.#program.describe(error.pc ?? 0)}.`);
      }
      throw error;
    }
  }

  #trapOf(cause: ExceptionCause, pc: number, address: number): NativeTrap {
    const trap = cause === ExceptionCause.IllegalInstruction ? this.#program.trapAt(pc) : undefined;
    const isAccess =
      cause === ExceptionCause.LoadStoreError ||
      cause === ExceptionCause.LoadStoreAlignment ||
      cause === ExceptionCause.LoadProhibited ||
      cause === ExceptionCause.StoreProhibited;
    const what = trap ?? `exception ${cause} (${ExceptionCause[cause]})${isAccess ? ` for ${hex(address)}` : ""}`;
    const exception = { cause, epc1: pc, excvaddr: address, imageOffset: this.#program.regionOffset };
    return new NativeTrap(`${what} at ${this.#program.describe(pc)}`, exception);
  }

  #switchTo(user: MachineUser): void {
    if (this.#user === user) return;
    this.#user?.ram.set(this.#ram);
    this.#ram.set(user.ram.subarray(0, this.#ram.length));
    this.#user = user;
    this.chip.memory.cache.clear();
  }

  /** The lowest address above the program's RAM that the call has written to; STACK_TOP when there is none. */
  #lowestWrite(): number {
    const index = this.#touched.indexOf(1);
    return index < 0 ? STACK_TOP : STACK_TOP - this.#touched.length + index;
  }

  /** Writes beyond the stack would stay for the next device on this chip: undone. The address of the first. */
  #undoAbove(): number | undefined {
    const index = this.#touchedAbove.indexOf(1);
    if (index < 0) return undefined;
    this.chip.clearTouched(STACK_TOP, STACK_TOP + this.#touchedAbove.length);
    this.#above.fill(0);
    return STACK_TOP + index;
  }

  #hostRoutines(): RomRoutine[] {
    return HOST_FUNCTIONS.map((fn, slot): RomRoutine => {
      const params = fn.params.split(" ").filter((name) => name !== "");
      const isPointer = params.map((name) => name.startsWith("*"));
      const name = fn.name as keyof HostImports;
      return {
        name,
        address: HOST_CALL_ADDRESS + slot * WORD_BYTES,
        resultWords: fn.returns ? 1 : 0,
        run: (core) => {
          const args = isPointer.map((pointer, index) =>
            pointer ? this.#indexOf(core.argument(index)) : core.argument(index) | 0,
          );
          core.spend(HOST_CALL_CYCLES);
          const serve = (this.#user as MachineUser).host[name] as (...args: number[]) => number | undefined;
          const result = serve(...args);
          if (fn.returns) core.setResult(0, (result ?? 0) >>> 0);
        },
      };
    });
  }

  /**
   * A pointer as an index into RAM. The host's table is out of bounds. So is the null pointer, but for nothing: an empty
   * range may stand at 0, as it may in WebAssembly.
   */
  #indexOf(pointer: number): number {
    if (pointer === 0) return this.memory.length;
    return pointer < PROGRAM_RAM_ADDRESS + PROGRAM_DATA_OFFSET ? 0xffffffff : pointer - PROGRAM_RAM_ADDRESS;
  }
}

function spoil(bytes: Uint8Array): void {
  for (let index = 0; index < bytes.length; index++) bytes[index] = (index * 167 + 91) & 0xff;
}

/** A part of the chip's data RAM, not a copy. */
function dram(chip: Chip, address: number, sizeBytes: number): Uint8Array {
  const region = chip.memory.regionAt(address);
  if (region === undefined) throw new EmulatorError("bug", `The chip has no RAM at ${hex(address)}.`);
  const start = region.host + address - region.address;
  return chip.memory.bytes.subarray(start, start + sizeBytes);
}
