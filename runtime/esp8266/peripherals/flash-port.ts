/**
 * The cells of the flash chip, and how long the chip takes to change them: typical times of a W25Q32JV (datasheet, section
 * 9.6), in cycles at 80 MHz.
 */
/** 0.4 ms a page of 256 bytes. */
export const FLASH_PAGE_PROGRAM_CYCLES = 32_000;
/** 45 ms. */
export const FLASH_SECTOR_ERASE_CYCLES = 3_600_000;
/** 150 ms. */
export const FLASH_BLOCK_ERASE_CYCLES = 12_000_000;

export const FLASH_PAGE_BYTES = 256;
export const FLASH_SECTOR_BYTES = 0x1000;
export const FLASH_BLOCK_BYTES = 0x10000;

/** The cells of the flash chip. Offsets and sizes are inside of it when it is called. */
export interface FlashPort {
  readonly sizeBytes: number;
  read(offset: number, into: Uint8Array): void;
  /** Clears bits. */
  write(offset: number, bytes: Uint8Array): void;
  /** Sets one sector of 4 KiB to ones. */
  eraseSector(offset: number): void;
}
