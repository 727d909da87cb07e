/**
 * What this engine has for a watchdog. WebAssembly in this thread cannot be interrupted, and the board's time stands still
 * during a call, so a program that waits for `clock_ms` to move on would wait for ever. Every host function counts instead;
 * loops that call none of them count by themselves (loop-limit.ts).
 */
import type { HostImports } from "../board/host-imports.ts";

/** In one call into the program. On the chip that takes longer than its watchdog waits. */
export const HOST_CALLS_MAX = 1_000_000;

/** A call into the program does not end. */
export class EndlessCall extends Error {
  constructor() {
    super(`a call made more than ${HOST_CALLS_MAX} host calls and had not returned`);
    this.name = "EndlessCall";
  }
}

export class CallLimit {
  #calls = 0;

  /** A call into the program begins. */
  reset(): void {
    this.#calls = 0;
  }

  over(host: HostImports): HostImports {
    const counted = Object.entries(host).map(([name, serve]: [string, (...args: number[]) => number | void]) => [
      name,
      (...args: number[]) => {
        if (++this.#calls > HOST_CALLS_MAX) throw new EndlessCall();
        return serve(...args);
      },
    ]);
    return Object.fromEntries(counted) as HostImports;
  }
}
