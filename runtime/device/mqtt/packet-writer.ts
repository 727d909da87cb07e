/**
 * Builds one outgoing MQTT packet at a time in a fixed buffer. The body is written first, at an offset that leaves room
 * for the longest fixed header; `finish` then puts the header right before it.
 */
import { REMAINING_LENGTH_MAX_BYTES } from "./format.ts";

const HEADER_MAX_BYTES: usize = 1 + REMAINING_LENGTH_MAX_BYTES;

export class PacketWriter {
  private readonly buffer: StaticArray<u8>;
  private position: usize = 0;
  private readonly end: usize;
  /** The packet did not fit and must not be sent. */
  overflow: bool = false;
  /** First byte of the finished packet. */
  packet: usize = 0;
  packetBytes: u32 = 0;

  constructor(capacityBytes: i32) {
    this.buffer = new StaticArray<u8>(capacityBytes);
    this.end = changetype<usize>(this.buffer) + capacityBytes;
  }

  private get body(): usize {
    return changetype<usize>(this.buffer) + HEADER_MAX_BYTES;
  }

  begin(): void {
    this.position = this.body;
    this.overflow = false;
  }

  /** Where the next byte goes: a payload can be encoded right there, `roomBytes` at most, and then be `advance`d over. */
  get cursor(): usize {
    return this.position;
  }

  get roomBytes(): u32 {
    return <u32>(this.end - this.position);
  }

  advance(bytes: u32): void {
    this.position += bytes;
  }

  private reserve(bytes: u32): bool {
    if (this.roomBytes < bytes) this.overflow = true;
    return !this.overflow;
  }

  byte(value: u32): void {
    if (!this.reserve(1)) return;
    store<u8>(this.position, value);
    this.position += 1;
  }

  /** Two bytes, most significant first (1.5.2). */
  short(value: u32): void {
    this.byte(value >> 8);
    this.byte(value);
  }

  /** Bytes with their length before them (1.5.3). */
  field(pointer: usize, length: u32): void {
    this.short(length);
    this.raw(pointer, length);
  }

  raw(pointer: usize, length: u32): void {
    if (!this.reserve(length)) return;
    memory.copy(this.position, pointer, length);
    this.position += length;
  }

  ascii(text: string): void {
    for (let i = 0; i < text.length; i++) this.byte(text.charCodeAt(i));
  }

  /** Puts the fixed header before the body; `first` is packet type and flags (2.2). */
  finish(first: u32): void {
    const body = this.body;
    const bodyBytes = <u32>(this.position - body);
    let lengthBytes: usize = 1;
    for (let rest = bodyBytes >> 7; rest > 0; rest >>= 7) lengthBytes++;
    this.packet = body - lengthBytes - 1;
    this.packetBytes = <u32>(this.position - this.packet);
    store<u8>(this.packet, first);
    let rest = bodyBytes;
    for (let i: usize = 1; i <= lengthBytes; i++) {
      store<u8>(this.packet + i, i < lengthBytes ? (rest & 127) | 128 : rest);
      rest >>= 7;
    }
  }
}
