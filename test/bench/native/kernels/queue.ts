/** Appends to a queue in RAM (ram-queue.ts) until it is full twice over. */
import { RamQueue } from "./ram-queue.ts";

const CAPACITY: u32 = 128;
const queue = new RamQueue(CAPACITY);

export function prepare(): usize {
  return 0;
}

export function append(count: u32): void {
  for (let i: u32 = 0; i < count; i++) queue.push(0x5001, i, i * 60);
}

export function check(): u32 {
  let hash = (queue.oldest() * 31 + queue.count()) * 31 + queue.dropped();
  for (let i: u32 = 0; i < queue.count(); i++) {
    hash = ((hash * 31 + queue.streamAt(i)) * 31 + queue.valueAt(i)) * 31 + queue.uptimeAt(i);
  }
  return hash;
}
