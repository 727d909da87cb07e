/** Which board this is, as serial flashing has written it into the factory record (contract/factory-record.ts). */
import { crc32 } from "node:zlib";
import {
  FACTORY_BOARD_OFFSET,
  FACTORY_CRC_OFFSET,
  FACTORY_MAGIC,
  FACTORY_RECORD_BYTES,
  FACTORY_VERSION,
  FACTORY_VERSION_OFFSET,
} from "../contract/factory-record.ts";
import { FLASH_FACTORY_OFFSET } from "../contract/flash-map.ts";
import type { Flash } from "./flash.ts";

/** 0, a generic board, where there is no valid record. */
export function readBoardId(flash: Flash): number {
  const record = new Uint8Array(FACTORY_RECORD_BYTES);
  flash.read(FLASH_FACTORY_OFFSET, record);
  const view = new DataView(record.buffer);
  const isValid =
    view.getUint32(0, true) === FACTORY_MAGIC &&
    view.getUint32(FACTORY_VERSION_OFFSET, true) === FACTORY_VERSION &&
    view.getUint32(FACTORY_CRC_OFFSET, true) === crc32(record.subarray(0, FACTORY_CRC_OFFSET));
  return isValid ? view.getUint32(FACTORY_BOARD_OFFSET, true) : 0;
}
