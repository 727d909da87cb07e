/**
 * Finds packets in what comes over the line. Bytes are kept from where a packet may begin; where it turns out to be none, the
 * search goes on behind its first byte, so a packet behind a damaged one, or inside of it, is found.
 */
import { DATA_AT, DATA_MAX_BYTES, LENGTH_AT, PacketType, PREAMBLE_BYTES, preambleByte, TYPE_AT } from "./format.ts";

const CHECKSUM_BYTES: u32 = 1;

export enum Heard {
  /** No whole packet yet. */
  Nothing = 0,
  /** `type`, `data` and `dataBytes` are those of a packet, until `next` is called again. */
  Packet = 1,
  /** An RPC that is too long, or whose checksum is wrong. */
  Damaged = 2,
}

export class PacketReader {
  private readonly bytes: StaticArray<u8> = new StaticArray<u8>(DATA_AT + DATA_MAX_BYTES + CHECKSUM_BYTES);
  private length: u32 = 0;
  /** Of the packet that `next` gave out. */
  private packetBytes: u32 = 0;

  private get start(): usize {
    return changetype<usize>(this.bytes);
  }

  private byte(at: u32): u32 {
    return load<u8>(this.start + at);
  }

  /** Something that may become a packet has begun. */
  get isWaiting(): bool {
    return this.length > this.packetBytes;
  }

  get type(): u32 {
    return this.byte(TYPE_AT);
  }

  get data(): usize {
    return this.start + DATA_AT;
  }

  get dataBytes(): u32 {
    return this.byte(LENGTH_AT);
  }

  /** Takes one more byte. Only after `next` has answered Nothing: then there is room. */
  put(byte: u32): void {
    store<u8>(this.start + this.length++, byte);
  }

  /** What the bytes so far hold next. */
  next(): Heard {
    this.drop(this.packetBytes);
    for (; this.length > 0; this.drop(1)) {
      if (!this.beginsLikePacket()) continue;
      if (this.length <= LENGTH_AT) return Heard.Nothing;
      const dataBytes = this.dataBytes;
      const checksumAt = DATA_AT + dataBytes;
      if (dataBytes <= DATA_MAX_BYTES) {
        if (this.length <= checksumAt) return Heard.Nothing;
        if (this.sum(checksumAt) == this.byte(checksumAt)) {
          this.packetBytes = checksumAt + CHECKSUM_BYTES;
          return Heard.Packet;
        }
      }
      if (this.type != PacketType.Rpc) continue;
      this.drop(1);
      return Heard.Damaged;
    }
    return Heard.Nothing;
  }

  /** The rest of what has begun does not come: a packet that did may stand behind its beginning. */
  giveUp(): void {
    this.drop(this.packetBytes);
    this.drop(1);
  }

  private beginsLikePacket(): bool {
    const end = min(this.length, PREAMBLE_BYTES);
    for (let at: u32 = 0; at < end; at++) {
      if (this.byte(at) != preambleByte(at)) return false;
    }
    return true;
  }

  private sum(end: u32): u32 {
    let sum: u32 = 0;
    for (let at: u32 = 0; at < end; at++) sum += this.byte(at);
    return sum & 0xff;
  }

  private drop(bytes: u32): void {
    if (bytes == 0) return;
    this.packetBytes = 0;
    this.length -= bytes;
    memory.copy(this.start, this.start + bytes, this.length);
  }
}
