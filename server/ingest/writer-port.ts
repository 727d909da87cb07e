/** What ingest asks of the store, and what it is told. The composition (app.ts) connects the two. */
import type { Batch } from "./batch.ts";
import type { Committed } from "./writer-messages.ts";

export interface WriterPort {
  /** False when there is no writer just now. */
  post(id: number, batch: Batch): boolean;
  setLive(isWanted: boolean): void;
}

export interface WriterEvents {
  /** Every batch up to and including `committed.batchId` is durable. */
  onCommitted(committed: Committed): void;
  /** Every batch up to and including this one was dropped; writes fail. */
  onFailed(batchId: number, error: string): void;
  /** Blocks that the writer needs no longer. */
  onBlocksBack(blocks: ArrayBuffer[]): void;
  /** Whatever was posted and not answered is gone. */
  onLost(): void;
  /** Writes work (again). */
  onReady(): void;
}
