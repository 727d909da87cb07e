/**
 * What the mask ROM does after a reset: it says so on the serial line, at 74,880 baud for a crystal of 26 MHz, then looks at the
 * straps: the serial loader, or what is in flash (flash-boot.ts); with others, as SDIO, which no board has, nothing comes. Source: "ESP8266 boot process" in Espressif's and the community's
 * descriptions of the boot message (reset causes, boot modes), esptool's documentation of GPIO0.
 */
import type { RoutineContext } from "../bus.ts";
import { PS_UM } from "../core/exception-causes.ts";
import { SpecialRegister } from "../core/special-registers.ts";
import { STRAPS_FLASH, STRAPS_SERIAL } from "../peripherals/gpio.ts";
import { RtcResetReason } from "../peripherals/rtc.ts";
import type { BootResult } from "./flash-boot.ts";
import type { CoreRegisters } from "./interrupt-routines.ts";
import * as cycles from "./rom-cycles.ts";
import { misuse, type RomRoutine, waitHere } from "./rom-routine.ts";
import type { SerialLoader } from "./serial-loader.ts";

export const RESET_VECTOR = 0x40000080;
/** Where programs in RAM go to have the one in flash started; esptool's stub knows it. */
export const RUN_FLASH_ADDRESS = 0x400010a8;
/** The SDK's name is UartDwnLdProc. */
const SERIAL_LOADER_ADDRESS = 0x40003368;
/** Where the chip stays when there is nothing to start; inside the ROM, where no entry point is known. */
const DEAD_END_ADDRESS = 0x400010f0;

/** The UART that the ROM talks on. */
export interface StartLine {
  readonly hasRoom: boolean;
  /** All of what was to be sent is. */
  readonly isQuiet: boolean;
  transmit(byte: number): void;
}

export interface StartOptions {
  core: CoreRegisters;
  loader: SerialLoader;
  line: StartLine;
  /** Straps of the last reset, from bit 2 down: GPIO15, GPIO0, GPIO2. */
  straps: () => number;
  /** Why there was a reset, as the boot message tells it. */
  cause: () => number;
  /** Loads what is in flash into RAM. */
  boot: () => BootResult;
  /** As software_reset of the SDK does. */
  restart: () => void;
  /** Of a program that is started. */
  stackTop: number;
}

export interface StartRoutines {
  routines: RomRoutine[];
  /** With the chip. */
  reset: () => void;
}

export function startRoutines(options: StartOptions): StartRoutines {
  const { core, loader, line, straps, cause, boot, restart, stackTop } = options;
  /** What is still to be said; undefined: nothing was said yet. */
  let words: string | undefined;
  let booted: BootResult | undefined;

  /** False as long as it is being said. */
  const hasSaid = (text: string): boolean => {
    words ??= text;
    while (words !== "" && line.hasRoom) {
      line.transmit(words.charCodeAt(0));
      words = words.slice(1);
    }
    if (words !== "" || !line.isQuiet) return false;
    words = undefined;
    return true;
  };

  const runReset = (context: RoutineContext): void | "waiting" => {
    const mode = straps();
    const message = `\r\n ets Jan  8 2013,rst cause:${cause()}, boot mode:(${mode},6)\r\n\r\n`;
    if (!hasSaid(cause() === RtcResetReason.Watchdog ? `${message}wdt reset\r\n` : message)) {
      return waitHere(context, cycles.POLL_CYCLES);
    }
    core.writeSpecial(SpecialRegister.PS, PS_UM);
    if (mode === STRAPS_SERIAL) {
      loader.reset();
      context.jump(SERIAL_LOADER_ADDRESS);
    } else if (mode === STRAPS_FLASH) context.jump(RUN_FLASH_ADDRESS);
    else context.jump(DEAD_END_ADDRESS);
  };

  const runFlash = (context: RoutineContext): void | "waiting" => {
    if (booted === undefined) {
      booted = boot();
      context.spend(cycles.FLASH_COMMAND_CYCLES + (booted.bytes / 4) * cycles.FLASH_READ_WORD_CYCLES);
    }
    if (!hasSaid(booted.text)) return waitHere(context, cycles.POLL_CYCLES);
    const { entry = DEAD_END_ADDRESS } = booted;
    booted = undefined;
    context.set(0, entry);
    context.set(1, stackTop);
    context.jump(entry);
  };

  const routines: RomRoutine[] = [
    { name: "reset", address: RESET_VECTOR, resultWords: 0, run: runReset },
    { name: "serial loader", address: SERIAL_LOADER_ADDRESS, resultWords: 0, run: (context) => loader.run(context) },
    { name: "run flash", address: RUN_FLASH_ADDRESS, resultWords: 0, run: runFlash },
    {
      name: "dead end",
      address: DEAD_END_ADDRESS,
      resultWords: 0,
      run: (context) => waitHere(context, cycles.IDLE_CYCLES),
    },
    { name: "ets_set_user_start", address: 0x40000fbc, resultWords: 0, run: setUserStart },
    { name: "software_reset", address: 0x4000264c, resultWords: 0, run: restart },
    { name: "SelectSpiFunction", address: 0x40003f58, resultWords: 0, run: shortly },
    { name: "spi_flash_attach", address: 0x40004644, resultWords: 0, run: shortly },
  ];
  return {
    routines,
    reset: () => {
      words = undefined;
      booted = undefined;
    },
  };
}

/** The ROM would call what is set here when a program that it has started returns. esptool's older stub sets 0, for nothing. */
function setUserStart(context: RoutineContext): void {
  if (context.argument(0) !== 0) throw misuse(context, "ets_set_user_start", "only 0, for nothing, is served");
  context.spend(cycles.SHORT_ROUTINE_CYCLES);
}

/** Pins of the flash are always attached here. */
function shortly(context: RoutineContext): void {
  context.spend(cycles.SHORT_ROUTINE_CYCLES);
}
