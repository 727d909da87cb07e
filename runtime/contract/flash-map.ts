/**
 * The Lintel region of flash. Offsets are those of `flash_read`: 0 is where the region starts, 0x0C0000 of the chip.
 */
export const FLASH_SECTOR_BYTES = 4096;
export const FLASH_REGION_CHIP_OFFSET = 0x0c0000;
/** From 0x0C0000 up to the vendor SDK's own sectors at 0x0FC000. */
export const FLASH_REGION_BYTES = 0x3c000;
/** Two copies of the configuration record, one sector each. */
export const FLASH_CONFIG_OFFSET = 0x4000;
export const FLASH_CONFIG_COPIES = 2;
/** A program runs in place from slot A. */
export const FLASH_SLOT_A_OFFSET = 0x6000;
export const FLASH_SLOT_BYTES = 0x14000;
