/**
 * The flash routines of the mask ROM and the switches of the flash cache. Results as in the SDK's SpiFlashOpResult: 0 is
 * done, 1 an error. Addresses are those of the flash chip. The real routines demand words at word addresses and so do ours.
 */
import type { RoutineContext } from "../bus.ts";
import {
  FLASH_BLOCK_BYTES,
  FLASH_BLOCK_ERASE_CYCLES,
  FLASH_PAGE_BYTES,
  FLASH_PAGE_PROGRAM_CYCLES,
  FLASH_SECTOR_BYTES,
  FLASH_SECTOR_ERASE_CYCLES,
  type FlashPort,
} from "../peripherals/flash-port.ts";
import * as cycles from "./rom-cycles.ts";
import { misuse, type RomRoutine, waitHere } from "./rom-routine.ts";

/** The cache over the flash window. */
export interface FlashCachePort {
  /** `megabyte` of the flash becomes visible; the cache takes one bank of IRAM or both. */
  enable(megabyte: number, cacheBytes: number): void;
  disable(): void;
}

const SPI_FLASH_RESULT_OK = 0;
const SPI_FLASH_RESULT_ERR = 1;
const WORD_BYTES = 4;
const CACHE_BANK_BYTES = 0x4000;
/** Where the routines wait for the flash; inside the ROM, where no entry point is known. a3 says for how many cycles more. */
const WAIT_ADDRESS = 0x400043b0;
const WAIT_REGISTER = 3;
/** Interrupts have their turn in between: esptool's older stub hears the next block while one is written. */
const WAIT_SLICE_CYCLES = 8000;

export function flashRoutines(flash: FlashPort, cache: FlashCachePort): RomRoutine[] {
  /** Runs it when the range is whole words inside of the chip, and answers; waits for as many cycles as it says. */
  const guarded = (
    core: RoutineContext,
    offset: number,
    sizeBytes: number,
    run: () => number,
  ): "waiting" | undefined => {
    const isValid = (offset | sizeBytes) % WORD_BYTES === 0 && offset + sizeBytes <= flash.sizeBytes;
    core.spend(cycles.FLASH_COMMAND_CYCLES);
    const waitCycles = isValid ? run() : 0;
    core.setResult(0, isValid ? SPI_FLASH_RESULT_OK : SPI_FLASH_RESULT_ERR);
    if (waitCycles === 0) return undefined;
    core.set(WAIT_REGISTER, waitCycles);
    core.jump(WAIT_ADDRESS);
    return "waiting";
  };
  const erase = (core: RoutineContext, offset: number, sizeBytes: number, costCycles: number) =>
    guarded(core, offset, sizeBytes, () => {
      for (let done = 0; done < sizeBytes; done += FLASH_SECTOR_BYTES) flash.eraseSector(offset + done);
      return costCycles;
    });
  return [
    {
      name: "flash routine, waiting",
      address: WAIT_ADDRESS,
      resultWords: 1,
      run: (core) => {
        const leftCycles = core.get(WAIT_REGISTER);
        if (leftCycles <= WAIT_SLICE_CYCLES) return core.spend(leftCycles);
        core.set(WAIT_REGISTER, leftCycles - WAIT_SLICE_CYCLES);
        return waitHere(core, WAIT_SLICE_CYCLES);
      },
    },
    {
      name: "SPIRead",
      address: 0x40004b1c,
      resultWords: 1,
      run: (core) => {
        const sizeBytes = core.argument(2);
        return guarded(core, core.argument(0), sizeBytes, () => {
          const bytes = new Uint8Array(sizeBytes);
          flash.read(core.argument(0), bytes);
          core.memory.writeBytes(core.argument(1), bytes);
          return (sizeBytes / WORD_BYTES) * cycles.FLASH_READ_WORD_CYCLES;
        });
      },
    },
    {
      name: "SPIWrite",
      address: 0x40004a4c,
      resultWords: 1,
      run: (core) => {
        const sizeBytes = core.argument(2);
        return guarded(core, core.argument(0), sizeBytes, () => {
          flash.write(core.argument(0), core.memory.readBytes(core.argument(1), sizeBytes));
          return Math.ceil(sizeBytes / FLASH_PAGE_BYTES) * FLASH_PAGE_PROGRAM_CYCLES;
        });
      },
    },
    {
      name: "SPIEraseSector",
      address: 0x40004a00,
      resultWords: 1,
      run: (core) => erase(core, core.argument(0) * FLASH_SECTOR_BYTES, FLASH_SECTOR_BYTES, FLASH_SECTOR_ERASE_CYCLES),
    },
    {
      name: "SPIEraseBlock",
      address: 0x400049b4,
      resultWords: 1,
      run: (core) => erase(core, core.argument(0) * FLASH_BLOCK_BYTES, FLASH_BLOCK_BYTES, FLASH_BLOCK_ERASE_CYCLES),
    },
    {
      name: "SPIEraseChip",
      address: 0x40004984,
      resultWords: 1,
      run: (core) => erase(core, 0, flash.sizeBytes, (flash.sizeBytes / FLASH_BLOCK_BYTES) * FLASH_BLOCK_ERASE_CYCLES),
    },
    {
      // Clears the write protection in the status register, which nothing here sets.
      name: "SPIUnlock",
      address: 0x40004878,
      resultWords: 1,
      run: (core) => {
        core.setResult(0, SPI_FLASH_RESULT_OK);
        core.spend(cycles.FLASH_COMMAND_CYCLES);
      },
    },
    {
      // SPIParamCfg(id, size, block, sector, page, mask of the status): what the other routines count with. The size is the flash's
      // own here, whatever is said: tools name the largest there is.
      name: "SPIParamCfg",
      address: 0x40004c2c,
      resultWords: 1,
      run: (core) => {
        const [block, sector, page] = [core.argument(2), core.argument(3), core.argument(4)];
        if (block !== FLASH_BLOCK_BYTES || sector !== FLASH_SECTOR_BYTES || page !== FLASH_PAGE_BYTES) {
          throw misuse(core, "SPIParamCfg", `blocks of ${block}, sectors of ${sector}, pages of ${page} bytes`);
        }
        core.setResult(0, SPI_FLASH_RESULT_OK);
        core.spend(cycles.SHORT_ROUTINE_CYCLES);
      },
    },
    {
      // Cache_Read_Enable(odd or even megabyte, pair of megabytes, banks - 1): known from how boot loaders call it.
      name: "Cache_Read_Enable",
      address: 0x40004678,
      resultWords: 0,
      run: (core) => {
        const [isOdd, megabytePair, banks] = [core.argument(0), core.argument(1), core.argument(2)];
        if (isOdd > 1 || banks > 1) {
          throw misuse(core, "Cache_Read_Enable", `arguments ${isOdd}, ${megabytePair}, ${banks} have no meaning`);
        }
        cache.enable(megabytePair * 2 + isOdd, (banks + 1) * CACHE_BANK_BYTES);
        core.spend(cycles.SHORT_ROUTINE_CYCLES);
      },
    },
    {
      name: "Cache_Read_Disable",
      address: 0x400047f0,
      resultWords: 0,
      run: (core) => {
        cache.disable();
        core.spend(cycles.SHORT_ROUTINE_CYCLES);
      },
    },
  ];
}
