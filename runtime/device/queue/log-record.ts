/**
 * A record of the queue as four words of memory: encoding, check and decoding (contract/queue-format.ts).
 */
import {
  QUEUE_AGE_MAX_S,
  QUEUE_LONG_BYTES,
  QUEUE_SHORT_BYTES,
  QUEUE_SHORT_VALUE_MAX,
  QUEUE_SHORT_VALUE_MIN,
  QueueRecord,
} from "../../contract/queue-format.ts";

const AGE_SHIFT: u32 = 16;
const KIND_SHIFT: u32 = 28;
const LOW_MASK: u32 = 0xffff;
const SHORT_CHECK_SHIFT: u32 = 26;
const SHORT_VALUE_MASK: u32 = 0x03ffffff;
const LONG_CHECK_MASK: u32 = 0x7f;

/** Bytes of a record, told by its first word; 0 when no record begins so. */
export function recordBytes(word: u32): u32 {
  const kind = word >>> KIND_SHIFT;
  if (kind == QueueRecord.Short) return QUEUE_SHORT_BYTES;
  return kind >= <u32>QueueRecord.Long && kind <= <u32>QueueRecord.Taken ? QUEUE_LONG_BYTES : 0;
}

export class LogRecord {
  private readonly words: StaticArray<u32> = new StaticArray<u32>(QUEUE_LONG_BYTES / 4);

  get pointer(): usize {
    return changetype<usize>(this.words);
  }

  word(index: u32): u32 {
    return unchecked(this.words[index]);
  }

  set(index: u32, value: u32): void {
    unchecked((this.words[index] = value));
  }

  copy(from: LogRecord): void {
    memory.copy(this.pointer, from.pointer, QUEUE_LONG_BYTES);
  }

  get kind(): u32 {
    return this.word(0) >>> KIND_SHIFT;
  }

  get sizeBytes(): u32 {
    return recordBytes(this.word(0));
  }

  /** Bits 0 to 15 of the first word: the stream, or what a mark keeps there. */
  get low(): u32 {
    return this.word(0) & LOW_MASK;
  }

  get ageS(): u32 {
    return (this.word(0) >>> AGE_SHIFT) & QUEUE_AGE_MAX_S;
  }

  /** The value of a reading. */
  get value(): i32 {
    const value = <i32>this.word(1);
    return this.kind == QueueRecord.Short ? (value << 6) >> 6 : value;
  }

  /** Makes this a reading that was taken `ageS` after the record before it, `uptimeS` after the start. */
  reading(stream: u32, value: i32, ageS: u32, uptimeS: u32): void {
    if (ageS > <u32>QUEUE_AGE_MAX_S || value < QUEUE_SHORT_VALUE_MIN || value > QUEUE_SHORT_VALUE_MAX) {
      this.long(QueueRecord.Long, stream, value, uptimeS);
      return;
    }
    this.set(0, ((<u32>QueueRecord.Short) << KIND_SHIFT) | (ageS << AGE_SHIFT) | (stream & LOW_MASK));
    this.set(1, <u32>value & SHORT_VALUE_MASK);
    this.set(1, this.word(1) | (this.zeros() << SHORT_CHECK_SHIFT));
  }

  /** Makes this a record of four words. */
  long(kind: QueueRecord, low: u32, word1: u32, word2: u32): void {
    this.set(0, ((<u32>kind) << KIND_SHIFT) | (low & LOW_MASK));
    this.set(1, word1);
    this.set(2, word2);
    this.set(3, ~LONG_CHECK_MASK);
    this.set(3, this.zeros() | ~LONG_CHECK_MASK);
  }

  /** The words are a record, written to its end. */
  get isValid(): bool {
    const size = this.sizeBytes;
    if (size == <u32>QUEUE_SHORT_BYTES) return this.word(1) >>> SHORT_CHECK_SHIFT == this.zeros();
    return size != 0 && (this.word(3) & LONG_CHECK_MASK) == this.zeros();
  }

  /** Zero bits outside of the check. */
  private zeros(): u32 {
    const zeros = popcnt<u32>(~this.word(0));
    if (this.kind == QueueRecord.Short) return zeros + popcnt<u32>(~this.word(1) & SHORT_VALUE_MASK);
    return (
      zeros + popcnt<u32>(~this.word(1)) + popcnt<u32>(~this.word(2)) + popcnt<u32>(~(this.word(3) | LONG_CHECK_MASK))
    );
  }
}
