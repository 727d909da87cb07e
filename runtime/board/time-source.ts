/**
 * Where a board takes its time from. Everything that waits goes through `at`, so one program runs in real time against
 * a real server, or in virtual time where a simulated day takes a second and replays event by event (virtual-time.ts).
 */
export type Cancel = () => void;

export interface TimeSource {
  /** Milliseconds since this source began; never steps back. */
  nowMs(): number;
  /** Runs `fn` once after the delay, never within this call. A negative delay counts as zero. */
  at(delayMs: number, fn: () => void): Cancel;
  /** Unix time, milliseconds. */
  unixMs(): number;
  /**
   * Traffic has gone to a peer that lives in Node's own event loop. Virtual time stands still until `settled` resolves;
   * real time needs no such help.
   */
  holdUntil(settled: () => Promise<void>): void;
}
