/**
 * A compressed image, for a device that has no image a patch could start from. It is offered and asked for as a patch from
 * no image: the base is NO_BASE_ID. Its head is a patch's (contract/patch-format.ts) with that id and a base of 0 bytes; behind
 * the image header, from COMPRESSED_STREAMS_OFFSET on:
 *
 * | offset | size | what |
 * |---|---|---|
 * | 224 | 2 for each sector of a slot | where the sector's stream begins, from the start of the file; 0 = the image ends before it |
 * | 258 | 2 | zero |
 * | 260 | n | the streams, one after the other |
 *
 * Each sector of the slot has a stream of its own, which makes the payload bytes in it, so that a download which broke off
 * goes on at a sector. What is copied may come from any sector before it. The encoding is an LZ77 (Ziv and Lempel, 1977) with
 * Elias gamma codes (Elias, 1975), as in the formats of small machines that decompress without tables.
 *
 * A stream is bits and bytes. Bits are taken from the highest of a byte to the lowest; a byte of bits is read when a bit
 * is needed and there is none left, whole bytes are read from where the stream stands. A number, of at least 1, is its bits
 * below the highest, each after a bit 0, and then a bit 1.
 *
 * | bits | at the start or after a copy | after literals |
 * |---|---|---|
 * | 0 | literals: number n, then n bytes | copy from the same distance as last time: number n |
 * | 1 | copy: number h, byte b: the distance is 256 (h - 1) + b + 1; number n - 1 | the same |
 *
 * A copy of n bytes goes back by the distance from the place of its first byte, at most to the start of the payload, and
 * may run into what it makes. Neither it nor literals reach beyond the end of the sector or of the payload.
 */
export const COMPRESSED_STREAMS_TABLE_OFFSET = 224;
export const COMPRESSED_STREAMS_OFFSET = 260;
/** The base id, byte by byte, of what starts from no image. */
export const NO_BASE_ID_BYTE = 0;
/** Largest number in a stream: a sector, and the high part of a distance, are less. */
export const COMPRESSED_NUMBER_MAX = 4096;
