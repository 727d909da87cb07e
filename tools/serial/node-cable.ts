/** A serial port of this computer, through the package serialport. */
import { accessSync, constants } from "node:fs";
import type { SerialPort } from "serialport";
import type { Cable, SerialSignals } from "../../runtime/board/web-serial-port.ts";
import { SerialError } from "./serial-error.ts";

/** Makes a port that is not open yet. */
export type MakePort = (path: string, baudRate: number) => Promise<SerialPort>;

export class NodeCable implements Cable {
  onBytes: (bytes: Uint8Array) => void = () => {};
  onLost: (why: Error) => void = () => {};
  readonly #path: string;
  readonly #makePort: MakePort;
  #port: SerialPort | undefined;
  /** The operating system asserts both when a port is opened. */
  #signals = { dtr: true, rts: true };

  constructor(path: string, makePort: MakePort = openable) {
    this.#path = path;
    this.#makePort = makePort;
  }

  async open(baudRate: number): Promise<void> {
    const port = await this.#makePort(this.#path, baudRate);
    await done((callback) => port.open(callback)).catch((error: Error) => {
      throw this.#openError(error);
    });
    this.#port = port;
    port.on("data", (bytes: Buffer) => this.onBytes(bytes));
    port.on("error", (error: Error) => this.#lose(error));
    port.on("close", (error?: Error | null) => this.#lose(error ?? new Error("it was closed")));
    await this.setSignals({ dataTerminalReady: false, requestToSend: false }).catch(() => {
      // A pseudo terminal has no modem lines; whoever needs them finds out.
    });
  }

  async close(): Promise<void> {
    const port = this.#port;
    this.#port = undefined;
    if (port?.isOpen) await done((callback) => port.close(callback));
  }

  async setBaudRate(baudRate: number): Promise<void> {
    const port = this.#opened();
    await done((callback) => port.drain(callback));
    await done((callback) => port.update({ baudRate }, callback));
  }

  async send(bytes: Uint8Array): Promise<void> {
    const port = this.#opened();
    await done((callback) => port.write(bytes, undefined, callback));
    await done((callback) => port.drain(callback));
  }

  async setSignals({ dataTerminalReady, requestToSend }: SerialSignals): Promise<void> {
    const port = this.#opened();
    const { dtr, rts } = this.#signals;
    this.#signals = { dtr: dataTerminalReady ?? dtr, rts: requestToSend ?? rts };
    // All of them in each call: what is left out goes to its default.
    await done((callback) => port.set({ ...this.#signals, brk: false, cts: false, dsr: false }, callback));
  }

  #opened(): SerialPort {
    if (this.#port === undefined) throw new SerialError(`${this.#path} is not open`);
    return this.#port;
  }

  #lose(why: Error): void {
    if (this.#port === undefined) return;
    this.#port = undefined;
    this.onLost(new Error(`${this.#path} is gone: ${why.message}`));
  }

  /** The package tells what the operating system said as text only, and not the same on all systems. */
  #openError(error: Error): SerialError {
    const path = this.#path;
    const text = error.message;
    if (/no such file|file not found|cannot find/i.test(text)) {
      return new SerialError(`there is no port ${path}: plug the board in, and see lintel ports`);
    }
    if (/cannot lock|busy|access denied/i.test(text)) {
      return new SerialError(
        `${path} is busy: another program has it (a monitor, a browser, another lintel); close that`,
      );
    }
    if (/permission denied|not permitted/i.test(text) || !isAllowed(path)) {
      return new SerialError(`${path} may not be opened by this user${howToBeAllowed()}`);
    }
    return new SerialError(`${path} cannot be opened: ${text}`);
  }
}

function isAllowed(path: string): boolean {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function howToBeAllowed(): string {
  if (process.platform !== "linux") return "";
  return ': give yourself the group of the port (sudo usermod -a -G dialout "$USER"; on Arch it is uucp), then log in anew';
}

async function openable(path: string, baudRate: number): Promise<SerialPort> {
  let library: typeof import("serialport");
  try {
    library = await import("serialport");
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new SerialError(`serial ports need the package serialport, which is not there for this system: ${why}`);
  }
  return new library.SerialPort({ path, baudRate, autoOpen: false, hupcl: false });
}

function done(start: (callback: (error?: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    start((error) => (error ? reject(error) : resolve()));
  });
}
