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
export enum BatchKind {
  Hello = 0,
  Data = 1,
  State = 2,
  /** The device's connection ended; no payload. */
  Gone = 3,
}

const HEADER_BYTES = 20;

export class BatchBuilder {
  #buffer: Buffer;
  #lengthBytes = 0;

  constructor(startBytes: number) {
    this.#buffer = Buffer.allocUnsafeSlow(startBytes);
  }

  get lengthBytes(): number {
    return this.#lengthBytes;
  }

  add(kind: BatchKind, mac: number, receivedAtMs: number, payload: Uint8Array): void {
    const start = this.#lengthBytes;
    const end = start + HEADER_BYTES + payload.length;
    if (end > this.#buffer.length) this.#grow(end);
    const buffer = this.#buffer;
    buffer[start] = kind;
    buffer.writeUIntLE(mac, start + 1, 6);
    buffer[start + 7] = 0;
    buffer.writeDoubleLE(receivedAtMs, start + 8);
    buffer.writeUInt32LE(payload.length, start + 16);
    buffer.set(payload, start + HEADER_BYTES);
    this.#lengthBytes = end;
  }

  /** What was added since the last call, in memory of its own. */
  take(): ArrayBuffer {
    const block = new ArrayBuffer(this.#lengthBytes);
    new Uint8Array(block).set(this.#buffer.subarray(0, this.#lengthBytes));
    this.#lengthBytes = 0;
    return block;
  }

  #grow(neededBytes: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(neededBytes, this.#buffer.length * 2));
    larger.set(this.#buffer.subarray(0, this.#lengthBytes));
    this.#buffer = larger;
  }
}

export type BatchVisitor = (kind: BatchKind, mac: number, receivedAtMs: number, payload: Uint8Array) => void;

export function readBatch(block: ArrayBuffer, visit: BatchVisitor): void {
  const buffer = Buffer.from(block);
  let at = 0;
  while (at < buffer.length) {
    const kind: BatchKind = buffer[at] as number;
    const mac = buffer.readUIntLE(at + 1, 6);
    const receivedAtMs = buffer.readDoubleLE(at + 8);
    const lengthBytes = buffer.readUInt32LE(at + 16);
    const payloadAt = at + HEADER_BYTES;
    at = payloadAt + lengthBytes;
    visit(kind, mac, receivedAtMs, buffer.subarray(payloadAt, at));
  }
}
