/** One board's part of the memory network: its Wi-Fi, its connections, and the cut between it and everybody else. */
import { HostError } from "../contract/error-codes.ts";
import { NetStatus, TcpFlag } from "../contract/host-abi.ts";
import { MemoryConnection } from "./memory-connection.ts";
import type { AccessPoint, CutMode, MemoryFabric, Uplink } from "./memory-fabric.ts";
import { type Direction, type LinkSpeed, linksOf, type MemoryLink } from "./memory-link.ts";
import type { Connection, Network, WifiNetwork } from "./network.ts";
import type { RandomSource } from "./random.ts";
import type { Cancel } from "./time-source.ts";

export interface StationOptions {
  /** Signal strength of the networks that do not say their own, dBm. */
  rssiDbm?: number;
  bytesPerS?: LinkSpeed;
}

export class MemoryStation implements Network, Uplink<MemoryConnection> {
  onChange: () => void = () => {};
  readonly #network: MemoryFabric;
  readonly #random: RandomSource;
  readonly #rssiDbm: number;
  readonly #links: Record<Direction, MemoryLink>;
  readonly #connections = new Set<MemoryConnection>();
  #opened = 0;
  #status = NetStatus.Down;
  #joined: { ssid: string; passphrase: string } | undefined;
  #joining: Cancel | undefined;
  #cut: CutMode | undefined;
  /** What would have arrived during a silent cut, in order. */
  #held: (() => void)[] = [];

  constructor(network: MemoryFabric, random: RandomSource, options: StationOptions) {
    this.#network = network;
    this.#random = random;
    this.#rssiDbm = options.rssiDbm ?? -60;
    this.#links = linksOf(options.bytesPerS ?? network.bytesPerS);
  }

  join(ssid: string, passphrase: string): void {
    this.leave();
    this.#joined = { ssid, passphrase };
    if (this.#cut !== "reset") this.#startJoining();
  }

  leave(): void {
    this.#joined = undefined;
    this.#joining?.();
    this.#setStatus(NetStatus.Down);
    for (const connection of [...this.#connections]) connection.break();
  }

  status(): NetStatus {
    return this.#status;
  }

  rssiDbm(): number {
    return this.#status === NetStatus.Up ? (this.#accessPoint()?.rssiDbm ?? this.#rssiDbm) : 0;
  }

  inRange(): WifiNetwork[] {
    if (this.#cut === "reset") return [];
    return (this.#network.accessPoints ?? []).map(({ ssid, passphrase, rssiDbm = this.#rssiDbm }) => ({
      ssid,
      rssiDbm,
      isOpen: passphrase === "",
    }));
  }

  open(host: string, port: number, flags: number): Connection | HostError {
    if ((flags & TcpFlag.Tls) !== 0) return HostError.Unsupported;
    if (this.#status !== NetStatus.Up) return HostError.NotConnected;
    const connection = new MemoryConnection(this.#network, this, this.#random.fork(this.#opened++));
    this.#connections.add(connection);
    connection.connect(host, port);
    return connection;
  }

  vanish(): void {
    for (const connection of this.#connections) connection.vanish();
    this.#joined = undefined;
    this.#joining?.();
    this.#status = NetStatus.Down;
  }

  /** Cuts this station alone. */
  cut(mode: CutMode): void {
    if (this.#cut === mode) return;
    this.restore();
    this.#cut = mode;
    if (mode === "silent") return;
    this.#joining?.();
    this.#setStatus(NetStatus.Down);
    for (const connection of [...this.#connections]) connection.break();
  }

  restore(): void {
    const ended = this.#cut;
    this.#cut = undefined;
    if (ended === "reset" && this.#joined !== undefined) this.#startJoining();
    const held = this.#held;
    this.#held = [];
    // At once: what was sent later is due later, so the order stays.
    for (const arrive of held) arrive();
  }

  carry(direction: Direction, sizeBytes: number, delayMs: number, arrive: () => void): void {
    const nowMs = this.#network.time.nowMs();
    const goneMs = this.#links[direction].goneAtMs(nowMs + delayMs, sizeBytes) - nowMs;
    this.#network.time.at(goneMs + this.#network.latencyMs, () => {
      if (this.#cut === "silent") this.#held.push(arrive);
      else arrive();
    });
  }

  forget(connection: MemoryConnection): void {
    this.#connections.delete(connection);
  }

  #startJoining(): void {
    this.#setStatus(NetStatus.Joining);
    this.#joining = this.#network.time.at(this.#network.joinMs, () => this.#setStatus(this.#joinResult()));
  }

  #joinResult(): NetStatus {
    if (this.#network.accessPoints === undefined || this.#joined === undefined) return NetStatus.Up;
    const found = this.#accessPoint();
    if (found === undefined) return NetStatus.NotFound;
    return found.passphrase === this.#joined.passphrase ? NetStatus.Up : NetStatus.Denied;
  }

  /** The one that is joined, or about to be. */
  #accessPoint(): AccessPoint | undefined {
    return this.#network.accessPoints?.find(({ ssid }) => ssid === this.#joined?.ssid);
  }

  #setStatus(status: NetStatus): void {
    if (this.#status === status) return;
    this.#status = status;
    this.onChange();
  }
}
