/** What the thread that makes patches is asked for. */
export interface PatchOrder {
  /** Null: the target is to be compressed. */
  base: Uint8Array | null;
  target: Uint8Array;
}
