/**
 * The queue between a sensor and the server. A reading has a sequence number, from 1, one higher than the reading before
 * it and never used again within the epoch; it stays in the queue until the server has acknowledged it. When the
 * queue is full the oldest readings go, and are counted.
 *
 * Sequence numbers are 32 bits and do not wrap: at one reading a second an epoch would last 136 years.
 */
export interface ReadingQueue {
  /** Names the sequence; a new random one whenever sequence numbers begin again. */
  epoch(): u32;
  /** Sequence number of the oldest reading held, or of the next one when none is held. */
  oldest(): u32;
  /** Readings held. */
  count(): u32;
  /** Readings that had to go because the queue was full, since the start; a new epoch does not reset it. */
  dropped(): u32;
  /** Adds a reading, taken `uptimeS` seconds after the start. */
  push(stream: u32, value: i32, uptimeS: u32): void;
  /** Parts of the reading `index` places after the oldest one; `index` is below `count()`. */
  streamAt(index: u32): u32;
  valueAt(index: u32): i32;
  uptimeAt(index: u32): u32;
  /** Moves what is held to a new epoch, where sequence numbers begin at 1 again. */
  renew(): void;
  /** Forgets every reading up to and including `sequence`; false, and nothing forgotten, for one never given out. */
  acknowledge(sequence: u32): bool;
}
