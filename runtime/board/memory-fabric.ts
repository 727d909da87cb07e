/** What the parts of the memory network know of each other. */
import type { Duplex } from "node:stream";
import type { NetStatus } from "../contract/host-abi.ts";
import type { Direction, LinkSpeed } from "./memory-link.ts";
import type { TimeSource } from "./time-source.ts";

/**
 * `reset`: the Wi-Fi is gone: status Down, connections end on both sides at once, joined stations join again afterwards.
 * `silent`: a black hole behind the access point: status stays Up, everything sent is held and arrives after `restore`,
 * as TCP's repetitions would make it.
 */
export type CutMode = "reset" | "silent";

/** A Wi-Fi network in range. */
export interface AccessPoint {
  ssid: string;
  /** Empty: it is open. */
  passphrase: string;
  /** Signal strength at every station, dBm; absent: what the station says. */
  rssiDbm?: number;
}

/** Takes a connection: what `net.createServer` is given, too. */
export type Accept = (stream: Duplex) => void;

export interface NetworkCounts {
  bytesToPeers: number;
  bytesToBoards: number;
  connections: number;
}

/** The network as its stations and connections see it. */
export interface MemoryFabric {
  readonly time: TimeSource;
  readonly latencyMs: number;
  readonly joinMs: number;
  readonly segmentMaxBytes: number | undefined;
  readonly bytesPerS: LinkSpeed;
  readonly accessPoints: readonly AccessPoint[] | undefined;
  readonly counts: NetworkCounts;
  findHost(host: string): ReadonlyMap<number, Accept> | undefined;
  /** A peer was given something: virtual time waits for what it does with it. */
  peerTouched(): void;
  /** A peer has read, written or ended. */
  peerActed(): void;
}

/** A station as its connections see it; `T` is the connection. */
export interface Uplink<T> {
  status(): NetStatus;
  /** Something travels between this station and a peer; `delayMs` on top of the latency and of the line's own time. */
  carry(direction: Direction, sizeBytes: number, delayMs: number, arrive: () => void): void;
  /** The connection is over on both sides. */
  forget(connection: T): void;
  onChange: () => void;
}
