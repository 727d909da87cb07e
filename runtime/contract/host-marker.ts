/**
 * How the binary of a host shows what it is, so that no other firmware is flashed in its place: these 8 bytes, on a multiple of
 * four, then two little-endian words: its HOST_ABI_VERSION, and the size of the flash that it was linked for, MiB.
 */
export const HOST_MARKER = "LNTLHOST";
export const HOST_MARKER_ABI_OFFSET = 8;
export const HOST_MARKER_FLASH_OFFSET = 12;
export const HOST_MARKER_BYTES = 16;
