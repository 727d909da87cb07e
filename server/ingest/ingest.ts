/**
 * The main thread's half of ingest: messages go to the writer in blocks, acknowledgements come back after the commit.
 * Here nothing is decoded, so that the thread that serves the sockets stays free.
 *
 * Memory is bounded by dropping: a message over the limit is forgotten unacknowledged and the device sends it again.
 */
import { PAYLOAD_UP_MAX_BYTES } from "../../runtime/contract/limits.ts";
import {
  BATCHES_UNDER_WAY_MAX,
  LOG_LINES_PER_MINUTE,
  MESSAGE_OVERHEAD_BYTES,
  PENDING_DEVICE_MAX_BYTES,
  PENDING_MAX_BYTES,
  RECONNECT_SPREAD_MIN_MS,
  RECONNECT_SPREAD_PER_DEVICE_MS,
} from "../limits.ts";
import { LimitedLog, type Logger } from "../logger.ts";
import { macToText } from "../mac-address.ts";
import type { Metrics } from "../metrics.ts";
import type { OrdersDue } from "../orders/order-requests.ts";
import type { UpdateDue } from "../updates/store-requests.ts";
import { BatchBuilder, BatchKind, BlockPool } from "./batch.ts";
import { type Ack, encodeAck } from "./messages.ts";
import type { MalformedReason } from "./senml-pack.ts";
import { ACK_FIELDS, type Committed } from "./writer-messages.ts";
import type { WriterEvents, WriterPort } from "./writer-port.ts";

/** What the server says to one device. */
export type DownChannel = "ack" | "offer" | "chunk" | "config" | "command" | "graph";

/** A connected device as ingest sees it. */
export interface DeviceLink {
  readonly mac: number;
  /** When it connected, Unix time in ms. */
  readonly sinceMs: number;
  /** Sent to it and not yet read by it. */
  readonly unsentBytes: number;
  /** The connection is there. */
  readonly isOpen: boolean;
  /** False when the device does not listen there, or the connection cannot take it now. */
  send(channel: DownChannel, payload: Uint8Array): boolean;
}

/** What a device has under way, also beyond the connection that brought it. */
interface DeviceShare {
  readonly mac: number;
  pendingBytes: number;
  lastAck: { epoch: number; sequence: number } | undefined;
}

interface BatchUnderWay {
  id: number;
  shares: DeviceShare[];
  sizes: number[];
}

export interface IngestOptions {
  writer: WriterPort;
  metrics: Metrics;
  logger: Logger;
  nowMs: () => number;
  onLive: (live: Pick<Committed, "live" | "liveLeftOut" | "liveUpdates">) => void;
  /** Devices that have said hello ought to run other images; their acknowledgements are sent. */
  onUpdateDue: (due: UpdateDue) => void;
  /** Devices have something to be told; their acknowledgements are sent. */
  onOrdersDue: (due: OrdersDue) => void;
  /** Rollouts have something to do. */
  onRolloutsDue: (rollouts: readonly number[]) => void;
  /** A device that has said hello is to get a secret of its own. */
  onSecretDue: (mac: number) => void;
}

const CHANNEL_OF_KIND = ["hello", "data", "state", "gone", "update", "result", "register"] as const;

export class Ingest implements WriterEvents {
  readonly #options: IngestOptions;
  readonly #log: LimitedLog;
  readonly #links = new Map<number, DeviceLink>();
  readonly #shares = new Map<number, DeviceShare>();
  readonly #blocks = new BlockPool();
  readonly #builder = new BatchBuilder(this.#blocks);
  readonly #received = CHANNEL_OF_KIND.map(() => 0);
  #openShares: DeviceShare[] = [];
  #openSizes: number[] = [];
  #underWay: BatchUnderWay[] = [];
  #nextBatchId = 1;
  #pendingBytes = 0;
  #isFlushScheduled = false;
  #isDraining = false;
  #isHealthy = false;
  #waiters: Array<() => void> = [];

  constructor(options: IngestOptions) {
    this.#options = options;
    this.#log = new LimitedLog(options.logger, options.nowMs, LOG_LINES_PER_MINUTE);
  }

  /** The writer runs and its last commit worked. */
  get isHealthy(): boolean {
    return this.#isHealthy;
  }

  /** Nothing received waits for its commit. */
  get isIdle(): boolean {
    return this.#underWay.length === 0 && this.#openSizes.length === 0;
  }

  connect(link: DeviceLink): void {
    this.#links.set(link.mac, link);
    this.#shareOf(link.mac);
    this.#options.metrics.devicesConnected.set(this.#links.size);
  }

  disconnect(link: DeviceLink): void {
    if (this.#links.get(link.mac) !== link) return;
    this.#links.delete(link.mac);
    this.#options.metrics.devicesConnected.set(this.#links.size);
    this.offer(BatchKind.Gone, link.mac, new Uint8Array(0));
  }

  linkOf(mac: number): DeviceLink | undefined {
    return this.#links.get(mac);
  }

  offer(kind: BatchKind, mac: number, payload: Uint8Array): void {
    this.#received[kind] = (this.#received[kind] ?? 0) + 1;
    if (this.#isDraining) {
      this.#shed("stopping");
      return;
    }
    if (payload.length > PAYLOAD_UP_MAX_BYTES) {
      this.malformed("tooLong", mac, payload.length);
      return;
    }
    const share = this.#shareOf(mac);
    // What a message costs besides its payload counts too, or empty ones would be free.
    const bytes = payload.length + MESSAGE_OVERHEAD_BYTES;
    if (share.pendingBytes + bytes > PENDING_DEVICE_MAX_BYTES) {
      this.#shed("device");
      return;
    }
    if (this.#pendingBytes + bytes > PENDING_MAX_BYTES) {
      this.#shed("total");
      return;
    }
    share.pendingBytes += bytes;
    this.#pendingBytes += bytes;
    this.#openShares.push(share);
    this.#openSizes.push(bytes);
    this.#builder.add(kind, mac, this.#options.nowMs(), payload);
    if (this.#builder.isFull) this.#flush();
    else this.#scheduleFlush();
  }

  /** Counts and logs a message that could not be read. */
  malformed(reason: MalformedReason, mac: number, bytes: number): void {
    this.#options.metrics.malformed.inc({ reason });
    this.#log.warn({ reason, device: macToText(mac), bytes }, "a message could not be read");
  }

  /** Resolves when everything offered so far is committed and acknowledged, or lost with a failed writer. */
  async settled(): Promise<void> {
    if (this.isIdle) return;
    this.#scheduleFlush();
    await new Promise<void>((resolve) => this.#waiters.push(resolve));
  }

  /** Takes nothing more, finishes the rest, and tells every device how to spread its return. */
  async drain(): Promise<void> {
    this.#isDraining = true;
    this.#flush();
    await this.settled();
    const reconnectDelayMs = Math.max(RECONNECT_SPREAD_MIN_MS, RECONNECT_SPREAD_PER_DEVICE_MS * this.#links.size);
    for (const link of this.#links.values()) {
      const last = this.#shares.get(link.mac)?.lastAck;
      if (last !== undefined) this.#acknowledge(link, { ...last, unixS: this.#unixS(), reconnectDelayMs });
    }
  }

  /** Brings the figures that are kept outside the registry up to date. */
  collect(): void {
    const { metrics } = this.#options;
    for (const [kind, count] of this.#received.entries()) {
      const channel = CHANNEL_OF_KIND[kind];
      if (channel !== undefined && kind !== BatchKind.Gone && kind !== BatchKind.Register)
        metrics.messages.inc({ channel }, count);
      this.#received[kind] = 0;
    }
    metrics.pendingBytes.set(this.#pendingBytes);
  }

  onReady(): void {
    this.#isHealthy = true;
    this.#flush();
  }

  onBlocksBack(blocks: ArrayBuffer[]): void {
    for (const block of blocks) this.#blocks.giveBack(block);
  }

  onCommitted(committed: Committed): void {
    this.#isHealthy = true;
    this.#release(committed.batchId);
    this.#flush();
    this.#sendAcks(committed.acks);
    this.#count(committed);
    if (committed.live.length > 0 || committed.liveUpdates.length > 0) this.#options.onLive(committed);
    for (const due of committed.updatesDue) this.#options.onUpdateDue(due);
    for (const due of committed.ordersDue) this.#options.onOrdersDue(due);
    if (committed.rolloutsDue.length > 0) this.#options.onRolloutsDue(committed.rolloutsDue);
    for (const mac of committed.secretsDue) this.#options.onSecretDue(mac);
    this.#wake();
  }

  onFailed(batchId: number, error: string): void {
    this.#isHealthy = false;
    this.#options.metrics.commitFailures.inc();
    this.#log.warn({ error }, "a commit failed; nothing of it is acknowledged, devices will send it again");
    this.#release(batchId);
    this.#flush();
    this.#wake();
  }

  onLost(): void {
    this.#isHealthy = false;
    const last = this.#underWay.at(-1);
    if (last !== undefined) this.#release(last.id);
    this.#wake();
  }

  #scheduleFlush(): void {
    if (this.#isFlushScheduled) return;
    this.#isFlushScheduled = true;
    setImmediate(() => {
      this.#isFlushScheduled = false;
      this.#flush();
    });
  }

  /** While the writer is busy the block grows until it is full; the writer's answer sends it otherwise. */
  #flush(): void {
    if (this.#openSizes.length === 0) return;
    const isFull = this.#builder.isFull;
    if (!isFull && this.#underWay.length >= BATCHES_UNDER_WAY_MAX) return;
    const shares = this.#openShares;
    const sizes = this.#openSizes;
    const batch = this.#builder.take();
    this.#openShares = [];
    this.#openSizes = [];
    const id = this.#nextBatchId++;
    this.#underWay.push({ id, shares, sizes });
    if (this.#options.writer.post(id, batch)) return;
    this.#options.metrics.shed.inc({ cause: "writer" }, sizes.length);
    this.#release(id);
    this.#wake();
  }

  /** Batches up to this one take no memory any more. */
  #release(batchId: number): void {
    while (this.#underWay.length > 0) {
      const batch = this.#underWay[0];
      if (batch === undefined || batch.id > batchId) break;
      this.#underWay.shift();
      for (let i = 0; i < batch.sizes.length; i++) {
        const bytes = batch.sizes[i] ?? 0;
        const share = batch.shares[i];
        this.#pendingBytes -= bytes;
        if (share === undefined) continue;
        share.pendingBytes -= bytes;
        if (share.pendingBytes === 0 && !this.#links.has(share.mac)) this.#shares.delete(share.mac);
      }
    }
  }

  #sendAcks(acks: Float64Array): void {
    const unixS = this.#unixS();
    for (let at = 0; at + ACK_FIELDS <= acks.length; at += ACK_FIELDS) {
      const mac = acks[at] ?? 0;
      const epoch = acks[at + 1] ?? 0;
      const sequence = acks[at + 2] ?? 0;
      const link = this.#links.get(mac);
      if (link === undefined) continue;
      const share = this.#shares.get(mac);
      if (share !== undefined) share.lastAck = { epoch, sequence };
      this.#acknowledge(link, { epoch, sequence, unixS });
    }
  }

  #acknowledge(link: DeviceLink, ack: Ack): void {
    if (link.send("ack", encodeAck(ack))) this.#options.metrics.acks.inc();
  }

  #count(committed: Committed): void {
    const { metrics } = this.#options;
    const { tallies } = committed;
    metrics.commits.inc();
    metrics.commitSeconds.observe(committed.commitMs / 1000);
    metrics.stored.inc(tallies.stored);
    metrics.duplicates.inc(tallies.duplicates);
    metrics.rejected.inc(tallies.rejected);
    metrics.dropped.inc(tallies.dropped);
    metrics.lostInTransit.inc(tallies.lostInTransit);
    for (const { reason, mac, bytes } of committed.malformed) this.malformed(reason, mac, bytes);
  }

  #shed(cause: "device" | "total" | "stopping"): void {
    this.#options.metrics.shed.inc({ cause });
  }

  #shareOf(mac: number): DeviceShare {
    let share = this.#shares.get(mac);
    if (share === undefined) {
      share = { mac, pendingBytes: 0, lastAck: undefined };
      this.#shares.set(mac, share);
    }
    return share;
  }

  #wake(): void {
    if (!this.isIdle) return;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const resolve of waiters) resolve();
  }

  #unixS(): number {
    return Math.floor(this.#options.nowMs() / 1000);
  }
}
