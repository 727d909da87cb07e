/** A ring of readings in RAM, for the kernels: records of 12 bytes (value, uptime, stream); when it is full the oldest goes. */
const RECORD_BYTES: u32 = 12;
const UPTIME_OFFSET: usize = 4;
const STREAM_OFFSET: usize = 8;

export class RamQueue {
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

  private forget(readings: u32): void {
    this.first += readings;
    if (this.first >= this.capacity) this.first -= this.capacity;
    this.oldestSequence += readings;
    this.held -= readings;
  }
}
