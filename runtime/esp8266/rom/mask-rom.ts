/** The mask ROM as a table: which routine is served at which address. */
import type { NamedRoutine } from "../bus.ts";
import type { FlashPort } from "../peripherals/flash-port.ts";
import { ARITHMETIC_ROUTINES } from "./arithmetic-routines.ts";
import { type FlashCachePort, flashRoutines } from "./flash-routines.ts";
import { md5Routines } from "./md5-routines.ts";
import { MEMORY_ROUTINES } from "./memory-routines.ts";
import { poisoned, type RomRoutine } from "./rom-routine.ts";
import { type SerialPort, serialRoutines } from "./serial-routines.ts";
import { timingRoutines } from "./timing-routines.ts";

export interface MaskRomOptions {
  /** Absent: the flash routines are not offered. */
  flash?: { chip: FlashPort; cache: FlashCachePort };
  /** UART0 and UART1. Absent: serial output is not offered. */
  serial?: readonly [SerialPort, SerialPort];
  /** Spoils the scratch registers after each routine. On unless it is false. */
  poisonsScratch?: boolean;
}

export function maskRom(options: MaskRomOptions = {}): Map<number, NamedRoutine> {
  const routines: RomRoutine[] = [...ARITHMETIC_ROUTINES, ...MEMORY_ROUTINES, ...timingRoutines(), ...md5Routines()];
  if (options.flash !== undefined) routines.push(...flashRoutines(options.flash.chip, options.flash.cache));
  if (options.serial !== undefined) routines.push(...serialRoutines(options.serial));
  const poisons = options.poisonsScratch ?? true;
  return new Map(
    routines.map((routine) => [
      routine.address,
      { name: routine.name, run: poisons ? poisoned(routine) : routine.run },
    ]),
  );
}
