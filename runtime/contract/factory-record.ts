/**
 * What a board is told once, when it is flashed over serial, and never changes by itself: which product it is, whose
 * signatures it trusts, and which board it is, as the host tells programs (`board_id`). Little-endian, at FLASH_FACTORY_OFFSET.
 *
 * | offset | size | what |
 * |---|---|---|
 * | 0 | 4 | magic, the bytes `LFAC` |
 * | 4 | 4 | version of this record, 2 |
 * | 8 | 16 | product, ASCII, filled up with zeros |
 * | 24 | 4 | number of trusted keys, 1 to FACTORY_KEYS_MAX |
 * | 28 | 128 | P-256 public keys (x, then y, big-endian), 64 bytes each; unused ones zero |
 * | 156 | 4 | id of the board, 0 = a generic one |
 * | 160 | 4 | CRC-32 (ISO-HDLC) of bytes 0 to 159 |
 */
export const FACTORY_MAGIC = 0x4341464c;
export const FACTORY_VERSION = 2;
export const FACTORY_VERSION_OFFSET = 4;
export const FACTORY_PRODUCT_OFFSET = 8;
export const FACTORY_KEY_COUNT_OFFSET = 24;
export const FACTORY_KEYS_OFFSET = 28;
export const FACTORY_KEYS_MAX = 2;
export const FACTORY_BOARD_OFFSET = 156;
export const FACTORY_CRC_OFFSET = 160;
export const FACTORY_RECORD_BYTES = 164;
