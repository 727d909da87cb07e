/** A serial port of another machine, or of `lintel sim --serial`, over TCP with RFC 2217: with speed and modem lines. */
import { connect, type Socket } from "node:net";
import type { Cable, SerialSignals } from "../../runtime/board/web-serial-port.ts";
import { baudRateBytes, COM_PORT_ANSWER, ComPort, Control, PORT_TAKEN } from "./com-port-option.ts";
import { SerialError } from "./serial-error.ts";
import { escapeData, negotiation, subnegotiation, TelnetCommand, TelnetOption, TelnetReader } from "./telnet.ts";

const CONNECT_MS = 5000;
/** Longer than a server lets a client wait for the one before it. */
const ANSWER_MS = 3000;
const SAID_MAX_CHARACTERS = 100;
const { Do, Will } = TelnetCommand;

export class Rfc2217Cable implements Cable {
  onBytes: (bytes: Uint8Array) => void = () => {};
  onLost: (why: Error) => void = () => {};
  readonly #host: string;
  readonly #port: number;
  #socket: Socket | undefined;
  #isOpen = false;
  #said = "";
  /** Called with the number of each command that the server has answered. */
  #answered: (command: number) => void = () => {};
  /** Called when no answer will come any more. */
  #giveUp: () => void = () => {};

  constructor(host: string, port: number) {
    this.#host = host;
    this.#port = port;
  }

  async open(baudRate: number): Promise<void> {
    this.#said = "";
    const socket = await this.#connect();
    this.#socket = socket;
    const reader = new TelnetReader({
      data: (bytes) => this.#take(bytes),
      negotiate: (command, option) => this.#negotiate(command, option),
      subnegotiate: (option, [command = 0]) => {
        if (option === TelnetOption.ComPort) this.#answered(command - COM_PORT_ANSWER);
      },
    });
    socket.setNoDelay(true);
    socket.on("data", (bytes) => reader.push(bytes));
    socket.on("close", () => {
      this.#giveUp();
      if (this.#socket !== socket) return;
      this.#socket = undefined;
      // Who has never answered is no serial port that could be lost.
      if (this.#isOpen) this.onLost(new Error(`${this.#host}:${this.#port} has closed the connection`));
    });
    for (const option of [TelnetOption.Binary, TelnetOption.SuppressGoAhead]) {
      socket.write(negotiation(Will, option));
      socket.write(negotiation(Do, option));
    }
    socket.write(negotiation(Will, TelnetOption.ComPort));
    try {
      await this.setBaudRate(baudRate);
    } catch (error) {
      await this.close();
      throw error;
    }
    this.#isOpen = true;
  }

  /** Text that comes before any answer tells why there will be none. */
  #take(bytes: Uint8Array): void {
    if (this.#isOpen) this.onBytes(bytes);
    else this.#said = (this.#said + Buffer.from(bytes).toString("latin1")).slice(0, SAID_MAX_CHARACTERS);
  }

  async close(): Promise<void> {
    const socket = this.#socket;
    this.#socket = undefined;
    this.#isOpen = false;
    if (socket === undefined) return;
    await new Promise<void>((resolve) => {
      socket.once("close", () => resolve());
      socket.destroy();
    });
  }

  setBaudRate(baudRate: number): Promise<void> {
    return this.#command(ComPort.SetBaudRate, baudRateBytes(baudRate));
  }

  async send(bytes: Uint8Array): Promise<void> {
    await this.#write(escapeData(bytes));
  }

  /** Both in the order that resets no board on the way: what is let go comes first. */
  async setSignals({ dataTerminalReady, requestToSend }: SerialSignals): Promise<void> {
    if (dataTerminalReady !== undefined) {
      await this.#command(ComPort.SetControl, Uint8Array.of(dataTerminalReady ? Control.DtrOn : Control.DtrOff));
    }
    if (requestToSend !== undefined) {
      await this.#command(ComPort.SetControl, Uint8Array.of(requestToSend ? Control.RtsOn : Control.RtsOff));
    }
  }

  /** Sends a command and waits until the server has done it. */
  async #command(command: ComPort, value: Uint8Array): Promise<void> {
    const isDone = new Promise<boolean>((resolve) => {
      const timer = setTimeout(() => resolve(false), ANSWER_MS);
      this.#giveUp = () => resolve(false);
      this.#answered = (answered) => {
        if (answered !== command) return;
        clearTimeout(timer);
        resolve(true);
      };
    });
    const isSent = await this.#write(subnegotiation(TelnetOption.ComPort, Uint8Array.of(command, ...value))).then(
      () => true,
      () => false,
    );
    if (isSent && (await isDone)) return;
    if (!this.#isOpen && this.#said.startsWith(PORT_TAKEN)) {
      throw new SerialError(
        `${this.#host}:${this.#port} is busy: ${PORT_TAKEN} (a monitor, a browser, another lintel)`,
      );
    }
    throw new SerialError(
      `${this.#host}:${this.#port} does not answer as a serial port (RFC 2217): is it the right port?`,
    );
  }

  #write(bytes: Uint8Array): Promise<void> {
    const socket = this.#socket;
    if (socket === undefined) return Promise.reject(new SerialError(`${this.#host}:${this.#port} is not connected`));
    return new Promise((resolve, reject) => {
      socket.write(bytes, (error) => (error ? reject(error) : resolve()));
    });
  }

  /** What the server may do was asked for; what else it offers is not needed. */
  #negotiate(command: TelnetCommand, option: number): void {
    const isWanted = option === TelnetOption.Binary || option === TelnetOption.SuppressGoAhead;
    if (command === Do && option !== TelnetOption.ComPort && !isWanted) {
      this.#socket?.write(negotiation(TelnetCommand.Wont, option));
    } else if (command === Will && !isWanted) this.#socket?.write(negotiation(TelnetCommand.Dont, option));
  }

  #connect(): Promise<Socket> {
    const where = `${this.#host}:${this.#port}`;
    return new Promise((resolve, reject) => {
      const socket = connect({ host: this.#host, port: this.#port });
      const fail = (why: string) => {
        socket.destroy();
        reject(new SerialError(`no serial port at ${where}: ${why}`));
      };
      const timer = setTimeout(() => fail(`no answer within ${CONNECT_MS / 1000} s`), CONNECT_MS);
      socket.once("connect", () => {
        clearTimeout(timer);
        resolve(socket);
      });
      socket.on("error", (error) => {
        clearTimeout(timer);
        fail(error.message);
      });
    });
  }
}
