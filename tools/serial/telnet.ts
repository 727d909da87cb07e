/**
 * The Telnet protocol as far as serial ports over TCP use it (RFC 854, RFC 855; options RFC 856 binary, RFC 858 suppress go
 * ahead, RFC 2217 serial port): takes a stream apart into data, negotiation and subnegotiation, and builds them.
 */

export enum TelnetCommand {
  SubnegotiationEnd = 240,
  Subnegotiation = 250,
  Will = 251,
  Wont = 252,
  Do = 253,
  Dont = 254,
  InterpretAsCommand = 255,
}

export enum TelnetOption {
  Binary = 0,
  SuppressGoAhead = 3,
  ComPort = 44,
}

const { InterpretAsCommand, Subnegotiation, SubnegotiationEnd, Will, Dont } = TelnetCommand;

/** A subnegotiation of RFC 2217 has a line of text at most; a longer one is cut. */
const SUBNEGOTIATION_MAX_BYTES = 256;

export interface TelnetListener {
  data: (bytes: Uint8Array) => void;
  /** WILL, WONT, DO or DONT of an option. */
  negotiate: (command: TelnetCommand, option: number) => void;
  subnegotiate: (option: number, bytes: Uint8Array) => void;
}

enum State {
  Data,
  Command,
  Option,
  Subnegotiation,
  SubnegotiationCommand,
}

export class TelnetReader {
  readonly #listener: TelnetListener;
  #state = State.Data;
  #command = 0;
  #parameters: number[] = [];

  constructor(listener: TelnetListener) {
    this.#listener = listener;
  }

  push(bytes: Uint8Array): void {
    const data: number[] = [];
    const flush = () => {
      if (data.length > 0) this.#listener.data(Uint8Array.from(data.splice(0)));
    };
    for (const byte of bytes) {
      switch (this.#state) {
        case State.Data:
          if (byte === InterpretAsCommand) this.#state = State.Command;
          else data.push(byte);
          break;
        case State.Command:
          if (byte === InterpretAsCommand) {
            data.push(byte);
            this.#state = State.Data;
          } else if (byte === Subnegotiation) {
            this.#parameters = [];
            this.#state = State.Subnegotiation;
          } else {
            this.#command = byte;
            // Commands without an option, as NOP, mean nothing to a serial port.
            this.#state = byte >= Will && byte <= Dont ? State.Option : State.Data;
          }
          break;
        case State.Option:
          flush();
          this.#state = State.Data;
          this.#listener.negotiate(this.#command, byte);
          break;
        case State.Subnegotiation:
          if (byte === InterpretAsCommand) this.#state = State.SubnegotiationCommand;
          else this.#keep(byte);
          break;
        case State.SubnegotiationCommand:
          if (byte !== SubnegotiationEnd) {
            this.#keep(byte);
            this.#state = State.Subnegotiation;
            break;
          }
          flush();
          this.#state = State.Data;
          if (this.#parameters.length > 0) {
            const [option = 0, ...parameters] = this.#parameters;
            this.#listener.subnegotiate(option, Uint8Array.from(parameters));
          }
          break;
      }
    }
    flush();
  }

  #keep(byte: number): void {
    if (this.#parameters.length < SUBNEGOTIATION_MAX_BYTES) this.#parameters.push(byte);
  }
}

/** Data as it is sent: each byte 255 twice. */
export function escapeData(bytes: Uint8Array): Uint8Array {
  if (!bytes.includes(InterpretAsCommand)) return bytes;
  return Uint8Array.from([...bytes].flatMap((byte) => (byte === InterpretAsCommand ? [byte, byte] : [byte])));
}

export function negotiation(command: TelnetCommand, option: TelnetOption): Uint8Array {
  return Uint8Array.of(InterpretAsCommand, command, option);
}

export function subnegotiation(option: TelnetOption, bytes: Uint8Array): Uint8Array {
  return Uint8Array.of(
    InterpretAsCommand,
    Subnegotiation,
    option,
    ...escapeData(bytes),
    InterpretAsCommand,
    SubnegotiationEnd,
  );
}
