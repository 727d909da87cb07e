/** Copies of the configuration in flash, for specs. */
import { CONFIG_CRC_OFFSET, CONFIG_HEADER_BYTES, CONFIG_TRIAL_OFFSET } from "../../contract/config-record.ts";
import { FLASH_CONFIG_OFFSET, FLASH_SECTOR_BYTES } from "../../contract/flash-map.ts";
import { crc32 } from "../hal/crc32.ts";
import { hexOf, putHex } from "./hex.ts";
import { putFlash, takeFlash } from "./stage.ts";

export const buffer = memory.data(1024);

/** Trial words: as the record of a new configuration begins, and of one that has worked. */
export const NEW: u32 = 0xffffffff;
export const CONFIRMED: u32 = 0xfffffffe;

export function putCopy(copy: i32, recordHex: string): void {
  putFlash(FLASH_CONFIG_OFFSET + copy * FLASH_SECTOR_BYTES, buffer, putHex(buffer, recordHex));
}

/** A valid record around a map. */
export function recordOf(sequence: u32, trial: u32, mapHex: string): string {
  const map = buffer + CONFIG_HEADER_BYTES;
  const length = putHex(map, mapHex);
  putHex(buffer, "4c434647");
  store<u32>(buffer + 4, sequence);
  store<u32>(buffer + 8, length);
  store<u32>(buffer + CONFIG_CRC_OFFSET, crc32(crc32(0, buffer + 4, 8), map, length));
  store<u32>(buffer + CONFIG_TRIAL_OFFSET, trial);
  return hexOf(buffer, CONFIG_HEADER_BYTES + length);
}

export function trialOf(copy: i32): u32 {
  takeFlash(FLASH_CONFIG_OFFSET + copy * FLASH_SECTOR_BYTES + CONFIG_TRIAL_OFFSET, buffer, 4);
  return load<u32>(buffer);
}

/** The first `length` bytes of a copy. */
export function copyHex(copy: i32, length: i32): string {
  takeFlash(FLASH_CONFIG_OFFSET + copy * FLASH_SECTOR_BYTES, buffer, length);
  return hexOf(buffer, length);
}
