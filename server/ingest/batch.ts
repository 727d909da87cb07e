/**
 * Messages on their way to the writer thread: one transferable block for many, because handing over each one alone would
 * cost more than decoding it. Layout of a record, little-endian:
 *
 * | offset | size | what |
 * |---|---|---|
 * | 0 | 1 | BatchKind |
 * | 1 | 6 | MAC address, as a 48-bit number |
 * | 7 | 1 | zero |
 * | 8 | 8 | when it was received, Unix ms, float64 |
 * | 16 | 4 | payload length |
 * | 20 | n | payload |
 */
import { BATCH_MAX_BYTES, FREE_BLOCKS_MAX, MQTT_PACKET_MAX_BYTES } from "../limits.ts";

export enum BatchKind {
  Hello = 0,
  Data = 1,
  State = 2,
  /** The device's connection ended; no payload. */
  Gone = 3,
  /** How an update fares; requests for pieces of images do not come here. */
  Update = 4,
  /** What became of a command, a configuration or a graph. */
  Result = 5,
  /** A board that is new has been let in: its project, u32, and its Standing, u8. Before its hello. */
  Register = 6,
}

const HEADER_BYTES = 20;
/** A block is full from BATCH_MAX_BYTES on and always has room for one message more, whatever its length. */
const BLOCK_BYTES = BATCH_MAX_BYTES + HEADER_BYTES + MQTT_PACKET_MAX_BYTES;

/**
 * Blocks go round: the writer hands each one back, so that a busy server makes no garbage of this size. Blocks beyond
 * those kept are left to the collector.
 */
export class BlockPool {
  readonly #free: ArrayBuffer[] = [];

  take(): ArrayBuffer {
    return this.#free.pop() ?? new ArrayBuffer(BLOCK_BYTES);
  }

  giveBack(block: ArrayBuffer): void {
    if (block.byteLength === BLOCK_BYTES && this.#free.length < FREE_BLOCKS_MAX) this.#free.push(block);
  }
}

export class BatchBuilder {
  readonly #pool: BlockPool;
  #buffer: Buffer | undefined;
  #lengthBytes = 0;

  constructor(pool: BlockPool) {
    this.#pool = pool;
  }

  get isFull(): boolean {
    return this.#lengthBytes >= BATCH_MAX_BYTES;
  }

  /** The caller takes the block when it is full. A payload is at most MQTT_PACKET_MAX_BYTES. */
  add(kind: BatchKind, mac: number, receivedAtMs: number, payload: Uint8Array): void {
    this.#buffer ??= Buffer.from(this.#pool.take());
    const buffer = this.#buffer;
    const start = this.#lengthBytes;
    if (start + HEADER_BYTES + payload.length > BLOCK_BYTES) throw new RangeError("a message longer than ingest takes");
    buffer[start] = kind;
    buffer.writeUIntLE(mac, start + 1, 6);
    buffer[start + 7] = 0;
    buffer.writeDoubleLE(receivedAtMs, start + 8);
    buffer.writeUInt32LE(payload.length, start + 16);
    buffer.set(payload, start + HEADER_BYTES);
    this.#lengthBytes = start + HEADER_BYTES + payload.length;
  }

  /** What was added since the last call. */
  take(): Batch {
    const block = this.#buffer?.buffer as ArrayBuffer | undefined;
    const batch = { block: block ?? this.#pool.take(), lengthBytes: this.#lengthBytes };
    this.#buffer = undefined;
    this.#lengthBytes = 0;
    return batch;
  }
}

/** A block and how much of it is used. */
export interface Batch {
  block: ArrayBuffer;
  lengthBytes: number;
}

export type BatchVisitor = (kind: BatchKind, mac: number, receivedAtMs: number, payload: Uint8Array) => void;

export function readBatch({ block, lengthBytes: endAt }: Batch, visit: BatchVisitor): void {
  const buffer = Buffer.from(block);
  let at = 0;
  while (at < endAt) {
    const kind: BatchKind = buffer[at] as number;
    const mac = buffer.readUIntLE(at + 1, 6);
    const receivedAtMs = buffer.readDoubleLE(at + 8);
    const lengthBytes = buffer.readUInt32LE(at + 16);
    const payloadAt = at + HEADER_BYTES;
    at = payloadAt + lengthBytes;
    visit(kind, mac, receivedAtMs, buffer.subarray(payloadAt, at));
  }
}
