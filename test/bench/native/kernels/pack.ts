/** A SenML pack in CBOR of a full queue, by the device library's own writer and pack (runtime/device). */
import { PACK_SEND_BYTES, PACK_SEND_READINGS } from "../../../../runtime/contract/limits.ts";
import { CborWriter } from "../../../../runtime/device/cbor/writer.ts";
import { RamQueue } from "../../../../runtime/device/queue/ram-queue.ts";
import { writePack } from "../../../../runtime/device/senml/pack.ts";
import { hashWords } from "./random.ts";

const buffer = memory.data(PACK_SEND_BYTES, 4);
const queue = new RamQueue(PACK_SEND_READINGS);
const writer = new CborWriter();

export function prepare(): usize {
  for (let i: u32 = 0; i < <u32>PACK_SEND_READINGS; i++) queue.push(0x5001 + (i & 3), i * i * i - 50, 1000 + i * 60);
  return buffer;
}

/** The length of the pack. */
export function pack(readings: u32, uptimeS: u32, unixS: u32): i32 {
  writer.begin(buffer, PACK_SEND_BYTES);
  writePack(writer, queue, readings, uptimeS, unixS);
  return writer.length;
}

export function check(): u32 {
  return writer.overflow ? 0 : hashWords(buffer, PACK_SEND_BYTES / 4);
}
