/** Ctrl-C, or a time that has passed. A second Ctrl-C ends the process as usual. */
const SIGNALS = ["SIGINT", "SIGTERM"] as const;

export class StopRequest {
  readonly #requested: Promise<void>;
  #resolve: () => void = () => {};
  readonly #onSignal = () => this.#stop();

  /** Listens from now on, so that nothing started later is left behind. */
  constructor() {
    this.#requested = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    for (const signal of SIGNALS) process.on(signal, this.#onSignal);
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
    for (const signal of SIGNALS) process.off(signal, this.#onSignal);
    this.#resolve();
  }
}
