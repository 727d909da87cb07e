/** The factory record in flash (contract/factory-record.ts): which product a board is, and whose signatures it trusts. */
import {
  FACTORY_CRC_OFFSET,
  FACTORY_KEY_COUNT_OFFSET,
  FACTORY_KEYS_MAX,
  FACTORY_KEYS_OFFSET,
  FACTORY_MAGIC,
  FACTORY_PRODUCT_OFFSET,
  FACTORY_RECORD_BYTES,
  FACTORY_VERSION,
  FACTORY_VERSION_OFFSET,
} from "../../contract/factory-record.ts";
import { FLASH_FACTORY_OFFSET } from "../../contract/flash-map.ts";
import { P256_PUBLIC_KEY_BYTES } from "../../contract/image-header.ts";
import { crc32 } from "../hal/crc32.ts";
import { flash_read } from "../imports/host.ts";

export class Factory {
  private readonly record: StaticArray<u8> = new StaticArray<u8>(FACTORY_RECORD_BYTES);
  /** Trusted keys; 0 without a valid record. */
  keyCount: u32 = 0;

  private get pointer(): usize {
    return changetype<usize>(this.record);
  }

  /** Reads the record; false when there is no valid one, and then nothing is trusted. */
  load(): bool {
    const record = this.pointer;
    this.keyCount = 0;
    flash_read(FLASH_FACTORY_OFFSET, record, FACTORY_RECORD_BYTES);
    const keys = load<u32>(record, FACTORY_KEY_COUNT_OFFSET);
    if (
      load<u32>(record) != FACTORY_MAGIC ||
      load<u32>(record, FACTORY_VERSION_OFFSET) != FACTORY_VERSION ||
      keys > <u32>FACTORY_KEYS_MAX ||
      crc32(0, record, FACTORY_CRC_OFFSET) != load<u32>(record, FACTORY_CRC_OFFSET)
    ) {
      return false;
    }
    this.keyCount = keys;
    return true;
  }

  /** Product name, filled up with zeros. */
  get product(): usize {
    return this.pointer + FACTORY_PRODUCT_OFFSET;
  }

  key(index: u32): usize {
    return this.pointer + FACTORY_KEYS_OFFSET + index * P256_PUBLIC_KEY_BYTES;
  }
}
