/**
 * Offers a serial cable as a TCP port: with modem lines and speed to clients that speak RFC 2217, as pyserial's
 * rfc2217:// and through it esptool do; as plain bytes at 115,200 baud to all others, as nc. One client at a time has the
 * cable; another one is turned away.
 */
import { createServer, type Server, type Socket } from "node:net";
import type { Cable } from "../../runtime/board/web-serial-port.ts";
import { baudRateBytes, COM_PORT_ANSWER, ComPort, Control, PORT_TAKEN } from "./com-port-option.ts";
import { escapeData, negotiation, subnegotiation, TelnetCommand, TelnetOption, TelnetReader } from "./telnet.ts";

const DEFAULT_BAUD = 115_200;
const BAUD_RATE_BYTES = 4;
const { Do, Dont, Will, Wont } = TelnetCommand;
/** Longer than two commands of a client take, pyserial's pauses included. */
const SETTLE_MS = 250;
/** How long a new client waits for the one before it. */
const HAND_OVER_MS = 1000;
const LOOK_AGAIN_MS = 20;
/** More that a client has not taken, and it is given up. */
const BACKLOG_MAX_BYTES = 1 << 20;
const OPTIONS: readonly number[] = [TelnetOption.Binary, TelnetOption.SuppressGoAhead, TelnetOption.ComPort];

export interface SerialServer {
  port: number;
  close(): Promise<void>;
}

/** Listens on one address only, for whoever connects has the board. Port 0: any that is free. */
export async function serveSerial(cable: Cable, port: number, host = "127.0.0.1"): Promise<SerialServer> {
  let client: Client | undefined;
  const sockets = new Set<Socket>();
  cable.onBytes = (bytes) => client?.deliver(bytes);
  const admit = (socket: Socket, leftMs: number): void => {
    if (socket.destroyed) return;
    if (client === undefined) {
      const own = new Client(socket, cable);
      client = own;
      socket.on("data", (bytes) => own.take(bytes));
      socket.on("close", () => {
        own.end();
        if (client === own) client = undefined;
      });
    } else if (leftMs > 0) setTimeout(() => admit(socket, leftMs - LOOK_AGAIN_MS), LOOK_AGAIN_MS);
    else {
      socket.end(`${PORT_TAKEN}\r\n`);
      socket.resume();
    }
  };
  const server = createServer((socket) => {
    sockets.add(socket);
    // A client that ends badly is as one that ends.
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    socket.setNoDelay(true);
    // One that has just gone may not be known to have: tools close a port and open it again.
    admit(socket, HAND_OVER_MS);
  });
  await listen(server, port, host);
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : port,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

class Client {
  readonly #socket: Socket;
  readonly #cable: Cable;
  readonly #reader: TelnetReader;
  /** What the client asked for, one after the other. */
  #work: Promise<void>;
  #isTelnet = false;
  /** A first byte that says too little. */
  #held: number | undefined;
  /** Options that both sides have agreed to. */
  readonly #agreed = new Set<string>();
  #baudRate = DEFAULT_BAUD;
  readonly #lines = { dataTerminalReady: false, requestToSend: false };
  #settling: NodeJS.Timeout | undefined;

  constructor(socket: Socket, cable: Cable) {
    this.#socket = socket;
    this.#cable = cable;
    this.#work = cable.open(DEFAULT_BAUD);
    this.#reader = new TelnetReader({
      data: (bytes) => this.#then(() => cable.send(bytes)),
      negotiate: (command, option) => this.#negotiate(command, option),
      subnegotiate: (option, bytes) => {
        if (option === TelnetOption.ComPort) this.#then(() => this.#obey(bytes));
      },
    });
  }

  take(bytes: Uint8Array): void {
    const all = this.#held === undefined ? bytes : Uint8Array.of(this.#held, ...bytes);
    this.#held = undefined;
    if (!this.#isTelnet && all.length === 1 && all[0] === TelnetCommand.InterpretAsCommand) {
      this.#held = all[0];
      return;
    }
    // Until a client shows that it speaks Telnet, what it sends is meant as it is.
    this.#isTelnet ||= all[0] === TelnetCommand.InterpretAsCommand && (all[1] ?? 0) >= TelnetCommand.Subnegotiation;
    if (this.#isTelnet) this.#reader.push(all);
    else this.#then(() => this.#cable.send(all));
  }

  deliver(bytes: Uint8Array): void {
    this.#write(this.#isTelnet ? escapeData(bytes) : bytes);
  }

  end(): void {
    clearTimeout(this.#settling);
    this.#socket.destroy();
  }

  #then(step: () => Promise<void>): void {
    this.#work = this.#work.then(step).catch((error: unknown) => {
      this.#socket.destroy(error instanceof Error ? error : undefined);
    });
  }

  #write(bytes: Uint8Array): void {
    if (this.#socket.writableLength > BACKLOG_MAX_BYTES) this.#socket.destroy();
    if (!this.#socket.destroyed) this.#socket.write(bytes);
  }

  /** Each option is answered once, so that no answer answers an answer (RFC 854). */
  #negotiate(command: TelnetCommand, option: number): void {
    const isKnown = OPTIONS.includes(option);
    const isOffer = command === Will || command === Do;
    const key = `${command === Will || command === Wont ? "peer" : "own"} ${option}`;
    if (isOffer === this.#agreed.has(key)) return;
    if (isOffer && isKnown) this.#agreed.add(key);
    else this.#agreed.delete(key);
    const answer = command === Will ? (isKnown ? Do : Dont) : command === Do ? (isKnown ? Will : Wont) : undefined;
    const closing = command === Wont ? Dont : Wont;
    this.#write(negotiation(answer ?? closing, option));
  }

  async #obey([command = 0, ...values]: Uint8Array): Promise<void> {
    let answer = Uint8Array.from(values);
    if (command === ComPort.SetBaudRate) {
      const asked = values.slice(0, BAUD_RATE_BYTES).reduce((sum, byte) => sum * 256 + byte, 0);
      if (asked > 0) {
        this.#baudRate = asked;
        await this.#cable.setBaudRate(asked);
      }
      answer = Uint8Array.from(baudRateBytes(this.#baudRate));
    } else if (command === ComPort.SetControl) await this.#control(values[0] ?? 0);
    else if (command === ComPort.Signature) answer = new TextEncoder().encode("Lintel");
    const reply = Uint8Array.of(command + COM_PORT_ANSWER, ...answer);
    if (command <= ComPort.PurgeData) this.#write(subnegotiation(TelnetOption.ComPort, reply));
  }

  /**
   * A client changes one line at a time and waits for each answer. On its way from "held in reset" to "GPIO0 low" a board would
   * already start: both lines asserted, which mean nothing to it, are kept back for a moment.
   */
  async #control(value: number): Promise<void> {
    const lines = this.#lines;
    if (value === Control.DtrOn || value === Control.DtrOff) lines.dataTerminalReady = value === Control.DtrOn;
    else if (value === Control.RtsOn || value === Control.RtsOff) lines.requestToSend = value === Control.RtsOn;
    else return;
    clearTimeout(this.#settling);
    this.#settling = undefined;
    const isMeaningless = lines.dataTerminalReady && lines.requestToSend;
    if (!isMeaningless) await this.#cable.setSignals({ ...lines });
    else this.#settling = setTimeout(() => this.#then(() => this.#cable.setSignals({ ...lines })), SETTLE_MS);
  }
}
