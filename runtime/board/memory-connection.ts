/**
 * A TCP connection of the memory network: the program's end, and what travels between it and the stream that the peer
 * holds (memory-peer-stream.ts). What one end does arrives at the other after the latency, in order. Both directions are bounded: the program's by its send buffer (bytes
 * that the peer's stream was not yet given), the peer's by the receive window (bytes in flight or not yet read).
 */
import { HostError } from "../contract/error-codes.ts";
import { NetStatus, TcpStatus } from "../contract/host-abi.ts";
import { ByteQueue } from "./byte-queue.ts";
import type { MemoryFabric, Uplink } from "./memory-fabric.ts";
import type { Direction } from "./memory-link.ts";
import { type PeerEnd, PeerStream } from "./memory-peer-stream.ts";
import { type Connection, RECEIVE_BUFFER_BYTES, SEND_BUFFER_BYTES } from "./network.ts";
import type { RandomSource } from "./random.ts";

/** One direction. What arrives is always the oldest of what was sent, whatever order the timers of real time fire in. */
class Lane {
  readonly #network: MemoryFabric;
  readonly #station: Uplink<MemoryConnection>;
  readonly #direction: Direction;
  readonly #underway: (() => void)[] = [];
  #lastDueMs = 0;

  constructor(network: MemoryFabric, station: Uplink<MemoryConnection>, direction: Direction) {
    this.#network = network;
    this.#station = station;
    this.#direction = direction;
  }

  send(arrive: () => void, sizeBytes = 0, gapMs = 0): void {
    const nowMs = this.#network.time.nowMs();
    this.#lastDueMs = Math.max(nowMs, this.#lastDueMs + gapMs);
    this.#underway.push(arrive);
    this.#station.carry(this.#direction, sizeBytes, this.#lastDueMs - nowMs, () => this.#underway.shift()?.());
  }
}

export class MemoryConnection implements Connection, PeerEnd {
  readonly #network: MemoryFabric;
  readonly #station: Uplink<MemoryConnection>;
  readonly #random: RandomSource;
  readonly #toPeer: Lane;
  readonly #toBoard: Lane;
  readonly #received = new ByteQueue();
  #peer: PeerStream | undefined;
  #status: TcpStatus | HostError = TcpStatus.Connecting;
  /** The program has closed, or the chip is gone. */
  #isReleased = false;
  #unsentBytes = 0;
  #inFlightBytes = 0;

  constructor(network: MemoryFabric, station: Uplink<MemoryConnection>, random: RandomSource) {
    this.#network = network;
    this.#station = station;
    this.#random = random;
    this.#toPeer = new Lane(network, station, "toPeer");
    this.#toBoard = new Lane(network, station, "toBoard");
  }

  connect(host: string, port: number): void {
    const ports = this.#network.findHost(host);
    this.#toPeer.send(() => {
      if (this.#isReleased || this.#status < 0) {
        this.#station.forget(this);
        return;
      }
      const accept = ports?.get(port);
      if (accept === undefined) {
        const error = ports === undefined ? HostError.HostNotFound : HostError.Refused;
        this.#toBoard.send(() => this.#end(error));
        return;
      }
      this.#network.counts.connections++;
      this.#peer = new PeerStream(this, this.#network);
      this.#toBoard.send(() => this.#opened());
      this.#network.peerTouched();
      accept(this.#peer);
    });
  }

  // The program's end.

  status(): TcpStatus | HostError {
    return this.#status;
  }

  write(bytes: Uint8Array): number {
    if (this.#status < 0) return this.#status;
    if (this.#status !== TcpStatus.Open) return HostError.NotConnected;
    const taken = bytes.slice(0, SEND_BUFFER_BYTES - this.#unsentBytes);
    this.#unsentBytes += taken.length;
    this.#segments(taken, (segment, gapMs) =>
      this.#toPeer.send(() => this.#arriveAtPeer(segment), segment.length, gapMs),
    );
    return taken.length;
  }

  read(into: Uint8Array): number {
    const size = this.#received.read(into);
    if (size > 0) this.#peer?.resumeWrites();
    if (size === 0 && this.#status < 0) return this.#status;
    return size;
  }

  close(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    if (this.#status < 0) return;
    this.#toPeer.send(() => {
      this.#peer?.receive(undefined);
    });
    this.#peer?.resumeWrites();
  }

  /** The chip is gone: nobody says goodbye, nobody listens. */
  vanish(): void {
    this.#isReleased = true;
    this.#station.forget(this);
    this.#peer?.resumeWrites();
  }

  /** Both ends learn at once that it is over. */
  break(): void {
    this.#end(HostError.Broken);
    this.#breakPeer();
  }

  // The peer's end, called by its stream.

  /** A released end has room for everything, and answers with a reset. */
  get windowBytes(): number {
    if (this.#isReleased || this.#status < 0) return Number.POSITIVE_INFINITY;
    return RECEIVE_BUFFER_BYTES - this.#received.size - this.#inFlightBytes;
  }

  peerWrites(bytes: Uint8Array): void {
    this.#inFlightBytes += bytes.length;
    this.#segments(bytes, (segment, gapMs) =>
      this.#toBoard.send(() => this.#arriveAtBoard(segment), segment.length, gapMs),
    );
  }

  peerEnds(): void {
    this.#toBoard.send(() => {
      if (this.#status !== TcpStatus.Open && this.#status !== TcpStatus.Connecting) return;
      this.#status = TcpStatus.Closed;
      this.#changed();
    });
  }

  peerTook(sizeBytes: number): void {
    const wasFull = this.#unsentBytes >= SEND_BUFFER_BYTES;
    this.#unsentBytes -= sizeBytes;
    this.#network.counts.bytesToPeers += sizeBytes;
    if (wasFull) this.#changed();
  }

  peerIsGone(): void {
    this.#peer = undefined;
    this.#station.forget(this);
  }

  #opened(): void {
    if (this.#status !== TcpStatus.Connecting) return;
    this.#status = TcpStatus.Open;
    this.#changed();
  }

  #arriveAtPeer(segment: Uint8Array): void {
    if (this.#peer !== undefined) this.#peer.receive(segment);
    // The peer's stream is destroyed: data for it is answered with a reset.
    else this.#toBoard.send(() => this.#end(HostError.Broken));
  }

  #arriveAtBoard(segment: Uint8Array): void {
    this.#inFlightBytes -= segment.length;
    if (this.#isReleased) {
      // Nobody listens any more. A chip that is off or away from the network cannot even say so.
      if (this.#station.status() === NetStatus.Up) this.#toPeer.send(() => this.#breakPeer());
      return;
    }
    if (this.#status < 0) return;
    this.#network.counts.bytesToBoards += segment.length;
    this.#received.push(segment);
    this.#changed();
  }

  #end(error: HostError): void {
    if (this.#status < 0) return;
    this.#status = error;
    this.#received.clear();
    if (this.#peer === undefined) this.#station.forget(this);
    this.#changed();
  }

  #breakPeer(): void {
    if (this.#peer === undefined) return;
    this.#network.peerTouched();
    this.#peer.destroy();
  }

  #changed(): void {
    if (!this.#isReleased) this.#station.onChange();
  }

  #segments(bytes: Uint8Array, send: (segment: Uint8Array, gapMs: number) => void): void {
    const maxBytes = this.#network.segmentMaxBytes;
    if (maxBytes === undefined) {
      if (bytes.length > 0) send(bytes, 0);
      return;
    }
    for (let start = 0; start < bytes.length; ) {
      const end = Math.min(bytes.length, start + this.#random.integer(1, maxBytes));
      send(bytes.slice(start, end), 1);
      start = end;
    }
  }
}
