/** Whether a value is one that the product takes: the table that was generated for it (contract/setting-table.ts). */
import {
  SETTING_ITEMS_SHIFT,
  SETTING_KEY_MAX,
  SETTING_KIND_SHIFT,
  SETTING_WORDS,
  SettingKind,
} from "../../contract/setting-table.ts";
import { CborError } from "../cbor/format.ts";
import { CborReader } from "../cbor/reader.ts";

const ROW_BYTES: usize = SETTING_WORDS * 4;

export class SettingTable {
  /** Address of the first row, and how many there are; without any, everything is taken. */
  words: usize = 0;
  count: u32 = 0;

  /** Steps over the value that the reader stands before; false when setting `key` cannot be that, or is none. */
  takes(key: i32, reader: CborReader): bool {
    if (this.words == 0) return reader.skip();
    for (let left = this.count, row = this.words; left > 0; left--, row += ROW_BYTES) {
      const word = load<u32>(row);
      if (<i32>(word & SETTING_KEY_MAX) == key) return fits(row, word, reader);
    }
    return false;
  }
}

function fits(row: usize, word: u32, reader: CborReader): bool {
  const kind = (word >> SETTING_KIND_SHIFT) & 255;
  if (kind == SettingKind.Boolean) {
    reader.boolean();
    return reader.error == CborError.None;
  }
  if (kind < <u32>SettingKind.Integers) return isWithin(row, kind, reader);
  let items = reader.array();
  if (items > word >> SETTING_ITEMS_SHIFT) return false;
  for (; items > 0; items--) {
    if (!isWithin(row, kind, reader)) return false;
  }
  return reader.error == CborError.None;
}

/** The number, or the length of the string, that the reader stands before. */
function isWithin(row: usize, kind: u32, reader: CborReader): bool {
  let value: i32;
  if (kind == SettingKind.Integer || kind == SettingKind.Integers) {
    value = reader.integer();
  } else {
    const isString = kind == SettingKind.Bytes ? reader.bytes() : reader.text();
    value = isString ? <i32>reader.stringLength : -1;
  }
  if (reader.error != CborError.None) return false;
  return (value >= load<i32>(row, 4) && value <= load<i32>(row, 8)) || value == load<i32>(row, 12);
}
