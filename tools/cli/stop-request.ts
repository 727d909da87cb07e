/** Ctrl-C, or a time that has passed. A second Ctrl-C ends the process at once. */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
/** What a shell reports for a process that Ctrl-C ended. */
export const EXIT_INTERRUPTED = 130;

export class StopRequest {
  readonly #requested: Promise<void>;
  readonly #controller = new AbortController();
  #resolve: () => void = () => {};
  readonly #onSignal = () => this.#stop();

  /** Listens from now on, so that nothing started later is left behind. */
  constructor() {
    this.#requested = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    for (const signal of SIGNALS) process.on(signal, this.#onSignal);
  }

  /** Aborted when the stop is requested. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Resolves at Ctrl-C, or when `seconds` have passed from now. */
  async wait(seconds?: number): Promise<void> {
    // An interval holds the process even where there is no end to wait for.
    const end = seconds === undefined ? undefined : setTimeout(() => this.#stop(), seconds * 1000);
    const hold = setInterval(() => {}, 60_000);
    await this.#requested;
    clearTimeout(end);
    clearInterval(hold);
  }

  #stop(): void {
    for (const signal of SIGNALS) {
      process.off(signal, this.#onSignal);
      // By way of `exit`, so that what must not be left behind is ended.
      process.on(signal, () => process.exit(EXIT_INTERRUPTED));
    }
    this.#controller.abort();
    this.#resolve();
  }
}
