/**
 * Virtual time: a heap of events in order of time, then of insertion, so that a run replays exactly. It moves by whole
 * milliseconds.
 *
 * Peers that are ordinary Node streams (an MQTT broker, a worker thread behind it) answer in the real event loop. A
 * network that has handed bytes to one calls `holdUntil`; virtual time then does not advance before the peer has come to
 * rest. All events of one millisecond share one such wait, which keeps a fleet cheap.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import { EventHeap } from "./event-heap.ts";
import type { Cancel, TimeSource } from "./time-source.ts";

/** The event loop gets a turn at least once in so many events: signals and sockets of the process stay alive. */
const EVENTS_PER_TURN = 10_000;

export interface VirtualTimeOptions {
  /** Unix time at virtual zero, milliseconds. */
  startUnixMs?: number;
}

export class VirtualTime implements TimeSource {
  readonly #startUnixMs: number;
  readonly #holds = new Set<() => Promise<void>>();
  readonly #events = new EventHeap();
  #nowMs = 0;
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
    return this.#events.add(this.#nowMs + Math.max(0, Math.ceil(delayMs)), fn);
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
        const next = this.#events.peek();
        const advances = next === undefined || next.atMs > this.#nowMs;
        if (advances && this.#holds.size > 0) {
          await this.#settle();
          continue;
        }
        if (next === undefined || next.atMs > endMs) break;
        this.#events.removeFirst();
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
}
