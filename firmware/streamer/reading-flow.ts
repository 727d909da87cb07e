/**
 * From the streams of a graph to the queue. A reading that a streamer selects is in flash as soon as it is made. One of an automatic
 * streamer goes at once; others wait until their streamer is ready (device/graph/graph-streamers.ts), or until a later reading
 * takes them along, for the queue is in order. A reading that several streamers select is there once, and goes with the first.
 *
 * A graph that makes readings without end would keep the program from all else and wear the flash out: GRAPH_STORED_MAX.
 */

import { ConfigKey } from "../../runtime/contract/config-record.ts";
import {
  GRAPH_NO_STREAMER,
  GRAPH_STREAMER_BYTES,
  GRAPH_STREAMER_FLAGS,
  GRAPH_STREAMER_WITH,
  GraphStreamerFlag,
} from "../../runtime/contract/graph-format.ts";
import { GRAPH_STREAMERS_MAX } from "../../runtime/contract/graph-limits.ts";
import { LogLevel } from "../../runtime/contract/host-abi.ts";
import { GRAPH_STORED_MAX } from "../../runtime/contract/limits.ts";
import {
  Config,
  GraphEngine,
  GraphOutput,
  HoldingQueue,
  hmac_sha256,
  logValue,
  PackSigner,
  selects,
  streamerCount,
  streamersAt,
} from "../../runtime/device/index.ts";

export class ReadingFlow implements GraphOutput, PackSigner {
  private graph: usize = 0;
  private count: i32 = 0;
  /** Streamers that wait for nothing, and those that sign, as bits. */
  private automatic: u32 = 0;
  private signed: u32 = 0;
  /** Readings that were to be stored in this poll. */
  private wanted: i32 = 0;
  /** Sequence number of the last reading of each of the others. */
  private readonly through: StaticArray<u32> = new StaticArray<u32>(GRAPH_STREAMERS_MAX);

  constructor(
    private readonly queue: HoldingQueue,
    private readonly config: Config,
  ) {}

  /** A graph that was found to be right. */
  begin(graph: usize): void {
    this.graph = graph;
    this.count = streamerCount(graph);
    for (let i = 0; i < this.count; i++) {
      const flags: u32 = load<u8>(this.at(i), GRAPH_STREAMER_FLAGS);
      const isManual = (flags & GraphStreamerFlag.Manual) != 0;
      const isAlone = load<u8>(this.at(i), GRAPH_STREAMER_WITH) == GRAPH_NO_STREAMER;
      if (!isManual && isAlone) this.automatic |= 1 << i;
      if ((flags & GraphStreamerFlag.Signed) != 0) this.signed |= 1 << i;
    }
    if (this.signed != 0) this.queue.signer = this;
  }

  /** The graph's place has another one: it says nothing of readings any more. What waits goes as it is when that one runs. */
  end(): void {
    this.count = 0;
    this.queue.signer = null;
  }

  pushed(stream: u32, timeS: u32, value: i32): void {
    const takers = this.takers(stream);
    if (takers == 0 || ++this.wanted > GRAPH_STORED_MAX) return;
    if ((takers & this.automatic) != 0) {
      this.queue.push(stream, value, timeS);
    } else {
      const sequence = this.queue.hold(stream, value, timeS);
      for (let i = 0; i < this.count; i++) if ((takers >> i) & 1) unchecked((this.through[i] = sequence));
    }
  }

  /** Lets go what is ready: after each second, and after each reading of a sensor. */
  release(engine: GraphEngine): void {
    const streamers = engine.streamers;
    const ready = streamers.ready();
    for (let i = 0; i < this.count; i++) {
      if (!((ready >> i) & 1)) continue;
      if (!((this.automatic >> i) & 1)) this.queue.release(unchecked(this.through[i]));
      streamers.sent(i, streamers.waits(i));
    }
  }

  /** Lets go what waits, as if each streamer had been triggered. */
  releaseAll(engine: GraphEngine): void {
    this.queue.releaseAll();
    const streamers = engine.streamers;
    for (let i = 0; i < this.count; i++) streamers.sent(i, streamers.waits(i));
  }

  /** No more readings in this poll. */
  get isFull(): bool {
    return this.wanted >= GRAPH_STORED_MAX;
  }

  /** Of a poll. */
  endPoll(): void {
    const lost = this.wanted - GRAPH_STORED_MAX;
    if (lost > 0) logValue(LogLevel.Warning, "too many readings at once, left out ", lost);
    this.wanted = 0;
  }

  isSigned(stream: u32): bool {
    return (this.takers(stream) & this.signed) != 0;
  }

  sign(pointer: usize, length: u32, signature: usize): void {
    const config = this.config;
    config.text(ConfigKey.Secret);
    hmac_sha256(config.textPointer, config.textBytes, pointer, length, signature);
  }

  /** Streamers that select a stream, as bits. */
  private takers(stream: u32): u32 {
    let takers: u32 = 0;
    for (let i = 0; i < this.count; i++) if (selects(load<u16>(this.at(i)), stream)) takers |= 1 << i;
    return takers;
  }

  private at(streamer: u32): usize {
    return streamersAt(this.graph) + streamer * GRAPH_STREAMER_BYTES;
  }
}
