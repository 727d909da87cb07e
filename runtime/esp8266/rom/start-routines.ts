/**
 * What the mask ROM does after a reset: it says so on the serial line, at 74,880 baud for a crystal of 26 MHz, then looks at the
 * straps: the serial loader, or what is in flash. Source: "ESP8266 boot process" in Espressif's and the community's
 * descriptions of the boot message (reset causes, boot modes), esptool's documentation of GPIO0.
 */
import type { RoutineContext } from "../bus.ts";
import { PS_UM } from "../core/exception-causes.ts";
import { SpecialRegister } from "../core/special-registers.ts";
import { STRAPS_FLASH, STRAPS_SERIAL } from "../peripherals/gpio.ts";
import type { CoreRegisters } from "./interrupt-routines.ts";
import * as cycles from "./rom-cycles.ts";
import { type RomRoutine, waitHere } from "./rom-routine.ts";
import type { SerialLoader } from "./serial-loader.ts";

const RESET_VECTOR = 0x40000080;
/** Where programs in RAM go to have the one in flash started; esptool's stub knows it. */
export const RUN_FLASH_ADDRESS = 0x400010a8;
/** The SDK's name is UartDwnLdProc. */
const SERIAL_LOADER_ADDRESS = 0x40003368;

export interface StartOptions {
  core: CoreRegisters;
  loader: SerialLoader;
  /** Straps of the last reset, from bit 2 down: GPIO15, GPIO0, GPIO2. */
  straps: () => number;
  /** Why there was a reset, as the boot message tells it. */
  cause: () => number;
  /** Sends text at the speed of the boot message. */
  tell: (text: string) => void;
  /** All of it has been sent. */
  isQuiet: () => boolean;
  /** Runs what is in flash. */
  runFlash: (core: RoutineContext) => void;
}

export function startRoutines(options: StartOptions): RomRoutine[] {
  const { core, loader, straps, cause, tell, isQuiet, runFlash } = options;
  let hasTold = false;
  return [
    {
      name: "reset",
      address: RESET_VECTOR,
      resultWords: 0,
      run: (context) => {
        const mode = straps();
        if (!hasTold) {
          hasTold = true;
          tell(`\r\n ets Jan  8 2013,rst cause:${cause()}, boot mode:(${mode},6)\r\n\r\n`);
        }
        if (!isQuiet()) return waitHere(context, cycles.POLL_CYCLES);
        hasTold = false;
        core.writeSpecial(SpecialRegister.PS, PS_UM);
        if (mode === STRAPS_SERIAL) {
          loader.reset();
          context.jump(SERIAL_LOADER_ADDRESS);
        } else if (mode === STRAPS_FLASH) context.jump(RUN_FLASH_ADDRESS);
        // SDIO and other modes that no board has: nothing comes.
        else return waitHere(context, cycles.POLL_CYCLES);
        return undefined;
      },
    },
    { name: "serial loader", address: SERIAL_LOADER_ADDRESS, resultWords: 0, run: (context) => loader.run(context) },
    { name: "run flash", address: RUN_FLASH_ADDRESS, resultWords: 0, run: runFlash },
    { name: "SelectSpiFunction", address: 0x40003f58, resultWords: 0, run: shortly },
    { name: "spi_flash_attach", address: 0x40004644, resultWords: 0, run: shortly },
  ];
}

/** Pins of the flash are always attached here. */
function shortly(context: RoutineContext): void {
  context.spend(cycles.SHORT_ROUTINE_CYCLES);
}
