/**
 * The network of one board to the model server, without streams and event loop: a whole update takes milliseconds of real
 * time. What is under way when the board loses its power is lost.
 */

import { ByteQueue } from "../../runtime/board/byte-queue.ts";
import type { Connection, Network } from "../../runtime/board/network.ts";
import type { TimeSource } from "../../runtime/board/time-source.ts";
import { HostError } from "../../runtime/contract/error-codes.ts";
import { NetStatus, TcpStatus } from "../../runtime/contract/host-abi.ts";
import type { ModelServer } from "./model-server.ts";

const JOIN_MS = 300;
/** One way. */
const LATENCY_MS = 10;

export interface ModelNetworkOptions {
  time: TimeSource;
  server: ModelServer;
  /** The status that a join ends with. */
  joinResult: (ssid: string) => NetStatus;
  /** The server's machine answers. */
  isServerUp: () => boolean;
}

export class ModelNetwork implements Network {
  onChange: () => void = () => {};
  readonly #options: ModelNetworkOptions;
  readonly #open = new Set<ModelConnection>();
  #status = NetStatus.Down;
  /** What is under way belongs to one life of the board. */
  #life = 0;

  constructor(options: ModelNetworkOptions) {
    this.#options = options;
  }

  join(ssid: string): void {
    this.#status = NetStatus.Joining;
    this.later(JOIN_MS, () => {
      this.#status = this.#options.joinResult(ssid);
    });
  }

  status(): NetStatus {
    return this.#status;
  }

  rssiDbm(): number {
    return -60;
  }

  leave(): void {
    this.vanish();
  }

  inRange(): [] {
    return [];
  }

  open(): Connection | HostError {
    if (this.#status !== NetStatus.Up) return HostError.NotConnected;
    const connection = new ModelConnection(this, this.#options);
    this.#open.add(connection);
    return connection;
  }

  vanish(): void {
    this.#life++;
    this.#status = NetStatus.Down;
    for (const connection of this.#open) connection.forget();
    this.#open.clear();
  }

  /** Runs after a delay, unless the board was off or reset in between; then the program is woken. */
  later(delayMs: number, fn: () => void): void {
    const life = this.#life;
    this.#options.time.at(delayMs, () => {
      if (life !== this.#life) return;
      fn();
      this.onChange();
    });
  }

  get latencyMs(): number {
    return LATENCY_MS;
  }
}

class ModelConnection implements Connection {
  readonly #network: ModelNetwork;
  readonly #incoming = new ByteQueue();
  #toServer: ((bytes: Uint8Array) => void) | undefined;
  #status: TcpStatus | HostError = TcpStatus.Connecting;

  constructor(network: ModelNetwork, { server, isServerUp }: ModelNetworkOptions) {
    this.#network = network;
    network.later(2 * network.latencyMs, () => {
      if (!isServerUp()) {
        this.#status = HostError.Refused;
        return;
      }
      this.#status = TcpStatus.Open;
      this.#toServer = server.connect(
        (bytes) => network.later(network.latencyMs, () => this.#incoming.push(Buffer.from(bytes))),
        () =>
          network.later(network.latencyMs, () => {
            this.#status = TcpStatus.Closed;
          }),
      );
    });
  }

  status(): TcpStatus | HostError {
    return this.#status;
  }

  write(bytes: Uint8Array): number {
    if (this.#status !== TcpStatus.Open) return HostError.NotConnected;
    const copy = bytes.slice();
    this.#network.later(this.#network.latencyMs, () => this.#toServer?.(copy));
    return bytes.length;
  }

  read(into: Uint8Array): number {
    return this.#incoming.read(into);
  }

  close(): void {
    this.forget();
  }

  forget(): void {
    this.#toServer = undefined;
    this.#status = HostError.NotConnected;
  }
}
