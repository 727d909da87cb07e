/** For the tests of this room: a clock that is moved by hand, and interrupt lines that remember. */
import type { CycleClock, InterruptLines } from "../bus.ts";

export class FakeClock implements CycleClock {
  cycles = 0;
  #events: { cycle: number; run: () => void }[] = [];

  at(cycle: number, run: () => void): () => void {
    const event = { cycle, run };
    this.#events.push(event);
    return () => {
      this.#events = this.#events.filter((other) => other !== event);
    };
  }

  /** Runs every event up to and including that cycle, in order. */
  advanceTo(cycle: number): void {
    for (;;) {
      const due = this.#events.filter((event) => event.cycle <= cycle);
      const next = due.reduce((first, event) => (event.cycle < first.cycle ? event : first), due[0] as (typeof due)[0]);
      if (next === undefined) break;
      this.#events = this.#events.filter((event) => event !== next);
      this.cycles = Math.max(this.cycles, next.cycle);
      next.run();
    }
    this.cycles = cycle;
  }

  advance(cycles: number): void {
    this.advanceTo(this.cycles + cycles);
  }
}

/** An interrupt input that notes each change, with the cycle. */
export function recordInterrupt(clock: CycleClock) {
  const changes: [number, boolean][] = [];
  return {
    changes,
    input: (isUp: boolean) => {
      if (changes.at(-1)?.[1] !== isUp) changes.push([clock.cycles, isUp]);
    },
    get isUp(): boolean {
      return changes.at(-1)?.[1] ?? false;
    },
    /** Cycles at which it went up. */
    get rises(): number[] {
      return changes.filter(([, isUp]) => isUp).map(([cycle]) => cycle);
    },
  };
}

export class FakeLines implements InterruptLines {
  readonly up = new Set<number>();

  raise(line: number): void {
    this.up.add(line);
  }

  lower(line: number): void {
    this.up.delete(line);
  }
}
