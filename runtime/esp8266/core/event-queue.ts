/** Things that happen at a cycle, earliest first, equal ones in the order they were added. A handful at a time: a sorted list. */
import { EmulatorError } from "../emulator-error.ts";

interface PlannedEvent {
  readonly cycle: number;
  readonly run: () => void;
}

/** More would be a peripheral that plans without end. */
const MAX_EVENTS = 1000;

export class EventQueue {
  readonly #events: PlannedEvent[] = [];

  /** Cycle of the earliest one. */
  get next(): number {
    return this.#events[0]?.cycle ?? Number.POSITIVE_INFINITY;
  }

  /** The result cancels it. */
  add(cycle: number, run: () => void): () => void {
    if (this.#events.length >= MAX_EVENTS) throw new EmulatorError("bug", `More than ${MAX_EVENTS} planned events.`);
    const event = { cycle, run };
    let index = this.#events.length;
    while (index > 0 && (this.#events[index - 1] as PlannedEvent).cycle > cycle) index--;
    this.#events.splice(index, 0, event);
    return () => {
      const found = this.#events.indexOf(event);
      if (found >= 0) this.#events.splice(found, 1);
    };
  }

  /** Runs what was due when it was called and has not been cancelled by one that ran before. */
  run(cycle: number): void {
    if (this.next > cycle) return;
    const due = this.#events.filter((event) => event.cycle <= cycle);
    for (const event of due) {
      const index = this.#events.indexOf(event);
      if (index < 0) continue;
      this.#events.splice(index, 1);
      event.run();
    }
  }
}
