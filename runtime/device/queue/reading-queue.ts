/**
 * The queue between a sensor and the server. A reading has a sequence number, from 1, one higher than the reading before
 * it and never used again within the epoch; it stays in the queue until the server has acknowledged it. When the
 * queue is full the oldest readings go, and are counted.
 *
 * Sequence numbers are 32 bits and do not wrap: at one reading a second an epoch would last 136 years.
 */
import { BootTime } from "./boot-time.ts";

export interface ReadingQueue {
  /** Names the sequence; a new random one whenever sequence numbers begin again. */
  epoch(): u32;
  /** Sequence number of the oldest reading held, or of the next one when none is held. */
  oldest(): u32;
  /** Readings held; some of them may turn out to be damaged when their turn comes. */
  count(): u32;
  /** Readings that were lost on this device: the queue was full, or flash did not keep them. A new epoch does not reset it. */
  dropped(): u32;
  /** Adds a reading, taken `uptimeS` seconds after the start; it outlasts a power cut once this returns. */
  push(stream: u32, value: i32, uptimeS: u32): void;
  /**
   * Moves what is held to a new epoch, where sequence numbers begin at 1 again. The server knows the present one up to
   * `known`: what it can have from before this start is forgotten.
   */
  renew(known: u32): void;
  /** Forgets every reading up to and including `sequence`; false, and nothing forgotten, for one that no server can have. */
  acknowledge(sequence: u32): bool;
  /** The server has told the time: it was `unixS`, give or take `errorS`, at this uptime. */
  learnTime(unixS: u32, uptimeS: u32, errorS: u32): void;

  /** Goes to the oldest reading held; false when there is none. */
  rewind(): bool;
  /** Goes to the next reading; false when it does not belong into one pack with those since `rewind`. Nothing is pushed or
   *  acknowledged in between. */
  next(): bool;
  /** Parts of the reading gone to. */
  sequence(): u32;
  stream(): u32;
  value(): i32;
  uptimeS(): u32;
  /** The reading gone to wants a signature in its pack (contract/senml.ts). */
  isSigned(): bool;
  /** Puts the signature over these bytes to `signature`; asked for only after `isSigned`. */
  sign(pointer: usize, length: u32, signature: usize): void;
  /** When the boot of the readings since `rewind` was; to be asked for after it. `nowS` is the uptime, `unixS` 0 = unknown. */
  place(time: BootTime, nowS: u32, unixS: u32): void;

  /** Highest id of a command that was taken; 0 = none. */
  lastCommand(): u32;
  /** Takes a command: when this has returned true, no start after it will take the same id again. */
  takeCommand(id: u32): bool;
}
