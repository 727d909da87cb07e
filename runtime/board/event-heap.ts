/**
 * Events in order of time, then of insertion, so that a run replays exactly: a binary heap. Cancelled events stay in it
 * until they come up or are swept out.
 */

/** Cancelled events are swept out when there are this many and they are the majority. */
const SWEEP_MIN_EVENTS = 1024;

export interface TimeEvent {
  readonly atMs: number;
  readonly order: number;
  /** undefined once it has run or was cancelled */
  fn: (() => void) | undefined;
}

export class EventHeap {
  #heap: TimeEvent[] = [];
  #order = 0;
  #cancelled = 0;

  /** Returns what cancels it. */
  add(atMs: number, fn: () => void): () => void {
    const event: TimeEvent = { atMs, order: this.#order++, fn };
    this.#heap.push(event);
    this.#siftUp(this.#heap.length - 1);
    return () => this.#cancel(event);
  }

  #cancel(event: TimeEvent): void {
    if (event.fn === undefined) return;
    event.fn = undefined;
    this.#cancelled++;
    if (this.#cancelled < SWEEP_MIN_EVENTS || this.#cancelled * 2 < this.#heap.length) return;
    this.#heap = this.#heap.filter((kept) => kept.fn !== undefined).sort((a, b) => (isBefore(a, b) ? -1 : 1));
    this.#cancelled = 0;
  }

  /** The next event that was not cancelled. */
  peek(): TimeEvent | undefined {
    for (;;) {
      const first = this.#heap[0];
      if (first === undefined || first.fn !== undefined) return first;
      this.removeFirst();
      this.#cancelled--;
    }
  }

  removeFirst(): void {
    const last = this.#heap.pop();
    if (last === undefined || this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.#siftDown(0);
  }

  #siftUp(start: number): void {
    const heap = this.#heap;
    let index = start;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!swapUnlessInOrder(heap, parent, index)) return;
      index = parent;
    }
  }

  #siftDown(start: number): void {
    const heap = this.#heap;
    let index = start;
    for (;;) {
      const left = 2 * index + 1;
      const right = left + 1;
      const leftEvent = heap[left];
      const rightEvent = heap[right];
      if (leftEvent === undefined) return;
      const child = rightEvent !== undefined && isBefore(rightEvent, leftEvent) ? right : left;
      if (!swapUnlessInOrder(heap, index, child)) return;
      index = child;
    }
  }
}

function isBefore(a: TimeEvent, b: TimeEvent): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}

function swapUnlessInOrder(heap: TimeEvent[], parent: number, child: number): boolean {
  const upper = heap[parent];
  const lower = heap[child];
  if (upper === undefined || lower === undefined || !isBefore(lower, upper)) return false;
  heap[parent] = lower;
  heap[child] = upper;
  return true;
}
