/** The handles of a program's TCP connections: small numbers, the lowest free one is given out. */
import { HostError } from "../contract/error-codes.ts";
import { TCP_MAX_HANDLES } from "../contract/limits.ts";
import type { Connection, Network } from "./network.ts";

export class Sockets {
  readonly #network: Network;
  readonly #open = new Array<Connection | undefined>(TCP_MAX_HANDLES).fill(undefined);

  constructor(network: Network) {
    this.#network = network;
  }

  /** Returns a handle or a HostError. */
  open(host: string, port: number, flags: number): number {
    const handle = this.#open.indexOf(undefined);
    if (handle < 0) return HostError.NoHandle;
    const connection = this.#network.open(host, port, flags);
    if (typeof connection === "number") return connection;
    this.#open[handle] = connection;
    return handle;
  }

  get(handle: number): Connection | undefined {
    return this.#open[handle];
  }

  close(handle: number): number {
    const connection = this.#open[handle];
    if (connection === undefined) return HostError.NotConnected;
    this.#open[handle] = undefined;
    connection.close();
    return 0;
  }

  /** The chip was reset; the network has dropped the connections already. */
  reset(): void {
    this.#open.fill(undefined);
  }
}
