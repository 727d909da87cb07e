/** An emulated chip with a program in it: what lies in the flash window becomes flash, the rest is written to memory. */
import { FLASH_MAP_ADDRESS } from "../../runtime/contract/native-image.ts";
import { Chip, type ChipOptions } from "../../runtime/esp8266/chip.ts";
import type { Segment } from "./process.ts";

const FLASH_BYTES = 0x100000;

export function loadChip(segments: readonly Segment[], options: Omit<ChipOptions, "flash"> = {}): Chip {
  const flash = new Uint8Array(FLASH_BYTES);
  for (const { address, bytes } of segments.filter(isInFlash)) flash.set(bytes, address - FLASH_MAP_ADDRESS);
  const chip = new Chip({ ...options, flash });
  writeRam(chip, segments);
  return chip;
}

/** Again, what a run may have changed. */
export function writeRam(chip: Chip, segments: readonly Segment[]): void {
  for (const segment of segments) if (!isInFlash(segment)) chip.write(segment.address, segment.bytes);
}

function isInFlash({ address }: Segment): boolean {
  return address >= FLASH_MAP_ADDRESS && address < FLASH_MAP_ADDRESS + FLASH_BYTES;
}
