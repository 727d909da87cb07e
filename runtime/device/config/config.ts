/**
 * The configuration: the newest of its copies in flash that is whole and not given up is read into memory once, at the
 * start; values are then read out of the CBOR map by key.
 */
import { CONFIG_MAGIC, CONFIG_MAX_BYTES, ConfigKey } from "../../contract/config-record.ts";
import { FLASH_CONFIG_COPIES, FLASH_CONFIG_OFFSET } from "../../contract/flash-map.ts";
import { CborError } from "../cbor/format.ts";
import { CborReader } from "../cbor/reader.ts";
import { CopyState, RecordStore } from "../record/record-store.ts";
import { TrialRecord } from "../record/trial-record.ts";

/** A CBOR map without entries. */
const EMPTY_MAP: u8 = 0xa0;

export class Config extends TrialRecord {
  /** Reads the map; whoever has it begins it anew. */
  readonly reader: CborReader = new CborReader();

  /** The text that `text` found. */
  textPointer: usize = 0;
  textBytes: u32 = 0;

  constructor() {
    super(new RecordStore(FLASH_CONFIG_OFFSET, CONFIG_MAGIC, CONFIG_MAX_BYTES));
  }

  /** Call once, at the start; false when there is no copy to use, and then every value is its default. */
  load(): bool {
    if (super.load()) return true;
    const store = this.store;
    const newest = store.newest();
    // One that was given up is better than none: perhaps it was the network that was at fault.
    return store.open(newest) != CopyState.Invalid || store.open(1 - newest) != CopyState.Invalid;
  }

  /** Whether what `load` would take names a Wi-Fi network. Flash stays as it is, and so do attempts. */
  namesNetwork(): bool {
    const store = this.store;
    const newest = store.newest();
    const isFound =
      store.look(newest) == CopyState.Usable ||
      store.look(1 - newest) == CopyState.Usable ||
      store.look(newest) != CopyState.Invalid ||
      store.look(1 - newest) != CopyState.Invalid;
    this.text(ConfigKey.Ssid);
    return isFound && this.textBytes > 0;
  }

  /**
   * Loads what somebody at the board changes: the newest copy that has worked, for one on trial has not; the newest without
   * such a one; nothing without any. It is firm then. False when flash does not take that.
   */
  openProven(): bool {
    const store = this.store;
    const newest = store.newest();
    for (let turn = 0; turn < FLASH_CONFIG_COPIES; turn++) {
      const copy = turn == 0 ? newest : 1 - newest;
      if (store.look(copy) == CopyState.Usable && store.isConfirmed) return store.open(copy) == CopyState.Usable;
    }
    if (store.open(newest) != CopyState.Invalid || store.open(1 - newest) != CopyState.Invalid) return true;
    if (!store.beginFirst()) return false;
    store.putByte(EMPTY_MAP);
    return true;
  }

  /** Version that the server gave the configuration in use; 0 = none. */
  get version(): u32 {
    return this.unsigned(ConfigKey.Version, 0);
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
    this.reader.begin(this.store.content, this.store.lengthBytes);
    return this.seek(key);
  }

  /** Finds a text; empty when there is none. The bytes stay where they are. */
  text(key: ConfigKey): void {
    this.textBytes = 0;
    if (this.find(key)) this.takeText();
  }

  unsigned(key: ConfigKey, otherwise: u32): u32 {
    if (!this.find(key)) return otherwise;
    const value = this.reader.unsigned();
    return this.reader.error == CborError.None ? value : otherwise;
  }

  /** A setting of the product, within `least` and `most`; anything else counts as absent. */
  setting(key: i32, least: i32, most: i32, otherwise: i32): i32 {
    return this.findSetting(key) ? this.number(least, most, otherwise) : otherwise;
  }

  /** An item of a setting that is a list of numbers; the other items may be anything. */
  item(key: i32, index: u32, least: i32, most: i32, otherwise: i32): i32 {
    return this.findItem(key, index) ? this.number(least, most, otherwise) : otherwise;
  }

  /** Finds an item of a setting that is a list of texts; empty when there is none. */
  textItem(key: i32, index: u32): void {
    this.textBytes = 0;
    if (this.findItem(key, index)) this.takeText();
  }

  /** Finds all settings of the product, as one CBOR item; none when there are none. */
  settings(): void {
    this.textBytes = 0;
    if (!this.find(ConfigKey.Product)) return;
    const from = this.reader.at;
    if (!this.reader.skip()) return;
    this.textPointer = from;
    this.textBytes = <u32>(this.reader.at - from);
  }

  /** Finds a setting that is bytes; none when it is absent. */
  bytes(key: i32): void {
    this.textBytes = 0;
    if (!this.findSetting(key) || !this.reader.bytes()) return;
    this.textPointer = this.reader.stringPointer;
    this.textBytes = this.reader.stringLength;
  }

  switch(key: i32, otherwise: bool): bool {
    if (!this.findSetting(key)) return otherwise;
    const value = this.reader.boolean();
    return this.reader.error == CborError.None ? value : otherwise;
  }

  private findSetting(key: i32): bool {
    return this.find(ConfigKey.Product) && this.seek(key);
  }

  private findItem(key: i32, index: u32): bool {
    if (!this.findSetting(key) || this.reader.array() <= index) return false;
    for (; index > 0; index--) this.reader.skip();
    return true;
  }

  private number(least: i32, most: i32, otherwise: i32): i32 {
    const value = this.reader.integer();
    return this.reader.error == CborError.None && value >= least && value <= most ? value : otherwise;
  }

  private takeText(): void {
    if (!this.reader.text()) return;
    this.textPointer = this.reader.stringPointer;
    this.textBytes = this.reader.stringLength;
  }
}
