/** The serial port of a board that runs its program: its lines, and the reset pin. */
import type { WebSerialPort } from "../../runtime/board/web-serial-port.ts";
import { SERIAL_BAUD } from "../../runtime/contract/limits.ts";
import { LineReader, type MonitorLine } from "./serial-line.ts";

const RESET_HOLD_MS = 100;

export class BoardConsole {
  readonly #port: WebSerialPort;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  /** Settles when the port is closed; rejects when the cable is lost. */
  readonly ended: Promise<void>;

  private constructor(port: WebSerialPort, onLine: (line: MonitorLine) => void) {
    this.#port = port;
    if (port.readable === null) throw new Error("The port is not open.");
    this.#reader = port.readable.getReader();
    this.ended = this.#read(new LineReader(onLine));
    this.ended.catch(() => {});
  }

  static async open(port: WebSerialPort, onLine: (line: MonitorLine) => void): Promise<BoardConsole> {
    await port.open({ baudRate: SERIAL_BAUD });
    return new BoardConsole(port, onLine);
  }

  /** Pulls the reset pin; what is in flash starts. */
  async reset(): Promise<void> {
    await this.#port.setSignals({ dataTerminalReady: false, requestToSend: true });
    await new Promise((resolve) => setTimeout(resolve, RESET_HOLD_MS));
    await this.#port.setSignals({ requestToSend: false });
  }

  /** To the program on the board. */
  async send(bytes: Uint8Array): Promise<void> {
    const writer = this.#port.writable?.getWriter();
    await writer?.write(bytes);
    writer?.releaseLock();
  }

  async close(): Promise<void> {
    await this.#reader.cancel().catch(() => {});
    await this.ended.catch(() => {});
    await this.#port.close();
  }

  async #read(lines: LineReader): Promise<void> {
    try {
      for (;;) {
        const { value, done } = await this.#reader.read();
        if (done) return;
        lines.push(value);
      }
    } finally {
      this.#reader.releaseLock();
    }
  }
}
