/**
 * The native form of a program: position-independent LX106 code and data that run in place from the flash cache. It
 * begins with these little-endian words; offsets count from the image's first byte, 0 means that there is none.
 *
 * The host copies nothing. It fills the table of function pointers at PROGRAM_RAM_ADDRESS (a word for each host function,
 * in the order of HOST_FUNCTIONS), puts the image's own address into slot HOST_IMAGE_SLOT, and calls `init`, which sets up the
 * program's memory (data, zeros, globals) and runs the module's start function; then `start`, then `poll`. All follow the
 * call0 convention.
 */
export const NATIVE_IMAGE_MAGIC = 0x0131584c;

export enum NativeImageWord {
  Magic = 0,
  /** Of the whole image, bytes. */
  ImageBytes = 1,
  /** From PROGRAM_RAM_ADDRESS on: the host's table, data, heap, globals. */
  RamBytes = 2,
  Init = 3,
  Start = 4,
  Poll = 5,
  HeapUsed = 6,
  HeapLimit = 7,
}
export const NATIVE_IMAGE_HEADER_BYTES = 32;

/** Where the host reserves the memory of a program: the start of the chip's data RAM. */
export const PROGRAM_RAM_ADDRESS = 0x3ffe8000;
/** How much it reserves: PROGRAM_RAM_BYTES, and globals behind it. */
export const PROGRAM_RESERVED_BYTES = 0x5000;
/** Slots of the host's table; it fills PROGRAM_DATA_OFFSET bytes. */
export const HOST_TABLE_SLOTS = 64;
/** The slot that holds the image's address. */
export const HOST_IMAGE_SLOT = 63;
/** Where the first megabyte of flash appears in the address space. */
export const FLASH_MAP_ADDRESS = 0x40200000;
