/**
 * What the simulation tells the server process besides messages, in a small file: the time, and the point at which it is to be
 * killed. It is read whenever it is asked for, so the server never works with the time of the message before.
 */
import { closeSync, openSync, readSync, writeSync } from "node:fs";

const TIME_OFFSET = 0;
const ORDER_OFFSET = 8;
const POINTS_OFFSET = 12;
const COMMIT_ONLY_OFFSET = 16;
const TOLD_BYTES = 20;

/** Where in its work the server process is to die (kill-points.ts). */
export interface KillPoint {
  /** Points before that. */
  points: number;
  /** Only those before and after a COMMIT count. */
  isAtCommit: boolean;
}

export class Teller {
  readonly path: string;
  readonly #file: number;
  readonly #bytes = Buffer.alloc(TOLD_BYTES);

  constructor(path: string) {
    this.path = path;
    this.#file = openSync(path, "w");
  }

  tellTime(unixMs: number): void {
    this.#bytes.writeDoubleLE(unixMs, TIME_OFFSET);
    this.#write();
  }

  tellEnd({ points, isAtCommit }: KillPoint): void {
    this.#bytes.writeUInt32LE(this.#bytes.readUInt32LE(ORDER_OFFSET) + 1, ORDER_OFFSET);
    this.#bytes.writeUInt32LE(points, POINTS_OFFSET);
    this.#bytes.writeUInt32LE(isAtCommit ? 1 : 0, COMMIT_ONLY_OFFSET);
    this.#write();
  }

  close(): void {
    closeSync(this.#file);
  }

  #write(): void {
    writeSync(this.#file, this.#bytes, 0, TOLD_BYTES, 0);
  }
}

export class Listener {
  readonly #file: number;
  readonly #bytes = Buffer.alloc(TOLD_BYTES);

  constructor(path: string) {
    this.#file = openSync(path, "r");
  }

  unixMs(): number {
    return this.#read().readDoubleLE(TIME_OFFSET);
  }

  /** The last order to end, and its number. */
  end(): KillPoint & { order: number } {
    const bytes = this.#read();
    return {
      order: bytes.readUInt32LE(ORDER_OFFSET),
      points: bytes.readUInt32LE(POINTS_OFFSET),
      isAtCommit: bytes.readUInt32LE(COMMIT_ONLY_OFFSET) !== 0,
    };
  }

  #read(): Buffer {
    if (readSync(this.#file, this.#bytes, 0, TOLD_BYTES, 0) !== TOLD_BYTES) throw new Error("nothing was told yet");
    return this.#bytes;
  }
}
