/** What a queue holds, for specs: takes everything out of it, pack by pack, acknowledging each. */
import { ReadingQueue } from "../queue/reading-queue.ts";

export class Drained {
  readonly sequences: Array<u32> = [];
  readonly streams: Array<u32> = [];
  readonly values: Array<i32> = [];
  readonly uptimes: Array<u32> = [];
  /** Packs begin at these indices. */
  readonly packs: Array<i32> = [];

  get count(): i32 {
    return this.values.length;
  }

  /** Values, with a bar before each pack. */
  get text(): string {
    let text = "";
    for (let i = 0; i < this.count; i++) {
      if (this.packs.includes(i)) text += "| ";
      text += this.values[i].toString() + " ";
    }
    return text;
  }
}

/** Acknowledges as a server does that was sent everything up to there. */
export function acknowledge(queue: ReadingQueue, sequence: u32): bool {
  if (queue.rewind()) while (queue.sequence() < sequence && queue.next()) {}
  return queue.acknowledge(sequence);
}

export function drain(queue: ReadingQueue): Drained {
  const drained = new Drained();
  while (queue.rewind()) {
    drained.packs.push(drained.count);
    let last: u32 = 0;
    do {
      last = queue.sequence();
      drained.sequences.push(last);
      drained.streams.push(queue.stream());
      drained.values.push(queue.value());
      drained.uptimes.push(queue.uptimeS());
    } while (queue.next());
    if (!queue.acknowledge(last)) break;
  }
  return drained;
}
