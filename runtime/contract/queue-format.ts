/**
 * The reading queue in flash: a ring of sectors from FLASH_QUEUE_OFFSET to the end of the region. A sector is erased, then its
 * header is written, then records are appended; nothing in it changes afterwards. Little-endian.
 *
 * Header, QUEUE_HEADER_BYTES:
 *
 * | offset | size | what |
 * |---|---|---|
 * | 0 | 4 | magic, the bytes `LQUE` |
 * | 4 | 4 | sector sequence, from 1; the highest valid one is the head of the ring |
 * | 8 | 4 | epoch |
 * | 12 | 4 | sequence number of the first reading in this sector |
 * | 16 | 4 | acknowledged, or dropped, up to here, as known then |
 * | 20 | 4 | readings dropped so far: the queue was full, or they could not be read any more |
 * | 24 | 4 | highest id of a command that was taken |
 * | 28 | 4 | number of the start (boot) under way, from 1 |
 * | 32 | 4 | uptime that the first record's age counts from, seconds |
 * | 36 | 4 | Unix time of that boot's start; 0 = not known yet |
 * | 40 | 4 | the latest Unix time that was known to have passed before that boot; 0 = none |
 * | 44 | 4 | error of that boot's Unix time for the first record's uptime, seconds |
 * | 48 | 4 | shift: what the sequence numbers of all older sectors are lowered by; 0 unless an epoch begins here |
 * | 52 | 8 | all ones |
 * | 60 | 4 | CRC-32 (ISO-HDLC) of bytes 0 to 59 |
 *
 * A record is two or four words. Word 0: bits 0 to 15 the stream (or a mark's own), 16 to 27 seconds since the record before
 * it in this boot, 28 to 31 QueueRecord. A short reading's word 1: bits 0 to 25 the value, signed, 26 to 31 the check. Of the long
 * records: word 1 and 2 as QueueRecord says, word 3 bits 0 to 6 the check, the others ones.
 *
 * The check is the number of zero bits in all the other bits of the record (J. M. Berger, "A note on error detection codes
 * for asymmetric channels", 1961). A write that was cut short has left ones where zeros belong, never the reverse, and so has
 * a cell that lost its charge: then there are fewer zeros than the check says, and the check itself can only read higher. So
 * every such error is found, with 6 or 7 bits.
 *
 * A word of zeros is void: it is stepped over. What is no record, but begins with a word that a record could begin with, is
 * stepped over as one of that size.
 *
 * A start leaves four words alone behind whatever it finds in the head, voids three, and writes a Boot mark that says
 * where the valid records had ended; then it voids everything between that place and the mark. So no write is ever put
 * on a place where an earlier one may have been cut short, and a record that was cut short cannot become valid later,
 * when one of its weak bits reads differently.
 */
export const QUEUE_MAGIC = 0x4555514c;
export const QUEUE_HEADER_BYTES = 64;
export const QUEUE_SECTOR_SEQUENCE_OFFSET = 4;
export const QUEUE_EPOCH_OFFSET = 8;
export const QUEUE_FIRST_OFFSET = 12;
export const QUEUE_ACKNOWLEDGED_OFFSET = 16;
export const QUEUE_DROPPED_OFFSET = 20;
export const QUEUE_COMMAND_OFFSET = 24;
export const QUEUE_BOOT_OFFSET = 28;
export const QUEUE_UPTIME_OFFSET = 32;
export const QUEUE_BOOT_UNIX_OFFSET = 36;
export const QUEUE_KNOWN_UNIX_OFFSET = 40;
export const QUEUE_TIME_ERROR_OFFSET = 44;
export const QUEUE_SHIFT_OFFSET = 48;
export const QUEUE_CRC_OFFSET = 60;

export const QUEUE_SHORT_BYTES = 8;
export const QUEUE_LONG_BYTES = 16;
/** Longest age that a record can tell, seconds; more takes a long reading, which tells its uptime. */
export const QUEUE_AGE_MAX_S = 4095;
/** Values of short readings, 26 bits signed. */
export const QUEUE_SHORT_VALUE_MIN = -33554432;
export const QUEUE_SHORT_VALUE_MAX = 33554431;
/** Sectors of the largest queue (4 MB). */
export const QUEUE_SECTORS_MAX = 782;

export enum QueueRecord {
  Void = 0,
  /** Two words: a reading. */
  Short = 1,
  /** Word 1: value. Word 2: uptime, seconds. */
  Long = 2,
  /**
   * Word 1: number of the boot that begins. Word 2: the latest Unix time known to have passed before, 0 = none. Bits 0 to
   * 15 of word 0: offset in the sector where the records before it end; from there to this mark everything is void.
   */
  Boot = 3,
  /** Word 1: Unix time of this boot's start. Word 2: uptime when it was learnt. Bits 0 to 15 of word 0: error, seconds. */
  Clock = 4,
  /** Word 1: acknowledged up to here. Word 2: highest id of a command that was taken. */
  Taken = 5,
  /** Nothing was written here yet. */
  Free = 15,
}
