/** What a device makes of the operations of a patch, for tests. */
import { OUTPUT_BYTES } from "../../../runtime/device/update/page-reader.ts";
import { PatchReader } from "../../../runtime/device/update/patch-reader.ts";

const reader = new PatchReader(new StaticArray<u8>(OUTPUT_BYTES));

export function start(): void {}

export function poll(): u32 {
  return 60000;
}

export function begin(baseOffset: u32, baseBytes: u32, targetPayloadBytes: u32): void {
  reader.begin(baseOffset, baseBytes, targetPayloadBytes);
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
