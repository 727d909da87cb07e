/**
 * What the peer of a memory connection holds: a Node stream that behaves like a `net.Socket`. It ends its own side when the
 * other end has ended, and its back-pressure reaches the program in both directions.
 */
import { Duplex } from "node:stream";
import type { MemoryFabric } from "./memory-fabric.ts";

/** The connection as the peer's stream sees it. */
export interface PeerEnd {
  /** Room for bytes from the peer. */
  readonly windowBytes: number;
  peerWrites(bytes: Uint8Array): void;
  /** The peer's stream has taken bytes: the send buffer has room again. */
  peerTook(sizeBytes: number): void;
  /** The peer has ended its writing side, or destroyed its stream. */
  peerEnds(): void;
  /** The peer's stream is destroyed. */
  peerIsGone(): void;
}

export class PeerStream extends Duplex {
  readonly #connection: PeerEnd;
  readonly #network: MemoryFabric;
  /** A write that waits for the window to open. */
  #waiting: { bytes: Uint8Array; done: (error?: Error | null) => void } | undefined;
  /** Arrived, but the peer does not read; bounded by the send buffer. `undefined` is the end of the stream. */
  #unread: (Uint8Array | undefined)[] = [];
  #wantsMore = true;

  constructor(connection: PeerEnd, network: MemoryFabric) {
    super({ allowHalfOpen: false });
    this.#connection = connection;
    this.#network = network;
  }

  /** Bytes have arrived, or with `undefined` the end of the stream. */
  receive(segment: Uint8Array | undefined): void {
    this.#network.peerTouched();
    this.#unread.push(segment);
    this.#handOver();
  }

  /** The window has opened: what waits moves on. */
  resumeWrites(): void {
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    this.#waiting = undefined;
    this.#network.peerTouched();
    this._write(waiting.bytes, "buffer", waiting.done);
  }

  override _read(): void {
    this.#network.peerActed();
    this.#wantsMore = true;
    this.#handOver();
  }

  override _write(chunk: Uint8Array, _encoding: string, done: (error?: Error | null) => void): void {
    this.#network.peerActed();
    const sizeBytes = Math.min(chunk.length, this.#connection.windowBytes);
    if (sizeBytes > 0) this.#connection.peerWrites(new Uint8Array(chunk.subarray(0, sizeBytes)));
    if (sizeBytes === chunk.length) done();
    else this.#waiting = { bytes: chunk.subarray(sizeBytes), done };
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#network.peerActed();
    this.#connection.peerEnds();
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#network.peerActed();
    this.#connection.peerEnds();
    this.#connection.peerIsGone();
    done(error);
  }

  #handOver(): void {
    while (this.#wantsMore && this.#unread.length > 0) {
      const segment = this.#unread.shift();
      // Before `push`, which may call `_read` from within.
      this.#wantsMore = false;
      const wantsMore = this.push(segment ?? null);
      this.#wantsMore ||= wantsMore;
      if (segment !== undefined) this.#connection.peerTook(segment.length);
    }
  }
}
