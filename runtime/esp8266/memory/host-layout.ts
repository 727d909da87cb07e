/**
 * Where the chip's memories stand in the one WebAssembly memory that both engines work on. Offsets are constants, so that
 * an access to chip memory is a subtraction, a comparison and one access of the host.
 */
import { DRAM_BYTES, FLASH_WINDOW_BYTES, IRAM_BYTES } from "./address-map.ts";

/** Registers a0..a15, a word each. */
export const STATE_REGISTERS = 0x0;
export const STATE_SAR = 0x80;
/** Cycles that translated code may still take; it counts down. */
export const STATE_CYCLES_LEFT = 0x84;
/** Instructions that translated code has retired; it counts up. */
export const STATE_INSTRUCTIONS = 0x88;
/** Address that the call under way goes to; a function of the table that stands for no code yet gives it back. */
export const STATE_TARGET = 0x8c;
/** What CCOUNT will be when STATE_CYCLES_LEFT is 0. */
export const STATE_COUNT_AT_END = 0x90;
/** Special registers by number, 256 words. */
export const STATE_SPECIAL = 0x400;

/** A byte for each line of the flash window: whether it is in the cache. */
export const CACHE_PRESENT = 0x1000;

export const DRAM_HOST = 0x10000;
/** A byte for each byte of DRAM: whether it has been written. */
export const DRAM_TOUCHED = DRAM_HOST + DRAM_BYTES;
export const IRAM_HOST = DRAM_TOUCHED + DRAM_BYTES;
/** A byte for each byte of IRAM: whether decoded code depends on it. */
export const IRAM_CODE = IRAM_HOST + IRAM_BYTES;
/** Where indirect calls find translated functions: pairs of address and table index, see translate/call-targets.ts. */
export const CALL_TARGETS = IRAM_CODE + IRAM_BYTES;
export const CALL_TARGET_COUNT = 0x2000;
export const FLASH_HOST = CALL_TARGETS + 8 * CALL_TARGET_COUNT;
/** Further RAM of the options, each with its own map of code behind it. */
export const EXTRA_HOST = FLASH_HOST + FLASH_WINDOW_BYTES;
