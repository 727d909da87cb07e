/** A log of slot states (contract/slot-record.ts) that has grown for years: its next snapshot begins the other sector. */
import { crc32 } from "node:zlib";
import { Flash, type FlashSnapshot } from "../../runtime/board/flash.ts";
import { FLASH_SECTOR_BYTES } from "../../runtime/contract/flash-map.ts";
import {
  SLOT_RECORD_BYTES,
  SLOT_RECORD_CRC_OFFSET,
  SLOT_RECORD_SEQUENCE_OFFSET,
} from "../../runtime/contract/slot-record.ts";

/** Places left: for the voided one of each start, and a snapshot. */
const PLACES_LEFT = 3;

/** Repeats the first snapshot of the sector at `offset`, with rising sequence numbers, until the sector is nearly full. */
export function fillSlotLog(snapshot: FlashSnapshot, offset: number): FlashSnapshot {
  const flash = Flash.from(snapshot);
  const record = Buffer.alloc(SLOT_RECORD_BYTES);
  flash.read(offset, record);
  flash.erase(offset);
  const places = FLASH_SECTOR_BYTES / SLOT_RECORD_BYTES - PLACES_LEFT;
  for (let place = 0; place < places; place++) {
    record.writeUInt32LE(place + 1, SLOT_RECORD_SEQUENCE_OFFSET);
    record.writeUInt32LE(crc32(record.subarray(0, SLOT_RECORD_CRC_OFFSET)), SLOT_RECORD_CRC_OFFSET);
    flash.write(offset + place * SLOT_RECORD_BYTES, record);
  }
  return flash.snapshot();
}
