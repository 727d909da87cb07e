/** What a device makes of a compressed image, for tests. */
import { Decompressor } from "../../../runtime/device/update/decompressor.ts";
import { OUTPUT_BYTES } from "../../../runtime/device/update/page-reader.ts";

const reader = new Decompressor(new StaticArray<u8>(OUTPUT_BYTES));

export function start(): void {}

export function poll(): u32 {
  return 60000;
}

export function begin(slotOffset: u32, position: u32, imageBytes: u32): void {
  reader.begin(slotOffset, position, imageBytes);
}

export function feed(pointer: usize, length: u32): u32 {
  return reader.feed(pointer, length);
}

export function output(): usize {
  return reader.output();
}

export function outputBytes(): u32 {
  return reader.outputBytes();
}

export function taken(): void {
  reader.taken();
}

export function finished(): i32 {
  return i32(reader.finished);
}

export function failed(): i32 {
  return i32(reader.failed);
}
