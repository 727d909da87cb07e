/**
 * Real time. Events run in the order of their times, and each one sees the time that it was meant for, however late a
 * busy process gets to it: a beam that was to be broken for 300 ms is broken for 300 ms of the board's clock, and its
 * edges do not run into each other. What comes from outside, as bytes on a socket, happens at the time that it is.
 */
import { EventHeap } from "./event-heap.ts";
import type { Cancel, TimeSource } from "./time-source.ts";

/** After so many late events in a row the event loop gets a turn. */
const EVENTS_PER_TURN = 1000;

export class RealTime implements TimeSource {
  readonly #startMs = performance.now();
  readonly #events = new EventHeap();
  /** The time that the running event was meant for. */
  #eventMs: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #timerMs = Number.POSITIVE_INFINITY;

  nowMs(): number {
    return this.#eventMs ?? this.#elapsedMs();
  }

  at(delayMs: number, fn: () => void): Cancel {
    if (Number.isNaN(delayMs)) throw new RangeError("The delay of an event is not a number.");
    const cancel = this.#events.add(this.nowMs() + Math.max(0, delayMs), fn);
    if (this.#eventMs === undefined) this.#arm();
    return () => {
      cancel();
      // Without this, a process would wait for a timer that nobody needs any more.
      if (this.#eventMs === undefined) this.#arm();
    };
  }

  unixMs(): number {
    return Date.now();
  }

  holdUntil(): void {}

  #elapsedMs(): number {
    return performance.now() - this.#startMs;
  }

  /** One timer, for the next event. */
  #arm(): void {
    const next = this.#events.peek();
    const nextMs = next?.atMs ?? Number.POSITIVE_INFINITY;
    if (nextMs === this.#timerMs) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#timerMs = nextMs;
    if (next === undefined) return;
    this.#timer = setTimeout(() => this.#run(), Math.max(0, nextMs - this.#elapsedMs()));
  }

  #run(): void {
    this.#timerMs = Number.POSITIVE_INFINITY;
    try {
      for (let count = 0; count < EVENTS_PER_TURN; count++) {
        const next = this.#events.peek();
        if (next === undefined || next.atMs > this.#elapsedMs()) break;
        this.#events.removeFirst();
        this.#eventMs = next.atMs;
        const fn = next.fn;
        next.fn = undefined;
        fn?.();
      }
    } finally {
      this.#eventMs = undefined;
      this.#arm();
    }
  }
}
