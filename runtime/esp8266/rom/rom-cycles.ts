/**
 * What the ROM's routines cost in the cycle model, at 80 MHz. All of these numbers are estimates: the arithmetic from the
 * length of gcc's Xtensa routines of the same names, flash from the typical times of a W25Q32JV (datasheet, section 9.6) and
 * a bus of two data lines at 40 MHz. They count as cycles, never as instructions.
 */
/** The clock until the boot loader or a program sets another one: twice a crystal of 26 MHz. */
export const ROM_CLOCK_MHZ = 52;

export const SINGLE_ADD_CYCLES = 45;
export const SINGLE_MULTIPLY_CYCLES = 75;
export const DOUBLE_ADD_CYCLES = 75;
export const DOUBLE_MULTIPLY_CYCLES = 160;
/** One step for each bit of the quotient. */
export const DOUBLE_DIVIDE_CYCLES = 620;
export const FLOAT_CONVERT_CYCLES = 25;

export const MULTIPLY_64_CYCLES = 40;
export const MULTIPLY_32_TO_64_CYCLES = 30;
/** Division shifts and subtracts: so much for the routine, so much for a bit of the quotient. */
export const DIVIDE_BASE_CYCLES = 18;
export const DIVIDE_BIT_CYCLES = 6;
export const DIVIDE_64_BASE_CYCLES = 60;
export const DIVIDE_64_BIT_CYCLES = 12;

export const MEMORY_BASE_CYCLES = 20;
export const COPY_WORD_CYCLES = 2;
export const COPY_UNALIGNED_WORD_CYCLES = 4;
export const FILL_WORD_CYCLES = 1;
export const COMPARE_BYTE_CYCLES = 4;

export const SHORT_ROUTINE_CYCLES = 20;
/** Between two turns of a chip that has nothing to do. */
export const IDLE_CYCLES = 5000;
/** Between two looks at a FIFO or a clock. */
export const POLL_CYCLES = 12;

export const MD5_BLOCK_CYCLES = 1200;

export const FLASH_COMMAND_CYCLES = 400;
export const FLASH_READ_WORD_CYCLES = 32;
