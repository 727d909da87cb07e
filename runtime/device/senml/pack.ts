/**
 * Writes readings of the queue as a SenML pack (contract/senml.ts). With a clock the pack carries absolute times: each
 * reading's age, taken from the uptime, subtracted from the present. So the stamps of readings that were taken before
 * the clock was known, or while it drifted, are right once it has been set.
 */
import {
  SENML_ABSOLUTE_TIME_MIN_S,
  SENML_EPOCH,
  SENML_OLDEST,
  SENML_SEQUENCE,
  SenmlLabel,
} from "../../contract/senml.ts";
import { CborWriter } from "../cbor/writer.ts";
import { ReadingQueue } from "../queue/reading-queue.ts";

/** Base fields besides the time: epoch, sequence, oldest. */
const BASE_FIELDS: u32 = 3;
/** Fields of every record: name, value, time. */
const RECORD_FIELDS: u32 = 3;

/**
 * Writes the oldest `readings` readings of the queue. `uptimeS` and `unixS` are now; `unixS` 0 = no clock. Check
 * `writer.overflow` afterwards.
 */
export function writePack(writer: CborWriter, queue: ReadingQueue, readings: u32, uptimeS: u32, unixS: u32): void {
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
