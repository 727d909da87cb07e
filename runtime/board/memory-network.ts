/**
 * A network inside the process, under any time source: stations (one a board) reach listeners (the accept functions of
 * peers, such as a broker's stream handler) with a latency, in segments, and can be cut. Each board's part is in
 * memory-station.ts, each connection in memory-connection.ts.
 *
 * Peers are plain Node streams and work in the real event loop. Whenever one of them was given something, the network
 * holds virtual time until they have come to rest: a few turns of the event loop in which no peer touched its stream,
 * then whatever `idle` waits for (a worker thread behind the broker), and again.
 */

import { setImmediate as nextTurn } from "node:timers/promises";
import type { Accept, AccessPoint, CutMode, MemoryFabric, NetworkCounts } from "./memory-fabric.ts";
import type { LinkSpeed } from "./memory-link.ts";
import { MemoryStation, type StationOptions } from "./memory-station.ts";
import type { RandomSource } from "./random.ts";
import type { TimeSource } from "./time-source.ts";

/** Turns of the event loop without activity after which a peer counts as being at rest. */
const QUIET_TURNS = 6;
/** A peer that is never at rest is an error, after this many turns. */
const SETTLE_MAX_TURNS = 100_000;

export interface MemoryNetworkOptions {
  time: TimeSource;
  random: RandomSource;
  /** One way, milliseconds. */
  latencyMs?: number;
  /** From status Joining to Up, milliseconds. */
  joinMs?: number;
  /** Splits what is sent into segments of 1 to this many bytes, 1 ms apart. Absent: segments as they were written. */
  segmentMaxBytes?: number;
  /** Of the line of each station that does not say otherwise. Absent: unlimited. */
  bytesPerS?: LinkSpeed;
  /** The Wi-Fi networks in range. Absent: every network exists and takes any passphrase, and a scan finds none of them. */
  accessPoints?: readonly AccessPoint[];
  /** Resolves when nothing that a peer has started is unfinished beyond the event loop, as in a worker thread. */
  idle?: () => Promise<void>;
}

export class MemoryNetwork implements MemoryFabric {
  readonly time: TimeSource;
  readonly latencyMs: number;
  readonly joinMs: number;
  readonly segmentMaxBytes: number | undefined;
  readonly bytesPerS: LinkSpeed;
  readonly accessPoints: readonly AccessPoint[] | undefined;
  readonly counts: NetworkCounts = { bytesToPeers: 0, bytesToBoards: 0, connections: 0 };
  readonly #random: RandomSource;
  readonly #idle: (() => Promise<void>) | undefined;
  readonly #listeners = new Map<string, Map<number, Accept>>();
  readonly #stations: MemoryStation[] = [];
  #cut: CutMode | undefined;
  #activity = 0;

  constructor(options: MemoryNetworkOptions) {
    this.time = options.time;
    this.latencyMs = options.latencyMs ?? 20;
    this.joinMs = options.joinMs ?? 500;
    this.segmentMaxBytes = options.segmentMaxBytes;
    this.bytesPerS = options.bytesPerS ?? {};
    this.accessPoints = options.accessPoints;
    this.#random = options.random;
    this.#idle = options.idle;
  }

  /** Accepts connections to a name and port; returns what ends it. Connections that are open stay open. */
  listen(host: string, port: number, accept: Accept): () => void {
    const ports = this.#listeners.get(host) ?? new Map<number, Accept>();
    if (ports.has(port)) throw new Error(`Port ${port} of ${host} is in use on this network.`);
    this.#listeners.set(host, ports);
    ports.set(port, accept);
    return () => ports.delete(port);
  }

  /** The network of one board. */
  station(options: StationOptions = {}): MemoryStation {
    const station = new MemoryStation(this, this.#random.fork(this.#stations.length), options);
    this.#stations.push(station);
    if (this.#cut !== undefined) station.cut(this.#cut);
    return station;
  }

  /** Cuts every station. */
  cut(mode: CutMode): void {
    this.#cut = mode;
    for (const station of this.#stations) station.cut(mode);
  }

  restore(): void {
    this.#cut = undefined;
    for (const station of this.#stations) station.restore();
  }

  /** Resolves when nothing is in flight in the peers' streams. */
  readonly settled = async (): Promise<void> => {
    await this.#quietTurns();
    if (this.#idle === undefined) return;
    for (let round = 0; round < SETTLE_MAX_TURNS; round++) {
      const before = this.#activity;
      await this.#idle();
      await this.#quietTurns();
      if (this.#activity === before) return;
    }
    throw new Error("The peers of the memory network never come to rest.");
  };

  // For stations and connections.

  findHost(host: string): ReadonlyMap<number, Accept> | undefined {
    return this.#listeners.get(host);
  }

  peerTouched(): void {
    this.#activity++;
    this.time.holdUntil(this.settled);
  }

  peerActed(): void {
    this.#activity++;
  }

  async #quietTurns(): Promise<void> {
    let before = this.#activity;
    let quiet = 0;
    for (let turn = 0; turn < SETTLE_MAX_TURNS; turn++) {
      await nextTurn();
      quiet = this.#activity === before ? quiet + 1 : 0;
      if (quiet === QUIET_TURNS) return;
      before = this.#activity;
    }
    throw new Error("The peers of the memory network never come to rest.");
  }
}
