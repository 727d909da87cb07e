/**
 * The queue of a product that decides when readings go, and which are signed. Readings that it holds lie in flash like all others, but are not sent before
 * they are released. The queue is in order, so what is released takes everything before it along.
 *
 * What is held is known in memory alone. The first reading of a start, its reset reason, releases what the start before has left.
 */
import { FlashQueue } from "./flash-queue.ts";

/** Who says which readings are signed, and signs. */
export interface PackSigner {
  isSigned(stream: u32): bool;
  sign(pointer: usize, length: u32, signature: usize): void;
}

/** Of `heldFrom`: sequence numbers begin at 1. */
const NOTHING_HELD: u32 = 0;

export class HoldingQueue extends FlashQueue {
  signer: PackSigner | null = null;
  /** Sequence number of the first reading that waits. */
  private heldFrom: u32 = NOTHING_HELD;

  private get nextSequence(): u32 {
    return this.oldest() + this.count();
  }

  /** Readings that wait. */
  get held(): u32 {
    return this.heldFrom == NOTHING_HELD ? 0 : this.nextSequence - max(this.heldFrom, this.oldest());
  }

  /** Adds a reading that goes as soon as it can, and all before it. */
  push(stream: u32, value: i32, uptimeS: u32): void {
    super.push(stream, value, uptimeS);
    this.heldFrom = NOTHING_HELD;
  }

  /** Adds a reading that waits; its sequence number, for `release`. */
  hold(stream: u32, value: i32, uptimeS: u32): u32 {
    if (this.heldFrom == NOTHING_HELD) this.heldFrom = this.nextSequence;
    super.push(stream, value, uptimeS);
    return this.nextSequence - 1;
  }

  /** Everything up to and including `sequence` may go. It may have gone long since, with a later reading. */
  release(sequence: u32): void {
    if (this.heldFrom == NOTHING_HELD || sequence < this.heldFrom) return;
    this.heldFrom = sequence + 1 < this.nextSequence ? sequence + 1 : NOTHING_HELD;
  }

  /** Everything may go. */
  releaseAll(): void {
    this.heldFrom = NOTHING_HELD;
  }

  /** Numbers begin again, those given out by `hold` mean nothing any more: everything goes. */
  renew(known: u32): void {
    super.renew(known);
    this.heldFrom = NOTHING_HELD;
  }

  rewind(): bool {
    if (this.isHeld(this.oldest()) || !super.rewind()) return false;
    // The oldest ones may have gone bad.
    return !this.isHeld(this.sequence());
  }

  next(): bool {
    return !this.isHeld(this.sequence() + 1) && super.next();
  }

  isSigned(): bool {
    const signer = this.signer;
    return signer !== null && signer.isSigned(this.stream());
  }

  sign(pointer: usize, length: u32, signature: usize): void {
    const signer = this.signer;
    if (signer !== null) signer.sign(pointer, length, signature);
  }

  private isHeld(sequence: u32): bool {
    return this.heldFrom != NOTHING_HELD && sequence >= this.heldFrom;
  }
}
