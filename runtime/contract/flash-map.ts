/**
 * The Lintel region of flash. Offsets are those of `flash_read`: 0 is where the region starts, 0x0C0000 of the chip.
 *
 * | offset | size | what |
 * |---|---|---|
 * | 0x00000 | 28 KiB | boot program: chooses a slot, and is the recovery program when no slot can run |
 * | 0x07000 | 4 KiB | factory record (factory-record.ts): product, trusted keys |
 * | 0x08000 | 8 KiB | slot states (slot-record.ts): two sectors, append-only, ping-pong |
 * | 0x0A000 | 8 KiB | configuration (config-record.ts): two copies |
 * | 0x0C000 | 64 KiB | slot A |
 * | 0x1C000 | 64 KiB | slot B |
 * | 0x2C000 | 8 KiB | sensor graph: two copies |
 * | 0x2E000 | the rest | reading queue (queue-format.ts): 56 KiB on a board of 1 MB, 3,128 KiB on one of 4 MB |
 *
 * The region ends where the vendor SDK's own four sectors begin, 16 KiB before the end of the flash chip (linker scripts of
 * the Arduino core for ESP8266: RF calibration and Wi-Fi parameters).
 */
export const FLASH_SECTOR_BYTES = 4096;
export const FLASH_REGION_CHIP_OFFSET = 0x0c0000;
/** The region of a board with 1 MB, the smallest there is; `flash_size` tells that of the board at hand. */
export const FLASH_REGION_BYTES = 0x3c000;
export const FLASH_REGION_MAX_BYTES = 0x33c000;

export const FLASH_BOOT_OFFSET = 0x00000;
export const FLASH_BOOT_BYTES = 0x7000;
export const FLASH_FACTORY_OFFSET = 0x07000;
export const FLASH_SLOT_STATES_OFFSET = 0x08000;
export const FLASH_SLOT_STATES_SECTORS = 2;
/** Two copies of the configuration record, one sector each. */
export const FLASH_CONFIG_OFFSET = 0x0a000;
export const FLASH_CONFIG_COPIES = 2;
export const FLASH_SLOT_A_OFFSET = 0x0c000;
export const FLASH_SLOT_B_OFFSET = 0x1c000;
export const FLASH_SLOT_BYTES = 0x10000;
/** Two copies of the sensor graph record, one sector each. */
export const FLASH_GRAPH_OFFSET = 0x2c000;
export const FLASH_QUEUE_OFFSET = 0x2e000;

/** Where a program runs from, as `slot()` and `hello` tell it. */
export enum Slot {
  A = 0,
  B = 1,
  /** The boot program, as recovery program. */
  Boot = 2,
}
