/** The core's serial port at 115,200 baud: a FIFO that empties in time, a ring of received bytes, whole lines out. */
import { DONE, NOTHING, type Sdk, type ServedByName } from "./sdk.ts";

const FIFO_BYTES = 128;
/** Start bit, 8 data bits, stop bit. */
const BYTE_MS = 10_000 / 115_200;
/** Where the ring's size stands among the arguments of uart_init. */
const RING_ARGUMENT = 5;

export class EmulatedSerial {
  readonly lines: string[] = [];
  /** Told of each line. */
  onLine: (line: string) => void = () => {};
  readonly #sdk: Sdk;
  #line = "";
  #emptyAtMs = 0;
  #ringBytes = 0;
  #received: number[] = [];

  constructor(sdk: Sdk) {
    this.#sdk = sdk;
  }

  /** What the ring has no room for is lost (UART_DISCARD_NEWEST). */
  receive(bytes: Uint8Array): void {
    this.#received.push(...bytes.subarray(0, Math.max(0, this.#ringBytes - 1 - this.#received.length)));
  }

  reset(): void {
    this.#emptyAtMs = 0;
    this.#received = [];
  }

  put(byte: number): void {
    const char = String.fromCharCode(byte);
    if (char === "\n") {
      if (this.#line !== "") {
        this.lines.push(this.#line);
        this.onLine(this.#line);
      }
      this.#line = "";
    } else if (char !== "\r") this.#line += char;
  }

  served(): ServedByName {
    return {
      uart_init: (core) => {
        this.#ringBytes = core.argument(RING_ARGUMENT);
        return 1;
      },
      uart_set_debug: NOTHING,
      uart_tx_free: () => FIFO_BYTES - this.#fifoBytes(),
      uart_rx_available: () => this.#received.length,
      uart_read: (core) => {
        const bytes = Uint8Array.from(this.#received.splice(0, core.argument(2)));
        this.#sdk.write(core.argument(1), bytes);
        return bytes.length;
      },
      uart_write: (core) => {
        for (const byte of this.#sdk.read(core.argument(1), core.argument(2))) this.#send(byte);
        return core.argument(2);
      },
      uart_wait_tx_empty: () => {
        this.#sdk.nowMs = Math.max(this.#sdk.nowMs, Math.ceil(this.#emptyAtMs));
        return 0;
      },
      ets_putc: (core) => {
        this.put(core.argument(0));
        return DONE(core);
      },
    };
  }

  #fifoBytes(): number {
    return Math.max(0, Math.ceil((this.#emptyAtMs - this.#sdk.nowMs) / BYTE_MS));
  }

  #send(byte: number): void {
    while (this.#fifoBytes() >= FIFO_BYTES - 1) this.#sdk.nowMs++;
    this.#emptyAtMs = Math.max(this.#emptyAtMs, this.#sdk.nowMs) + BYTE_MS;
    this.put(byte);
  }
}
