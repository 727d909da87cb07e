/**
 * Cuts the byte stream from the server into MQTT packets, in one fixed buffer. A packet that is longer than the buffer
 * is stepped over and counted; a head that no MQTT 3.1.1 server may send makes the stream `broken` for good.
 */
import { PACKET_DOWN_MAX_BYTES } from "../../contract/limits.ts";
import { tcp_read } from "../imports/host.ts";
import { REMAINING_LENGTH_MAX_BYTES } from "./format.ts";

export class PacketReader {
  private readonly buffer: StaticArray<u8> = new StaticArray<u8>(PACKET_DOWN_MAX_BYTES);
  private filled: u32 = 0;
  /** Bytes of the packet handed out last, to be dropped before the next one. */
  private consumed: u32 = 0;
  /** Bytes of a packet too long for the buffer that are still to come. */
  private skipBytes: u32 = 0;

  /** Packets stepped over because they were too long, since the start. */
  skipped: u32 = 0;
  broken: bool = false;

  /** Type and flags of the packet found. */
  first: u32 = 0;
  body: usize = 0;
  bodyBytes: u32 = 0;

  /** A new connection: forgets what the last one left. */
  begin(): void {
    this.filled = 0;
    this.consumed = 0;
    this.skipBytes = 0;
    this.broken = false;
  }

  private get start(): usize {
    return changetype<usize>(this.buffer);
  }

  /**
   * Finds the next whole packet, reading from the connection as needed; false when there is none yet. The packet stays
   * valid until the next call.
   */
  next(handle: i32): bool {
    this.drop(this.consumed);
    this.consumed = 0;
    // A turn that does not return takes bytes off the connection or off a packet too long: the loop ends.
    while (true) {
      this.skip();
      if (this.skipBytes == 0 && this.parse()) return true;
      if (this.broken) return false;
      if (this.skipBytes > 0 && this.filled > 0) continue;
      const read = tcp_read(handle, this.start + this.filled, PACKET_DOWN_MAX_BYTES - this.filled);
      if (read <= 0) return false;
      this.filled += read;
    }
  }

  private drop(bytes: u32): void {
    if (bytes == 0) return;
    this.filled -= bytes;
    memory.copy(this.start, this.start + bytes, this.filled);
  }

  private skip(): void {
    const bytes = min(this.skipBytes, this.filled);
    this.skipBytes -= bytes;
    this.drop(bytes);
  }

  private parse(): bool {
    if (this.filled < 2) return false;
    let bodyBytes: u32 = 0;
    let headBytes: u32 = 1;
    while (true) {
      if (headBytes > <u32>REMAINING_LENGTH_MAX_BYTES) {
        this.broken = true;
        return false;
      }
      if (headBytes >= this.filled) return false;
      const digit = <u32>load<u8>(this.start + headBytes);
      bodyBytes |= (digit & 127) << (7 * (headBytes - 1));
      headBytes++;
      if (digit < 128) break;
    }
    const packetBytes = headBytes + bodyBytes;
    if (packetBytes > <u32>PACKET_DOWN_MAX_BYTES) {
      this.skipped++;
      this.skipBytes = packetBytes;
      return false;
    }
    if (this.filled < packetBytes) return false;
    this.first = load<u8>(this.start);
    this.body = this.start + headBytes;
    this.bodyBytes = bodyBytes;
    this.consumed = packetBytes;
    return true;
  }
}
