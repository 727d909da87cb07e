/**
 * Tells V8 that memory is scarcer than time: its nursery would grow to 48 MiB under load otherwise, for a rate that no
 * back room needs. Measured on `bench ingest`: 35 MiB less at the peak, the rate unchanged. For processes that are the
 * server and nothing else, since it counts for the whole process; call it first.
 *
 * Node warns that flags set late may misbehave; this one is only read when the heap is about to grow (V8, heap.cc).
 */
import { setFlagsFromString } from "node:v8";

export function keepHeapSmall(): void {
  setFlagsFromString("--optimize-for-size");
}
