/**
 * The configuration in flash (contract/config-record.ts): the newest of its copies that is whole is read into memory
 * once, at the start; values are then read out of the CBOR map by key.
 */
import {
  CONFIG_CRC_OFFSET,
  CONFIG_HEADER_BYTES,
  CONFIG_LENGTH_OFFSET,
  CONFIG_MAGIC,
  CONFIG_MAX_BYTES,
  CONFIG_SEQUENCE_OFFSET,
  ConfigKey,
} from "../../contract/config-record.ts";
import { FLASH_CONFIG_COPIES, FLASH_CONFIG_OFFSET, FLASH_SECTOR_BYTES } from "../../contract/flash-map.ts";
import { CborError } from "../cbor/format.ts";
import { CborReader } from "../cbor/reader.ts";
import { crc32 } from "../hal/crc32.ts";
import { flash_read } from "../imports/host.ts";

export class Config {
  private readonly record: StaticArray<u8> = new StaticArray<u8>(CONFIG_HEADER_BYTES + CONFIG_MAX_BYTES);
  private readonly reader: CborReader = new CborReader();
  private lengthBytes: u32 = 0;

  /** The text that `text` found. */
  textPointer: usize = 0;
  textBytes: u32 = 0;

  private get start(): usize {
    return changetype<usize>(this.record);
  }

  /** Reads the newest valid copy; false when there is none, and then every value is its default. */
  load(): bool {
    let best = -1;
    let bestSequence: u32 = 0;
    for (let copy = 0; copy < FLASH_CONFIG_COPIES; copy++) {
      if (!this.readCopy(copy)) continue;
      const sequence = load<u32>(this.start, CONFIG_SEQUENCE_OFFSET);
      if (best < 0 || sequence > bestSequence) {
        best = copy;
        bestSequence = sequence;
      }
    }
    this.lengthBytes = 0;
    if (best < 0 || !this.readCopy(best)) return false;
    this.lengthBytes = load<u32>(this.start, CONFIG_LENGTH_OFFSET);
    return true;
  }

  private readCopy(copy: i32): bool {
    const start = this.start;
    const offset = FLASH_CONFIG_OFFSET + copy * FLASH_SECTOR_BYTES;
    if (flash_read(offset, start, CONFIG_HEADER_BYTES) < 0) return false;
    const length = load<u32>(start, CONFIG_LENGTH_OFFSET);
    if (load<u32>(start) != CONFIG_MAGIC || length > <u32>CONFIG_MAX_BYTES) return false;
    const map = start + CONFIG_HEADER_BYTES;
    if (flash_read(offset + CONFIG_HEADER_BYTES, map, length) < 0) return false;
    const head = crc32(0, start + CONFIG_SEQUENCE_OFFSET, CONFIG_CRC_OFFSET - CONFIG_SEQUENCE_OFFSET);
    return crc32(head, map, length) == load<u32>(start, CONFIG_CRC_OFFSET);
  }

  /** Steps to the value of `key` in the map that the reader stands before. */
  private seek(key: i32): bool {
    const reader = this.reader;
    for (let pairs = reader.map(); pairs > 0; pairs--) {
      const found = reader.integer();
      if (reader.error != CborError.None) return false;
      if (found == key) return true;
      if (!reader.skip()) return false;
    }
    return false;
  }

  private find(key: i32): bool {
    this.reader.begin(this.start + CONFIG_HEADER_BYTES, this.lengthBytes);
    return this.seek(key);
  }

  /** Finds a text; empty when there is none. The bytes stay where they are. */
  text(key: ConfigKey): void {
    this.textBytes = 0;
    if (this.find(key) && this.reader.text()) {
      this.textPointer = this.reader.stringPointer;
      this.textBytes = this.reader.stringLength;
    }
  }

  unsigned(key: ConfigKey, otherwise: u32): u32 {
    if (!this.find(key)) return otherwise;
    const value = this.reader.unsigned();
    return this.reader.error == CborError.None ? value : otherwise;
  }

  /** A setting of the product, within `least` and `most`; anything else counts as absent. */
  setting(key: i32, least: u32, most: u32, otherwise: u32): u32 {
    if (!this.find(ConfigKey.Product) || !this.seek(key)) return otherwise;
    const value = this.reader.unsigned();
    return this.reader.error == CborError.None && value >= least && value <= most ? value : otherwise;
  }

  switch(key: i32, otherwise: bool): bool {
    if (!this.find(ConfigKey.Product) || !this.seek(key)) return otherwise;
    const value = this.reader.boolean();
    return this.reader.error == CborError.None ? value : otherwise;
  }
}
