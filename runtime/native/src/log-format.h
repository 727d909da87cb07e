/**
 * What the host says on the serial line, UART0 at SERIAL_BAUD, 8N1, lines end with CR LF. Three kinds of line, and a monitor
 * needs no more than the first word or two of each:
 *
 *   <seconds>.<ms> <level> <text>     12.034 info joined      time since the start, milliseconds with three digits;
 *                                                            level: a name of LogLevel in lower case; text: UTF-8,
 *                                                            control characters replaced by '?'
 *   reset: <reason>                   reset: Watchdog        a name of ResetReason; the first line of every start
 *   crash: cause <n> at <epc1> address <excvaddr> image <offset>
 *                                                            EXCCAUSE in decimal; the rest 0x and eight digits: where
 *                                                            the program was, the address it used, and where its image
 *                                                            begins in the Lintel region (as in image_run)
 *   watchdog: at <epc1> image <offset>                       the same for a call that did not come back
 *
 * The place in an image is epc1 - FLASH_MAP_ADDRESS - FLASH_REGION_CHIP_OFFSET - offset - IMAGE_HEADER_BYTES; a result
 * outside of it says that the host or the ROM was at work. The boot ROM speaks before the host does, at 74880 baud, and
 * the core prints its own report before a crash line: a monitor skips lines of other forms. A program's `serial_write`
 * shares the line.
 */
#pragma once
