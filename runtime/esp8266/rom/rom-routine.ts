/**
 * A routine of the mask ROM. The ROM itself is Espressif's and not shipped: each entry point that is needed is served by
 * TypeScript at its address (addresses: eagle.rom.addr.v6.ld of the SDK; what the names mean: libgcc, newlib, the SDK).
 */
import type { NativeRoutine, RoutineContext } from "../bus.ts";
import { INSTRUCTION_CYCLES, TAKEN_CYCLES } from "../core/cycle-model.ts";
import { ExceptionCause } from "../core/exception-causes.ts";
import { EmulatorError, hex } from "../emulator-error.ts";

export interface RomRoutine {
  name: string;
  address: number;
  /** Words of the result, from a2 on. */
  resultWords: 0 | 1 | 2;
  /** `waiting`, the result of waitHere: it is not done yet and will be entered again. */
  run: (core: RoutineContext) => void | "waiting";
}

/** What the core itself charges for a routine. */
const ENTRY_CYCLES = INSTRUCTION_CYCLES + TAKEN_CYCLES;

/** Caller-saved registers of the call0 convention, a0 left out: it holds the return address. */
const FIRST_SCRATCH_REGISTER = 2;
const LAST_SCRATCH_REGISTER = 11;
/** Not an address, not a small number, odd: found at once in a trace. */
const POISON = 0xb0150000;

/**
 * A real routine may use a2 to a11 as it likes, and what it leaves there is not the same as what ours leaves. Poisoned, a
 * caller that relies on it is found out.
 */
export function poisoned({ run, resultWords }: RomRoutine): NativeRoutine {
  return (core) => {
    if (run(core) === "waiting") return;
    for (let register = FIRST_SCRATCH_REGISTER + resultWords; register <= LAST_SCRATCH_REGISTER; register++) {
      core.set(register, POISON | register);
    }
  };
}

/**
 * The routine waits: it comes to itself again after `cycles`, so that interrupts and peripherals have their turn meanwhile.
 * Its registers must say what is left to do.
 */
export function waitHere(core: RoutineContext, cycles: number): "waiting" {
  core.spend(cycles - ENTRY_CYCLES);
  core.jump(core.pc);
  return "waiting";
}

/** For arguments that the real routine answers by going astray. */
export function misuse(core: RoutineContext, name: string, message: string): EmulatorError {
  return new EmulatorError("not-emulated", `${name} in ROM: ${message}; it was to return to ${hex(core.get(0))}.`, {
    address: core.pc,
  });
}

export function divideByZero(core: RoutineContext): void {
  core.raise(ExceptionCause.IllegalInstruction, 0);
}
