/**
 * The reading queue in RAM: a ring of records of 12 bytes (value, uptime, stream). A restart loses what was not yet
 * acknowledged and begins a new epoch.
 */
import { randomU32 } from "../hal/chance.ts";
import { ReadingQueue } from "./reading-queue.ts";

const RECORD_BYTES: u32 = 12;
const UPTIME_OFFSET: usize = 4;
const STREAM_OFFSET: usize = 8;

export class RamQueue implements ReadingQueue {
  private readonly records: StaticArray<u8>;
  private epochNumber: u32 = 0;
  private oldestSequence: u32 = 1;
  private held: u32 = 0;
  private lost: u32 = 0;
  /** Ring index of the oldest record. */
  private first: u32 = 0;

  /** Room for `capacity` readings. */
  constructor(private readonly capacity: u32) {
    this.records = new StaticArray<u8>(capacity * RECORD_BYTES);
  }

  /** Chooses the epoch; called once, when the host can be asked for random numbers. */
  begin(): void {
    this.renew();
  }

  epoch(): u32 {
    return this.epochNumber;
  }

  oldest(): u32 {
    return this.oldestSequence;
  }

  count(): u32 {
    return this.held;
  }

  dropped(): u32 {
    return this.lost;
  }

  private record(index: u32): usize {
    let slot = this.first + index;
    if (slot >= this.capacity) slot -= this.capacity;
    return changetype<usize>(this.records) + slot * RECORD_BYTES;
  }

  push(stream: u32, value: i32, uptimeS: u32): void {
    if (this.held == this.capacity) {
      this.forget(1);
      this.lost++;
    }
    const record = this.record(this.held);
    store<i32>(record, value);
    store<u32>(record, uptimeS, UPTIME_OFFSET);
    store<u32>(record, stream, STREAM_OFFSET);
    this.held++;
  }

  streamAt(index: u32): u32 {
    return load<u32>(this.record(index), STREAM_OFFSET);
  }

  valueAt(index: u32): i32 {
    return load<i32>(this.record(index));
  }

  uptimeAt(index: u32): u32 {
    return load<u32>(this.record(index), UPTIME_OFFSET);
  }

  acknowledge(sequence: u32): bool {
    const next = this.oldestSequence + this.held;
    if (sequence >= next) return false;
    if (sequence >= this.oldestSequence) this.forget(sequence - this.oldestSequence + 1);
    return true;
  }

  renew(): void {
    this.epochNumber = randomU32();
    this.oldestSequence = 1;
  }

  private forget(readings: u32): void {
    this.first += readings;
    if (this.first >= this.capacity) this.first -= this.capacity;
    this.oldestSequence += readings;
    this.held -= readings;
  }
}
