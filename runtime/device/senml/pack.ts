/**
 * Writes readings of the queue as a SenML pack (contract/senml.ts), all of one boot. With a clock the pack carries absolute
 * times: each reading's uptime, counted from the boot's start. So the stamps of readings that were taken before
 * the clock was known, or while it drifted, are right once it has been set.
 *
 * When neither this boot nor the server knows the time, readings go out with their ages, those of earlier boots too:
 * a server without a clock may never get one, and waiting for it would fill the queue. Such ages are what the boots since
 * then lasted at least, and are marked as estimates.
 */
import { PACK_SEND_READINGS, PACK_SIGNED_READINGS } from "../../contract/limits.ts";
import {
  SENML_EPOCH,
  SENML_OLDEST,
  SENML_SEQUENCE,
  SENML_SIGNATURE,
  SENML_SIGNATURE_BYTES,
  SENML_TIME_ERROR,
  SENML_TIME_ESTIMATED,
  SenmlLabel,
} from "../../contract/senml.ts";
import { CborWriter } from "../cbor/writer.ts";
import { BootTime } from "../queue/boot-time.ts";
import { ReadingQueue } from "../queue/reading-queue.ts";

/** Base fields besides the times: epoch, sequence, oldest. */
const BASE_FIELDS: u32 = 3;
/** Fields of every record: name, value, time. */
const RECORD_FIELDS: u32 = 3;

const time = new BootTime();

/**
 * Writes the oldest readings of the queue, PACK_SEND_READINGS at most. `uptimeS` and `unixS` are now; `unixS` 0 = no
 * clock. Returns the sequence number of the last reading written; 0 = there is none, and nothing was written. Check
 * `writer.overflow` afterwards.
 */
export function writePack(writer: CborWriter, queue: ReadingQueue, uptimeS: u32, unixS: u32): u32 {
  if (!queue.rewind()) return 0;
  queue.place(time, uptimeS, unixS);
  queue.rewind();
  const reference = time.startUnixS != 0 ? queue.uptimeS() : time.endS;
  let readings: u32 = 0;
  let errorS: u32 = 0;
  let isSigned = false;
  do {
    readings++;
    if (queue.isSigned()) isSigned = true;
    errorS = max(errorS, time.errorAt(queue.uptimeS()));
  } while (readings < <u32>PACK_SEND_READINGS && queue.next());
  if (isSigned) readings = min<u32>(readings, PACK_SIGNED_READINGS);

  queue.rewind();
  writer.array(readings);
  for (let i: u32 = 0; i < readings; i++) {
    const fields = RECORD_FIELDS + u32(isSigned && i == readings - 1);
    if (i == 0) writeBase(writer, queue, fields, reference, errorS);
    else {
      queue.next();
      writer.map(fields);
    }
    writer.integer(SenmlLabel.Name);
    writer.hex16(queue.stream());
    writer.integer(SenmlLabel.Value);
    writer.integer(queue.value());
    writer.integer(SenmlLabel.Time);
    writer.integer(<i32>(queue.uptimeS() - reference));
  }
  if (isSigned) writeSignature(writer, queue);
  return queue.sequence();
}

/** Over what is written already. */
function writeSignature(writer: CborWriter, queue: ReadingQueue): void {
  writer.text(SENML_SIGNATURE);
  const signature = writer.blank(SENML_SIGNATURE_BYTES);
  if (signature != 0) queue.sign(writer.start, <u32>(signature - writer.start), signature);
}

/** Begins the first record, of so many fields of its own, with the base fields. */
function writeBase(writer: CborWriter, queue: ReadingQueue, fields: u32, reference: u32, errorS: u32): void {
  const isAbsolute = time.startUnixS != 0;
  writer.map(fields + BASE_FIELDS + u32(isAbsolute) + u32(time.hasError) + u32(time.isEstimated));
  if (isAbsolute) {
    writer.integer(SenmlLabel.BaseTime);
    writer.unsigned(time.startUnixS + reference);
  }
  writer.text(SENML_EPOCH);
  writer.unsigned(queue.epoch());
  writer.text(SENML_SEQUENCE);
  writer.unsigned(queue.sequence());
  writer.text(SENML_OLDEST);
  writer.unsigned(queue.oldest());
  if (time.hasError) {
    writer.text(SENML_TIME_ERROR);
    writer.unsigned(errorS);
  }
  if (time.isEstimated) {
    writer.text(SENML_TIME_ESTIMATED);
    writer.boolean(true);
  }
}
