/**
 * A SenML pack in CBOR of a full queue, by the device library's own writer. The queue is one in RAM and the pack has no times
 * of earlier boots, so that it can be written in C too: the device's own (runtime/device/senml/pack.ts) reads flash.
 */
import { PACK_SEND_BYTES, PACK_SEND_READINGS } from "../../../../runtime/contract/limits.ts";
import {
  SENML_ABSOLUTE_TIME_MIN_S,
  SENML_EPOCH,
  SENML_OLDEST,
  SENML_SEQUENCE,
  SenmlLabel,
} from "../../../../runtime/contract/senml.ts";
import { CborWriter } from "../../../../runtime/device/cbor/writer.ts";
import { RamQueue } from "./ram-queue.ts";
import { hashWords } from "./random.ts";

/** Base fields besides the time: epoch, sequence, oldest. */
const BASE_FIELDS: u32 = 3;
/** Fields of every record: name, value, time. */
const RECORD_FIELDS: u32 = 3;

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
  writePack(readings, uptimeS, unixS);
  return writer.length;
}

function writePack(readings: u32, uptimeS: u32, unixS: u32): void {
  const absolute = unixS >= <u32>SENML_ABSOLUTE_TIME_MIN_S + uptimeS;
  const reference = absolute ? queue.uptimeAt(0) : uptimeS;
  writer.array(readings);
  for (let i: u32 = 0; i < readings; i++) {
    if (i == 0) {
      writer.map(RECORD_FIELDS + BASE_FIELDS + u32(absolute));
      if (absolute) {
        writer.integer(SenmlLabel.BaseTime);
        writer.unsigned(unixS - (uptimeS - reference));
      }
      writer.text(SENML_EPOCH);
      writer.unsigned(queue.epoch());
      writer.text(SENML_SEQUENCE);
      writer.unsigned(queue.oldest());
      writer.text(SENML_OLDEST);
      writer.unsigned(queue.oldest());
    } else {
      writer.map(RECORD_FIELDS);
    }
    writer.integer(SenmlLabel.Name);
    writer.hex16(queue.streamAt(i));
    writer.integer(SenmlLabel.Value);
    writer.integer(queue.valueAt(i));
    writer.integer(SenmlLabel.Time);
    writer.integer(<i32>(queue.uptimeAt(i) - reference));
  }
}

export function check(): u32 {
  return writer.overflow ? 0 : hashWords(buffer, PACK_SEND_BYTES / 4);
}
