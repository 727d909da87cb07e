/**
 * A configuration from the server: its values are checked, merged into the configuration in use, and written over the other
 * copy in flash. It counts from the next start on, on trial. Or values from somebody at the board, which have had theirs.
 */
import { ConfigRefusal } from "../../contract/command-messages.ts";
import {
  CONFIG_ENTRIES_MAX,
  CONFIG_MAX_BYTES,
  CONFIG_TEXT_MAX_BYTES,
  ConfigKey,
} from "../../contract/config-record.ts";
import { SSID_MAX_BYTES } from "../../contract/host-abi.ts";
import { CborError } from "../cbor/format.ts";
import { CborWriter } from "../cbor/writer.ts";
import { CONFIRMED, ON_TRIAL } from "../record/record-store.ts";
import { Config } from "./config.ts";
import { SettingTable } from "./setting-table.ts";

const PORT_MAX: u32 = 65535;
/** The head of the map. */
const HEAD_BYTES: u32 = 1;
/** The entry ConfigKey.Version, at most. */
const VERSION_ENTRY_BYTES: u32 = 6;

export class ConfigWriter {
  private readonly writer: CborWriter = new CborWriter();
  /** Entries of the map in memory, and their length without the head. */
  private entries: u32 = 0;
  private bodyBytes: u32 = 0;

  /** Why the last one was refused: a ConfigKey or a ConfigRefusal. */
  reason: i32 = 0;
  /** With ConfigKey.Product: key of the setting that makes no sense; -1 = not known. */
  setting: i32 = -1;
  /** What the product can be told. */
  readonly settings: SettingTable = new SettingTable();

  constructor(private readonly config: Config) {}

  /** Takes the values at `pointer`, one well-formed item. False when they were refused: then nothing has changed. */
  write(version: u32, pointer: usize, length: u32): bool {
    const store = this.config.store;
    this.setting = -1;
    this.reason = ConfigRefusal.NotWritten;
    // The other copy is the one to go back to while this one is on trial.
    if (!store.isConfirmed || !this.check(pointer, length)) return false;
    this.reason = ConfigRefusal.TooLarge;
    if (this.merge(pointer, length) && this.putVersion(version)) {
      this.putHead();
      this.reason = ConfigRefusal.NotWritten;
      if (store.write(HEAD_BYTES + this.bodyBytes, ON_TRIAL)) return true;
    }
    store.revert();
    return false;
  }

  /** Takes values that have worked here already, as a network that was joined: they count without a trial. */
  writeProven(pointer: usize, length: u32): bool {
    const config = this.config;
    const store = config.store;
    if (config.openProven() && this.check(pointer, length) && this.merge(pointer, length)) {
      this.putHead();
      if (store.write(HEAD_BYTES + this.bodyBytes, CONFIRMED)) return true;
    }
    store.revert();
    return false;
  }

  private check(pointer: usize, length: u32): bool {
    const reader = this.config.reader;
    reader.begin(pointer, length);
    for (let pairs = reader.map(); pairs > 0; pairs--) {
      this.reason = ConfigRefusal.NoMap;
      const key = reader.integer();
      if (reader.error != CborError.None) return false;
      this.reason = key;
      if (!this.checkValue(key)) return false;
    }
    this.reason = ConfigRefusal.NoMap;
    return reader.finished;
  }

  private checkValue(key: i32): bool {
    const reader = this.config.reader;
    if (key == ConfigKey.Ssid) return this.isText(1, SSID_MAX_BYTES);
    if (key == ConfigKey.ServerHost) return this.isText(1, CONFIG_TEXT_MAX_BYTES);
    if (key == ConfigKey.Passphrase || key == ConfigKey.Secret) return this.isText(0, CONFIG_TEXT_MAX_BYTES);
    if (key == ConfigKey.ServerPort) {
      const port = reader.unsigned();
      return port >= 1 && port <= PORT_MAX;
    }
    if (key == ConfigKey.Product) {
      for (let pairs = reader.map(); pairs > 0; pairs--) {
        this.setting = reader.integer();
        if (!this.settings.takes(this.setting, reader)) return false;
      }
      this.setting = -1;
      return reader.error == CborError.None;
    }
    // The version stands beside the values.
    return key != ConfigKey.Version && reader.skip();
  }

  private isText(least: u32, most: u32): bool {
    const reader = this.config.reader;
    return reader.text() && reader.stringLength >= least && reader.stringLength <= most;
  }

  private get body(): usize {
    return this.config.store.content + HEAD_BYTES;
  }

  private merge(pointer: usize, length: u32): bool {
    if (!this.open()) return false;
    const reader = this.config.reader;
    reader.begin(pointer, length);
    for (let pairs = reader.map(); pairs > 0; pairs--) {
      const from = reader.at;
      const key = reader.integer();
      reader.skip();
      const to = reader.at;
      this.remove(key);
      if (!this.append(from, <u32>(to - from))) return false;
      // Removing needed the reader.
      reader.begin(to, pointer + length - to);
    }
    return true;
  }

  /** Finds the entries of the map in use, and leaves a head of one byte before them. */
  private open(): bool {
    const store = this.config.store;
    const reader = this.config.reader;
    reader.begin(store.content, store.lengthBytes);
    this.entries = reader.map();
    const from = reader.at;
    for (let items = this.entries * 2; items > 0; items--) {
      if (!reader.skip()) return false;
    }
    this.bodyBytes = <u32>(reader.at - from);
    memory.copy(this.body, from, this.bodyBytes);
    return reader.error == CborError.None;
  }

  private remove(key: i32): void {
    const reader = this.config.reader;
    reader.begin(this.body, this.bodyBytes);
    for (let left = this.entries; left > 0; left--) {
      const from = reader.at;
      const found = reader.integer();
      reader.skip();
      if (reader.error != CborError.None) return;
      if (found != key) continue;
      const to = reader.at;
      const end = this.body + this.bodyBytes;
      memory.copy(from, to, end - to);
      this.bodyBytes -= <u32>(to - from);
      this.entries--;
      return;
    }
  }

  private hasRoom(bytes: u32): bool {
    return this.entries < <u32>CONFIG_ENTRIES_MAX && HEAD_BYTES + this.bodyBytes + bytes <= <u32>CONFIG_MAX_BYTES;
  }

  private append(pointer: usize, bytes: u32): bool {
    if (!this.hasRoom(bytes)) return false;
    memory.copy(this.body + this.bodyBytes, pointer, bytes);
    this.bodyBytes += bytes;
    this.entries++;
    return true;
  }

  private putHead(): void {
    this.writer.begin(this.config.store.content, HEAD_BYTES);
    this.writer.map(this.entries);
  }

  private putVersion(version: u32): bool {
    this.remove(ConfigKey.Version);
    if (!this.hasRoom(VERSION_ENTRY_BYTES)) return false;
    const writer = this.writer;
    writer.begin(this.body + this.bodyBytes, VERSION_ENTRY_BYTES);
    writer.integer(ConfigKey.Version);
    writer.unsigned(version);
    this.bodyBytes += writer.length;
    this.entries++;
    return true;
  }
}
