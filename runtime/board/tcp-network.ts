/**
 * The network of a board over real TCP sockets. Both directions are bounded: a socket is paused while the program has not
 * read what came, and a write takes no more than the send buffer has room for.
 */
import { connect, type Socket } from "node:net";
import { HostError } from "../contract/error-codes.ts";
import { NetStatus, TcpFlag, TcpStatus } from "../contract/host-abi.ts";
import { ByteQueue } from "./byte-queue.ts";
import { type Connection, type Network, RECEIVE_BUFFER_BYTES, SEND_BUFFER_BYTES, type WifiNetwork } from "./network.ts";
import type { Cancel, TimeSource } from "./time-source.ts";

/** One read from the operating system takes at most this much: one Ethernet segment. */
const READ_BYTES = 1460;
/** A peer that does not end its side is given up this long after the program has closed. */
const LINGER_MS = 5000;

export interface TcpNetworkOptions {
  time: TimeSource;
  /** From status Joining to Up, milliseconds. */
  joinMs?: number;
  /** Signal strength while joined, dBm. */
  rssiDbm?: number;
  /** The only Wi-Fi network in range. Absent: every network exists and takes any passphrase, and a scan finds none. */
  accessPoint?: { ssid: string; passphrase: string };
}

export class TcpNetwork implements Network {
  onChange: () => void = () => {};
  readonly #time: TimeSource;
  readonly #joinMs: number;
  readonly #rssiDbm: number;
  readonly #accessPoint: TcpNetworkOptions["accessPoint"];
  readonly #connections = new Set<TcpConnection>();
  #status = NetStatus.Down;
  #isJoined = false;
  #joinResult = NetStatus.Up;
  #isCut = false;
  #joining: Cancel | undefined;

  constructor(options: TcpNetworkOptions) {
    this.#time = options.time;
    this.#joinMs = options.joinMs ?? 0;
    this.#rssiDbm = options.rssiDbm ?? -60;
    this.#accessPoint = options.accessPoint;
  }

  join(ssid: string, passphrase: string): void {
    this.#isJoined = true;
    this.#joinResult = this.#resultOf(ssid, passphrase);
    this.#breakAll();
    if (!this.#isCut) this.#startJoining();
  }

  status(): NetStatus {
    return this.#status;
  }

  rssiDbm(): number {
    return this.#status === NetStatus.Up ? this.#rssiDbm : 0;
  }

  inRange(): WifiNetwork[] {
    if (this.#accessPoint === undefined || this.#isCut) return [];
    const { ssid, passphrase } = this.#accessPoint;
    return [{ ssid, rssiDbm: this.#rssiDbm, isOpen: passphrase === "" }];
  }

  open(host: string, port: number, flags: number): Connection | HostError {
    if ((flags & TcpFlag.Tls) !== 0) return HostError.Unsupported;
    if (this.#status !== NetStatus.Up) return HostError.NotConnected;
    const connection = new TcpConnection(
      host,
      port,
      () => this.onChange(),
      () => this.#connections.delete(connection),
    );
    this.#connections.add(connection);
    return connection;
  }

  leave(): void {
    this.#isJoined = false;
    this.#goDown();
  }

  vanish(): void {
    this.leave();
  }

  /** The Wi-Fi is gone: sockets are destroyed, new ones refused, until `restore`. */
  cut(): void {
    this.#isCut = true;
    this.#goDown();
  }

  restore(): void {
    if (!this.#isCut) return;
    this.#isCut = false;
    if (this.#isJoined) this.#startJoining();
  }

  #startJoining(): void {
    this.#joining?.();
    this.#setStatus(NetStatus.Joining);
    this.#joining = this.#time.at(this.#joinMs, () => this.#setStatus(this.#joinResult));
  }

  #resultOf(ssid: string, passphrase: string): NetStatus {
    const point = this.#accessPoint;
    if (point === undefined) return NetStatus.Up;
    if (point.ssid !== ssid) return NetStatus.NotFound;
    return point.passphrase === passphrase ? NetStatus.Up : NetStatus.Denied;
  }

  #goDown(): void {
    this.#joining?.();
    this.#breakAll();
    this.#setStatus(NetStatus.Down);
  }

  #breakAll(): void {
    for (const connection of this.#connections) connection.break();
  }

  #setStatus(status: NetStatus): void {
    if (this.#status === status) return;
    this.#status = status;
    this.onChange();
  }
}

class TcpConnection implements Connection {
  readonly #socket: Socket;
  readonly #wake: () => void;
  readonly #received = new ByteQueue();
  #status: TcpStatus | HostError = TcpStatus.Connecting;
  /** Written, and not yet with the operating system. */
  #underWayBytes = 0;
  #isReleased = false;

  constructor(host: string, port: number, wake: () => void, onGone: () => void) {
    this.#wake = wake;
    this.#socket = connect({
      host,
      port,
      noDelay: true,
      allowHalfOpen: true,
      onread: {
        buffer: new Uint8Array(READ_BYTES),
        callback: (sizeBytes, buffer) => {
          if (this.#isReleased) return true;
          this.#received.push(new Uint8Array(buffer.subarray(0, sizeBytes)));
          wake();
          return this.#received.size < RECEIVE_BUFFER_BYTES;
        },
      },
    });
    this.#socket.on("connect", () => this.#become(TcpStatus.Open));
    this.#socket.on("end", () => this.#become(TcpStatus.Closed));
    this.#socket.on("error", (error: NodeJS.ErrnoException) => this.#become(hostErrorOf(error)));
    this.#socket.on("close", () => {
      if (this.#status !== TcpStatus.Closed) this.#become(HostError.Broken);
      onGone();
    });
  }

  status(): TcpStatus | HostError {
    return this.#status;
  }

  write(bytes: Uint8Array): number {
    if (this.#status < 0) return this.#status;
    if (this.#status !== TcpStatus.Open) return HostError.NotConnected;
    const roomBytes = Math.max(0, SEND_BUFFER_BYTES - this.#underWayBytes);
    const taken = bytes.slice(0, roomBytes);
    if (taken.length === 0) return 0;
    const fills = taken.length === roomBytes;
    this.#underWayBytes += taken.length;
    // Never within the same call into the program, as on the chip, whose network has its turn between two of them.
    this.#socket.write(taken, () => {
      this.#underWayBytes -= taken.length;
      if (fills) this.#wake();
    });
    return taken.length;
  }

  read(into: Uint8Array): number {
    const size = this.#received.read(into);
    if (size > 0 && this.#received.size < RECEIVE_BUFFER_BYTES) this.#socket.resume();
    if (size === 0 && this.#status < 0) return this.#status;
    return size;
  }

  close(): void {
    this.#isReleased = true;
    if (this.#status === TcpStatus.Connecting) {
      this.#socket.destroy();
      return;
    }
    this.#received.clear();
    this.#socket.end();
    this.#socket.resume();
    const linger = setTimeout(() => this.#socket.destroy(), LINGER_MS);
    this.#socket.once("close", () => clearTimeout(linger));
  }

  break(): void {
    this.#become(HostError.Broken);
    this.#socket.destroy();
  }

  /** The first error stays; nothing follows it. */
  #become(status: TcpStatus | HostError): void {
    if (this.#status < 0 || this.#status === status) return;
    this.#status = status;
    if (status < 0) this.#received.clear();
    if (!this.#isReleased) this.#wake();
  }
}

function hostErrorOf(error: NodeJS.ErrnoException): HostError {
  switch (error.code) {
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return HostError.HostNotFound;
    case "ECONNREFUSED":
      return HostError.Refused;
    default:
      return HostError.Broken;
  }
}
