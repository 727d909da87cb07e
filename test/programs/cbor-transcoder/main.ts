/**
 * The device's CBOR codec by itself, for tests: decodes whatever a test puts into memory, and encodes it again. A test
 * chooses the address of its input, so that the input can end where memory ends.
 */
import { CborError, MajorType } from "../../../runtime/device/cbor/format.ts";
import { CborReader } from "../../../runtime/device/cbor/reader.ts";
import { CborWriter } from "../../../runtime/device/cbor/writer.ts";

const OUTPUT_BYTES = 4096;
/** Answers of `transcode` and `skip` beside minus a CborError. */
const TRAILING_BYTES = -100;
const OUTPUT_FULL = -101;
const TOO_DEEP = -102;
const DEPTH_MAX = 2048;

const out = new StaticArray<u8>(OUTPUT_BYTES);
const reader = new CborReader();
const writer = new CborWriter();

let isTooDeep = false;

export function start(): void {}

export function poll(): u32 {
  return 60000;
}

/** Where the last `transcode` left its output. */
export function output(): usize {
  return changetype<usize>(out);
}

/** Decodes exactly one item and encodes it again; the length of the output, or below zero what went wrong. */
export function transcode(pointer: usize, length: u32): i32 {
  reader.begin(pointer, length);
  writer.begin(changetype<usize>(out), OUTPUT_BYTES);
  isTooDeep = false;
  copyItem(0);
  if (isTooDeep) return TOO_DEEP;
  if (reader.error != CborError.None) return -reader.error;
  if (!reader.finished) return TRAILING_BYTES;
  return writer.overflow ? OUTPUT_FULL : writer.length;
}

/** Steps over exactly one item: 0, or below zero what went wrong. */
export function skip(pointer: usize, length: u32): i32 {
  reader.begin(pointer, length);
  const isWhole = reader.skip();
  if (isWhole != (reader.error == CborError.None)) unreachable();
  if (!isWhole) return -reader.error;
  return reader.finished ? 0 : TRAILING_BYTES;
}

function copyItem(depth: i32): bool {
  if (depth > DEPTH_MAX) isTooDeep = true;
  if (isTooDeep || !reader.head()) return false;
  const major = reader.major;
  const argument = reader.argument;
  switch (major) {
    case MajorType.Bytes:
      if (!reader.take()) return false;
      writer.bytes(reader.stringPointer, reader.stringLength);
      return true;
    case MajorType.Text:
      if (!reader.take()) return false;
      writer.utf8(reader.stringPointer, reader.stringLength);
      return true;
    case MajorType.Array:
      writer.head64(major, argument);
      for (let i: u64 = 0; i < argument; i++) {
        if (!copyItem(depth + 1)) return false;
      }
      return true;
    case MajorType.Map:
      writer.head64(major, argument);
      for (let i: u64 = 0; i < argument; i++) {
        if (!copyItem(depth + 1) || !copyItem(depth + 1)) return false;
      }
      return true;
    case MajorType.Tag:
      writer.tag(argument);
      return copyItem(depth + 1);
    case MajorType.Simple:
      if (reader.argumentBytes >= 2) writer.float64(reader.float());
      else writer.simple(<u32>argument);
      return true;
    default:
      writer.head64(major, argument);
      return true;
  }
}

/** The accessors one by one; `error` says how the last one ended. */
export function error(): i32 {
  return reader.error;
}

export function readUnsigned(pointer: usize, length: u32): u32 {
  reader.begin(pointer, length);
  return reader.unsigned();
}

export function readInteger(pointer: usize, length: u32): i32 {
  reader.begin(pointer, length);
  return reader.integer();
}

/** Reads one head; its argument is `argumentHigh` << 32 | `argumentLow`. */
export function readHead(pointer: usize, length: u32): i32 {
  reader.begin(pointer, length);
  return i32(reader.head());
}

export function argumentHigh(): u32 {
  return <u32>(reader.argument >> 32);
}

export function argumentLow(): u32 {
  return <u32>reader.argument;
}

export function readFloat(pointer: usize, length: u32): f64 {
  reader.begin(pointer, length);
  reader.head();
  return reader.float();
}

export function readBoolean(pointer: usize, length: u32): i32 {
  reader.begin(pointer, length);
  return i32(reader.boolean());
}

export function readArray(pointer: usize, length: u32): u32 {
  reader.begin(pointer, length);
  return reader.array();
}

export function readMap(pointer: usize, length: u32): u32 {
  reader.begin(pointer, length);
  return reader.map();
}

/** Reads a text or byte string; its bytes are at `stringPointer`, `stringLength` of them. */
export function readText(pointer: usize, length: u32): i32 {
  reader.begin(pointer, length);
  return i32(reader.text());
}

export function readBytes(pointer: usize, length: u32): i32 {
  reader.begin(pointer, length);
  return i32(reader.bytes());
}

export function stringPointer(): usize {
  return reader.stringPointer;
}

export function stringLength(): u32 {
  return reader.stringLength;
}
