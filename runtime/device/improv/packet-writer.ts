/**
 * Makes packets and sends them. Log lines go out on the same line, so each packet stands on a line of its own: a newline before
 * it, for a tool takes no packet behind other text, and one behind it. Until `flush` says that all is out nothing may be logged.
 */
import { serial_write } from "../imports/host.ts";
import { DATA_AT, ImprovCommand, LENGTH_AT, PacketType, PREAMBLE_BYTES, preambleByte } from "./format.ts";

/** All packets that answer one RPC; the largest are a state and the device information, of less than 80 bytes of data. */
const BUFFER_BYTES: u32 = 160;
const NEWLINE: u32 = 10;
/** In the data of a result: how long the texts behind it are. */
const RESULT_LENGTH_AT: u32 = DATA_AT + 1;

export class PacketWriter {
  private readonly bytes: StaticArray<u8> = new StaticArray<u8>(BUFFER_BYTES);
  private length: u32 = 0;
  private sentBytes: u32 = 0;
  /** Where the packet that is being made begins. */
  private packetAt: u32 = 0;

  /** Everything has been taken by the host. */
  get isIdle(): bool {
    return this.length == 0;
  }

  /** Sends what the host takes; true when that was all. */
  flush(): bool {
    if (this.length == 0) return true;
    this.sentBytes += max(0, serial_write(this.start + this.sentBytes, this.length - this.sentBytes));
    if (this.sentBytes < this.length) return false;
    this.length = 0;
    this.sentBytes = 0;
    return true;
  }

  /** A whole packet of one byte of data. */
  value(type: PacketType, value: u32): void {
    this.begin(type);
    this.put(value);
    this.end();
  }

  /** Begins the result of a command; texts follow. */
  beginResult(command: ImprovCommand): void {
    this.begin(PacketType.Result);
    this.put(command);
    this.put(0);
  }

  endResult(): void {
    const lengthAt = this.packetAt + RESULT_LENGTH_AT;
    store<u8>(this.start + lengthAt, this.length - lengthAt - 1);
    this.end();
  }

  /** ASCII text of the program itself. */
  text(text: string): void {
    this.put(text.length);
    for (let i = 0; i < text.length; i++) this.put(text.charCodeAt(i));
  }

  utf8(pointer: usize, length: u32): void {
    this.put(length);
    for (let i: u32 = 0; i < length; i++) this.put(load<u8>(pointer + i));
  }

  /** A text that is put together: its length comes with `endText`. */
  beginText(): u32 {
    this.put(0);
    return this.length;
  }

  endText(begun: u32): void {
    store<u8>(this.start + begun - 1, this.length - begun);
  }

  put(byte: u32): void {
    // Every answer has a bounded size, and the buffer was made for it.
    if (this.length >= BUFFER_BYTES) unreachable();
    store<u8>(this.start + this.length++, byte);
  }

  private get start(): usize {
    return changetype<usize>(this.bytes);
  }

  private begin(type: PacketType): void {
    this.put(NEWLINE);
    this.packetAt = this.length;
    for (let at: u32 = 0; at < PREAMBLE_BYTES; at++) this.put(preambleByte(at));
    this.put(type);
    this.put(0);
  }

  private end(): void {
    const packet = this.start + this.packetAt;
    store<u8>(packet + LENGTH_AT, this.length - this.packetAt - DATA_AT);
    let sum: u32 = 0;
    for (let at = packet; at < this.start + this.length; at++) sum += load<u8>(at);
    this.put(sum);
    this.put(NEWLINE);
  }
}
