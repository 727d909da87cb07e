/**
 * What the pins of the ESP8266EX can do and what they must be while it starts: facts of the chip, whatever board it is on.
 *
 * Sources: ESP8266EX datasheet, table 2-1 (pin definitions) and section 4.1 (GPIO); ESP8266 hardware design guidelines, on
 * strapping pins and on the flash; for the levels at the start also esptool's documentation, "Boot Mode Selection".
 */
export interface ChipPin {
  gpio: number;
  /** Level at which the chip starts from flash; with the other one it does not. Absent: any. */
  atStart?: 0 | 1;
  /** The resistor inside the chip that a program can switch on. */
  pull: "up" | "down";
  hasInterrupt: boolean;
  /** The flash that the program runs from is on it. */
  carriesFlash?: true;
  /** Line of the serial port for log and flashing. */
  serial?: "TX" | "RX";
}

const USUAL = { pull: "up", hasInterrupt: true } as const;
const FLASH = { ...USUAL, carriesFlash: true } as const;

/** By number, GPIO0 to GPIO16. */
export const CHIP_PINS: readonly ChipPin[] = [
  { gpio: 0, ...USUAL, atStart: 1 },
  { gpio: 1, ...USUAL, serial: "TX" },
  { gpio: 2, ...USUAL, atStart: 1 },
  { gpio: 3, ...USUAL, serial: "RX" },
  { gpio: 4, ...USUAL },
  { gpio: 5, ...USUAL },
  { gpio: 6, ...FLASH },
  { gpio: 7, ...FLASH },
  { gpio: 8, ...FLASH },
  { gpio: 9, ...FLASH },
  { gpio: 10, ...FLASH },
  { gpio: 11, ...FLASH },
  { gpio: 12, ...USUAL },
  { gpio: 13, ...USUAL },
  { gpio: 14, ...USUAL },
  { gpio: 15, ...USUAL, atStart: 0 },
  // The RTC's: it wakes the chip from deep sleep, and has neither an interrupt nor a pull-up.
  { gpio: 16, pull: "down", hasInterrupt: false },
];
