/**
 * The serial line of a board, UART0 at 115,200 baud: what the program writes and reads, and the other end of the cable.
 *
 * Bytes travel in pieces of a FIFO, in board time. What comes while the receive buffer is full, or while no program runs, is
 * lost and counted. A call of `write` and a line of the host each stay whole: neither is put into the middle of the other.
 * On the chip a host that prints waits for the FIFO; here, where board time stands still in a call, its lines wait in a
 * backlog of their own, and one that finds it full is lost whole and counted.
 *
 * A reset loses what was received and not read; what was taken to be sent still goes out, as a host waits for that before it
 * resets the chip. Without power it is gone.
 */
import { SERIAL_BAUD, SERIAL_RECEIVE_BYTES, SERIAL_SEND_BYTES } from "../contract/limits.ts";
import { ByteQueue } from "./byte-queue.ts";
import { MemoryLink } from "./memory-link.ts";
import type { TimeSource } from "./time-source.ts";

/** ESP8266 Technical Reference 11.2: the FIFO of each direction. */
const FIFO_BYTES = 128;
/** Start bit, 8 data bits, stop bit. */
const BITS_PER_BYTE = 10;
const BYTES_PER_S = SERIAL_BAUD / BITS_PER_BYTE;
/** Lines of the host that wait, with what the program has written before them. */
const BACKLOG_MAX_BYTES = 4096;

export interface SerialCounts {
  /** Bytes sent to the board that it had no room for, or that came while no program ran. */
  bytesLost: number;
  /** Lines of the host that found the backlog full. */
  linesLost: number;
}

export class SerialLine {
  readonly counts: SerialCounts = { bytesLost: 0, linesLost: 0 };
  /** The other end of the cable: called with what the board has sent, when it has arrived. */
  onBytes: (bytes: Uint8Array) => void = () => {};
  readonly #time: TimeSource;
  readonly #wake: () => void;
  readonly #received = new ByteQueue();
  readonly #toBoard = new MemoryLink(BYTES_PER_S);
  #fromBoard = new MemoryLink(BYTES_PER_S);
  /** Sent by the board and not yet arrived. */
  #underWayBytes = 0;
  /** What is under way belongs to one time with power. */
  #powered = 0;
  #hasPower = false;
  #isOpen = false;
  /** A write took fewer bytes than it was given. */
  #wantsRoom = false;

  constructor(time: TimeSource, wake: () => void) {
    this.#time = time;
    this.#wake = wake;
  }

  // The other end of the cable.

  /** Sends to the board; the bytes arrive one after the other. */
  send(bytes: Uint8Array): void {
    this.#carry(this.#toBoard, bytes, (piece) => this.#arrive(piece));
  }

  // The program.

  /** Returns the bytes read; 0 = none waiting. */
  read(into: Uint8Array): number {
    return this.#received.read(into);
  }

  /** Returns the bytes taken. */
  write(bytes: Uint8Array): number {
    const roomBytes = this.#hasPower ? Math.max(0, SERIAL_SEND_BYTES - this.#underWayBytes) : 0;
    const taken = bytes.slice(0, roomBytes);
    if (taken.length < bytes.length) this.#wantsRoom = true;
    this.#transmit(taken);
    return taken.length;
  }

  // The host.

  /** A line of the host, without its end. What would end it early becomes a space. */
  writeLine(text: string): void {
    const line = Buffer.from(`${text.replace(/[\r\n]+/g, " ")}\r\n`);
    if (!this.#hasPower) return;
    if (this.#underWayBytes + line.length > BACKLOG_MAX_BYTES) this.counts.linesLost++;
    else this.#transmit(line);
  }

  /** A program starts. */
  open(): void {
    this.#hasPower = true;
    this.#isOpen = true;
  }

  /** The program has ended. */
  close(): void {
    this.#isOpen = false;
    this.#wantsRoom = false;
    this.#received.clear();
  }

  /** The board has no power any more. */
  losePower(): void {
    this.close();
    this.#hasPower = false;
    this.#powered++;
    this.#underWayBytes = 0;
    this.#fromBoard = new MemoryLink(BYTES_PER_S);
  }

  #transmit(bytes: Uint8Array): void {
    this.#underWayBytes += bytes.length;
    const powered = this.#powered;
    this.#carry(this.#fromBoard, bytes, (piece) => {
      if (powered === this.#powered) this.#leave(piece);
    });
  }

  #leave(piece: Uint8Array): void {
    this.#underWayBytes -= piece.length;
    this.onBytes(piece);
    if (!this.#wantsRoom) return;
    this.#wantsRoom = false;
    this.#wake();
  }

  #arrive(piece: Uint8Array): void {
    const roomBytes = this.#isOpen ? SERIAL_RECEIVE_BYTES - this.#received.size : 0;
    const kept = piece.subarray(0, roomBytes);
    this.counts.bytesLost += piece.length - kept.length;
    if (kept.length === 0) return;
    this.#received.push(kept);
    this.#wake();
  }

  #carry(link: MemoryLink, bytes: Uint8Array, arrive: (piece: Uint8Array) => void): void {
    const nowMs = this.#time.nowMs();
    for (let at = 0; at < bytes.length; at += FIFO_BYTES) {
      const piece = bytes.slice(at, at + FIFO_BYTES);
      this.#time.at(link.goneAtMs(nowMs, piece.length) - nowMs, () => arrive(piece));
    }
  }
}
