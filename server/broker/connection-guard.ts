/**
 * Connections before anybody looks at what they say: how many there are, from one address and in all; how fast each may talk; how
 * long a packet may be. Connections without an address are of this process and may do as they like.
 */
import type { Duplex } from "node:stream";
import type { Client } from "aedes";
import { MQTT_PACKET_MAX_BYTES } from "../limits.ts";
import type { Refusals } from "./refusals.ts";
import { type ClientRates, Throttle } from "./throttle.ts";

export interface ConnectionLimits {
  connections: number;
  connectionsOfAddress: number;
  rates: ClientRates;
  /** A client that is slowed for so long is dropped, milliseconds. */
  floodMs: number;
}

export class ConnectionGuard {
  readonly #limits: ConnectionLimits;
  readonly #refusals: Refusals;
  readonly #elapsedMs: () => number;
  readonly #onOversized: () => void;
  readonly #ofAddress = new Map<string, number>();
  #count = 0;

  constructor(limits: ConnectionLimits, refusals: Refusals, elapsedMs: () => number, onOversized: () => void) {
    this.#limits = limits;
    this.#refusals = refusals;
    this.#elapsedMs = elapsedMs;
    this.#onOversized = onOversized;
  }

  /** False: one too many, and closed. */
  admit(stream: Duplex, address: string): boolean {
    const count = this.#ofAddress.get(address) ?? 0;
    const reason =
      this.#count >= this.#limits.connections
        ? "connections"
        : count >= this.#limits.connectionsOfAddress
          ? "connectionsOfAddress"
          : undefined;
    if (reason !== undefined) {
      this.#refusals.note(reason, address);
      stream.on("error", () => {});
      stream.destroy();
      return false;
    }
    this.#count++;
    this.#ofAddress.set(address, count + 1);
    stream.once("close", () => {
      this.#count--;
      const left = (this.#ofAddress.get(address) ?? 1) - 1;
      if (left === 0) this.#ofAddress.delete(address);
      else this.#ofAddress.set(address, left);
    });
    return true;
  }

  /** Call once Aedes reads the stream. */
  watch(client: Client, stream: Duplex, address: string | undefined): void {
    // Aedes listens first, so the parser has seen what has arrived. Its size limit is the protocol's, 256 MiB.
    stream.on("readable", () => {
      if (announcedBytes(client) <= MQTT_PACKET_MAX_BYTES) return;
      this.#onOversized();
      this.#refusals.note("packetTooLong", nameOf(client, address));
      stream.destroy();
    });
    if (address !== undefined) this.#slow(client, stream, address);
  }

  /** Reads nothing while the client is above its rate: Aedes asks again when the stream says that there is something. */
  #slow(client: Client, stream: Duplex, address: string): void {
    const throttle = new Throttle(this.#limits.rates, this.#elapsedMs);
    const read = stream.read.bind(stream);
    let release: NodeJS.Timeout | undefined;
    parserOf(client)?.on("packet", () => throttle.take(1, 0));
    stream.once("close", () => clearTimeout(release));
    stream.read = (sizeBytes?: number) => {
      const waitMs = throttle.waitMs();
      if (waitMs === 0) {
        const chunk = read(sizeBytes) as Buffer | null;
        if (chunk !== null) throttle.take(0, chunk.length);
        return chunk;
      }
      if (throttle.aboveMs >= this.#limits.floodMs) {
        // Aedes may ask once more before the stream is closed.
        if (!stream.destroyed) this.#refusals.note("flood", nameOf(client, address));
        stream.destroy();
      } else if (release === undefined) {
        this.#refusals.note("slowed", nameOf(client, address));
        release = setTimeout(() => {
          release = undefined;
          stream.emit("readable");
        }, waitMs);
      }
      return null;
    };
  }
}

function nameOf(client: Client, address: string | undefined): string {
  return client.id ?? address ?? "this process";
}

interface Parser {
  packet?: { length?: number };
  on(event: "packet", listener: () => void): void;
}

function parserOf(client: Client): Parser | undefined {
  return (client as unknown as { _parser?: Parser })._parser;
}

/** Length of the packet that Aedes' parser is collecting, bytes, -1 when it has none. */
function announcedBytes(client: Client): number {
  return parserOf(client)?.packet?.length ?? -1;
}
