/**
 * Where things are in the address space of the ESP8266.
 *
 * Sources: ESP8266 Technical Reference, appendix (peripherals); the linker scripts of Espressif's SDK (DRAM, IRAM, flash);
 * the core's configuration header core-isa.h as published with the Arduino core for ESP8266 (windows of 256 KiB and 1 MiB).
 * What lies between is not documented: see `AddressKind` for what is assumed.
 */
export const PERIPHERAL_WINDOWS: readonly (readonly [number, number])[] = [
  /** DPORT, on the core's XLMI port. */
  [0x3ff00000, 0x3ff40000],
  /** UART, SPI, GPIO, timers, RTC and its memory, I/O multiplexer, watchdog; the radio behind them. */
  [0x60000000, 0x60010000],
];

/** Data RAM: 80 KiB for programs, then 16 KiB that ROM and SDK use. */
export const DRAM_ADDRESS = 0x3ffe8000;
export const DRAM_BYTES = 0x18000;

/** Mask ROM, 64 KiB: routines are served by TypeScript, its bytes are not there. */
export const ROM_ADDRESS = 0x40000000;
export const ROM_BYTES = 0x10000;

/** Instruction RAM: 32 KiB, then the two banks of 16 KiB that serve as flash cache unless they are switched to RAM. */
export const IRAM_ADDRESS = 0x40100000;
export const IRAM_BYTES = 0x10000;

/** Flash through the cache: one megabyte at a time, read only, whole words only. */
export const FLASH_WINDOW_ADDRESS = 0x40200000;
export const FLASH_WINDOW_BYTES = 0x100000;

/** Outside of these bounds the SDK's region protection forbids every access (causes 20, 28, 29: a null pointer shows so). */
export const FIRST_PERMITTED_ADDRESS = 0x20000000;
export const LAST_PERMITTED_ADDRESS = 0x7fffffff;

/** Where `Chip.call` lets a called routine return to. Nothing of the chip is there. */
export const CALL_RETURN_ADDRESS = 0x5ffffff0;
