/**
 * A patch makes an image out of another one. It is applied in one pass, in bounded memory, by a device that reads the old image
 * from the slot that it runs from. Little-endian:
 *
 * | offset | size | what |
 * |---|---|---|
 * | 0 | 4 | magic, the bytes `LDLT` |
 * | 4 | 4 | version of this format, 1 |
 * | 8 | 8 | id of the base image |
 * | 16 | 4 | base image, header and payload, bytes |
 * | 20 | 4 | the whole patch, bytes |
 * | 24 | 8 | zero |
 * | 32 | 192 | header of the new image |
 * | 224 | n | operations, which make the payload of the new image |
 *
 * The digest in the new image's header decides whether the result is right.
 *
 * Operations make the payload from its first byte to its last. They read the base at a place that begins at its payload
 * (IMAGE_HEADER_BYTES; places count from the header's first byte) and moves on with each byte read. An operation is one
 * byte, then its number if it has one, then its literal bytes:
 *
 * | first byte | name | what |
 * |---|---|---|
 * | 0x00 to 0xbf | copy, correct again | copy n bytes, then correct with recent correction number (byte >> 6); n = byte & 63; if that is 63, n = 63 + number |
 * | 0xc0 to 0xdf | copy, correct | copy n bytes, n = byte & 31, then correct with the correction that the number gives, signed |
 * | 0xe0 to 0xef | insert | n literal bytes follow; n - 1 = byte & 15; if that is 15, n - 1 = 15 + number |
 * | 0xf0 to 0xf7 | replace | as insert, with 7 in place of 15, and the place in the base moves on by n |
 * | 0xf8 | copy | copy n bytes, n = number |
 * | 0xf9 | seek | the place in the base moves by the number, signed |
 * | 0xfa to 0xff | | of no meaning: the patch is bad |
 *
 * A number is LEB128, 1 to PATCH_NUMBER_MAX_BYTES bytes; a signed one is folded to 0, -1, 1, -2, 2 and so on as 0, 1, 2, 3, 4.
 * To correct is to copy two more bytes and to add the correction to them, modulo 2^16, little-endian. In code that has
 * moved, the offsets in l32r and call0 all change by the same few amounts: that is why the three corrections used last are
 * kept. The one used comes first, the last of the three is forgotten when a new one is used; they begin as 0, 0, 0.
 *
 * The operations end with the last byte of the new payload; nothing follows it. Whatever would read outside of the base or
 * write more than the payload is an error, as is a number of more bytes.
 */
export const PATCH_MAGIC = 0x544c444c;
export const PATCH_VERSION = 1;
export const PATCH_VERSION_OFFSET = 4;
export const PATCH_BASE_ID_OFFSET = 8;
export const PATCH_BASE_BYTES_OFFSET = 16;
export const PATCH_SIZE_OFFSET = 20;
export const PATCH_IMAGE_HEADER_OFFSET = 32;
export const PATCH_OPERATIONS_OFFSET = 224;

export enum PatchOperation {
  /** The upper two bits tell which recent correction. */
  CorrectAgain = 0x00,
  Correct = 0xc0,
  Insert = 0xe0,
  Replace = 0xf0,
  Copy = 0xf8,
  Seek = 0xf9,
}
/** Largest n in the first byte; for CorrectAgain, Insert and Replace it says that a number follows. */
export const PATCH_CORRECT_AGAIN_MAX = 63;
export const PATCH_CORRECT_MAX = 31;
export const PATCH_INSERT_MAX = 15;
export const PATCH_REPLACE_MAX = 7;
export const PATCH_CORRECTION_BYTES = 2;
export const PATCH_RECENT_CORRECTIONS = 3;
export const PATCH_NUMBER_MAX_BYTES = 3;
