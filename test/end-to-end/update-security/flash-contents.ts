/** What a board's flash says of its slots, read as contract/slot-record.ts and flash-map.ts have it. */
import { crc32 } from "node:zlib";
import type { Flash } from "../../../runtime/board/flash.ts";
import {
  FLASH_QUEUE_OFFSET,
  FLASH_SECTOR_BYTES,
  FLASH_SLOT_B_OFFSET,
  FLASH_SLOT_BYTES,
  FLASH_SLOT_STATES_OFFSET,
  FLASH_SLOT_STATES_SECTORS,
  Slot,
} from "../../../runtime/contract/flash-map.ts";
import { IMAGE_ID_BYTES } from "../../../runtime/contract/image-header.ts";
import {
  SLOT_RECORD_BYTES,
  SLOT_RECORD_CRC_OFFSET,
  SLOT_RECORD_FAILED_IMAGE_OFFSET,
  SLOT_RECORD_FAILURE_OFFSET,
  SLOT_RECORD_FLOOR_OFFSET,
  SLOT_RECORD_IMAGE_IDS_OFFSET,
  SLOT_RECORD_PREFERRED_OFFSET,
  SLOT_RECORD_STATES_OFFSET,
  SlotState,
} from "../../../runtime/contract/slot-record.ts";
import { UpdateFailure } from "../../../runtime/contract/update-messages.ts";

export interface SlotRecord {
  a: string;
  b: string;
  preferred: string;
  floor: number;
  imageA: string;
  failure: string;
  failedImage: string;
}

function read(flash: Flash, offset: number, sizeBytes: number): Buffer {
  const bytes = Buffer.alloc(sizeBytes);
  if (flash.read(offset, bytes) < 0) throw new Error(`flash has nothing at ${offset}`);
  return bytes;
}

/** The snapshot that counts; undefined on a board that was never started. */
export function slotRecordOf(flash: Flash): SlotRecord | undefined {
  const log = read(flash, FLASH_SLOT_STATES_OFFSET, FLASH_SLOT_STATES_SECTORS * FLASH_SECTOR_BYTES);
  let newest: Buffer | undefined;
  for (let at = 0; at < log.length; at += SLOT_RECORD_BYTES) {
    const place = log.subarray(at, at + SLOT_RECORD_BYTES);
    const isValid = crc32(place.subarray(0, SLOT_RECORD_CRC_OFFSET)) === place.readUInt32LE(SLOT_RECORD_CRC_OFFSET);
    if (isValid && place.readUInt32LE() > (newest?.readUInt32LE() ?? 0)) newest = place;
  }
  if (newest === undefined) return undefined;
  const id = (offset: number) => newest.toString("hex", offset, offset + IMAGE_ID_BYTES);
  return {
    a: String(SlotState[newest.readUInt8(SLOT_RECORD_STATES_OFFSET + Slot.A)]),
    b: String(SlotState[newest.readUInt8(SLOT_RECORD_STATES_OFFSET + Slot.B)]),
    preferred: String(Slot[newest.readUInt8(SLOT_RECORD_PREFERRED_OFFSET)]),
    floor: newest.readUInt32LE(SLOT_RECORD_FLOOR_OFFSET),
    imageA: id(SLOT_RECORD_IMAGE_IDS_OFFSET),
    failure: String(UpdateFailure[newest.readUInt8(SLOT_RECORD_FAILURE_OFFSET)]),
    failedImage: id(SLOT_RECORD_FAILED_IMAGE_OFFSET),
  };
}

/** Both slots, their states, the boot program, factory record and configuration: all but the queue of readings. */
export function allButQueue(flash: Flash): Buffer {
  return read(flash, 0, FLASH_QUEUE_OFFSET);
}

/** Of `allButQueue`, what an update may not touch: all but the slot states and slot B. */
export function outsideOfUpdate(bytes: Buffer): Buffer {
  const statesEnd = FLASH_SLOT_STATES_OFFSET + FLASH_SLOT_STATES_SECTORS * FLASH_SECTOR_BYTES;
  return Buffer.concat([
    bytes.subarray(0, FLASH_SLOT_STATES_OFFSET),
    bytes.subarray(statesEnd, FLASH_SLOT_B_OFFSET),
    bytes.subarray(FLASH_SLOT_B_OFFSET + FLASH_SLOT_BYTES),
  ]);
}
