/**
 * Virtual time: a heap of events in order of time, then of insertion, so that a run replays exactly. It moves by whole
 * milliseconds.
 *
 * Peers that are ordinary Node streams (an MQTT broker, a worker thread behind it) answer in the real event loop. A
 * network that has handed bytes to one calls `holdUntil`; virtual time then does not advance before the peer has come to
 * rest. All events of one millisecond share one such wait, which keeps a fleet cheap.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Cancel, TimeSource } from "./time-source.ts";

/** The event loop gets a turn at least once in so many events: signals and sockets of the process stay alive. */
const EVENTS_PER_TURN = 10_000;
/** Cancelled events are swept out when there are this many and they are the majority. */
const SWEEP_MIN_EVENTS = 1024;

interface TimeEvent {
  atMs: number;
  order: number;
  /** undefined once it has run or was cancelled */
  fn: (() => void) | undefined;
}

export interface VirtualTimeOptions {
  /** Unix time at virtual zero, milliseconds. */
  startUnixMs?: number;
}

export class VirtualTime implements TimeSource {
  readonly #startUnixMs: number;
  readonly #holds = new Set<() => Promise<void>>();
  #heap: TimeEvent[] = [];
  #nowMs = 0;
  #order = 0;
  #cancelled = 0;
  #eventsRun = 0;
  #running = false;

  constructor(options: VirtualTimeOptions = {}) {
    this.#startUnixMs = Math.floor(options.startUnixMs ?? 0);
  }

  get eventsRun(): number {
    return this.#eventsRun;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  unixMs(): number {
    return this.#startUnixMs + this.#nowMs;
  }

  at(delayMs: number, fn: () => void): Cancel {
    if (Number.isNaN(delayMs)) throw new RangeError("The delay of an event is not a number.");
    // Whole milliseconds, as timers and Date.now() of real time give them; never early.
    const event: TimeEvent = { atMs: this.#nowMs + Math.max(0, Math.ceil(delayMs)), order: this.#order++, fn };
    this.#heap.push(event);
    this.#siftUp(this.#heap.length - 1);
    return () => this.#cancel(event);
  }

  holdUntil(settled: () => Promise<void>): void {
    this.#holds.add(settled);
  }

  /**
   * Runs every event up to and including `untilMs`, then stands there. An error thrown by an event rejects; the
   * run can be continued after it.
   */
  async run(untilMs: number): Promise<void> {
    if (this.#running) throw new Error("VirtualTime.run is already running; a run cannot be nested.");
    this.#running = true;
    const endMs = Math.floor(untilMs);
    try {
      for (;;) {
        const next = this.#peek();
        const advances = next === undefined || next.atMs > this.#nowMs;
        if (advances && this.#holds.size > 0) {
          await this.#settle();
          continue;
        }
        if (next === undefined || next.atMs > endMs) break;
        this.#removeFirst();
        this.#nowMs = next.atMs;
        this.#eventsRun++;
        const fn = next.fn;
        next.fn = undefined;
        fn?.();
        if (this.#eventsRun % EVENTS_PER_TURN === 0) await nextTurn();
      }
      this.#nowMs = Math.max(this.#nowMs, endMs);
    } finally {
      this.#running = false;
    }
  }

  async runFor(durationMs: number): Promise<void> {
    await this.run(this.#nowMs + durationMs);
  }

  async #settle(): Promise<void> {
    const holds = [...this.#holds];
    this.#holds.clear();
    for (const settled of holds) await settled();
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
  #peek(): TimeEvent | undefined {
    for (;;) {
      const first = this.#heap[0];
      if (first === undefined || first.fn !== undefined) return first;
      this.#removeFirst();
      this.#cancelled--;
    }
  }

  #removeFirst(): void {
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
