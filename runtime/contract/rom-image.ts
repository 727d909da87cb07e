/**
 * What the mask ROM of the ESP8266 loads from offset 0 of flash (esptool documentation, "Firmware Image Format", ESP8266): a
 * header, segments with an address and a size before each, and at the end of a block of 16 bytes their checksum.
 */
export const ROM_IMAGE_MAGIC = 0xe9;
export const ROM_IMAGE_HEADER_BYTES = 8;
export const ROM_IMAGE_SEGMENTS_OFFSET = 1;
export const ROM_IMAGE_ENTRY_OFFSET = 4;
export const ROM_SEGMENT_HEADER_BYTES = 8;
export const ROM_SEGMENT_SIZE_OFFSET = 4;
/** More is what a damaged header says; esptool allows 16. */
export const ROM_SEGMENTS_MAX = 16;
/** The checksum is the last byte of the image, at the end of a block of so many. */
export const ROM_IMAGE_BLOCK_BYTES = 16;
/** XOR of this and the bytes of all segments. */
export const ROM_CHECKSUM_SEED = 0xef;
