/** A server of updates for specs: offers an image, answers requests from memory, remembers what the device reports. */
import { IMAGE_ID_BYTES } from "../../contract/image-header.ts";
import { CHANNEL_CHUNK, CHANNEL_OFFER } from "../../contract/topics.ts";
import { ChunkKey, OfferKey, UpdateKey } from "../../contract/update-messages.ts";
import { CborReader } from "../cbor/reader.ts";
import { CborWriter } from "../cbor/writer.ts";
import { IncomingChannel, SessionPart, Taken } from "../session/session-part.ts";

const packet = memory.data(1200, 4);
const answer = memory.data(512, 4);

class Channel implements IncomingChannel {
  name: string = "";

  isChannel(channel: string): bool {
    return channel == this.name;
  }
}

/** A report as `state`, or `state:failure`, or `state%percent`. */
export class UpdateServer {
  private readonly channel: Channel = new Channel();
  private readonly reader: CborReader = new CborReader();
  private readonly writer: CborWriter = new CborWriter();
  private readonly ids: usize = memory.data(16);

  /** What is served, and how much of it is there. */
  image: usize = 0;
  imageBytes: u32 = 0;
  patch: usize = 0;
  patchBytes: u32 = 0;
  chunkBytes: u32 = 768;
  /** Chunks that get lost on the way: each `lossEvery`th. 0 = none. */
  lossEvery: u32 = 0;
  private chunks: u32 = 0;

  reports: string[] = [];
  requests: i32 = 0;
  /** Bytes that were asked for. */
  asked: u32 = 0;
  nowMs: u32 = 0;

  constructor(readonly device: SessionPart) {}

  get id(): usize {
    return this.ids;
  }

  get base(): usize {
    return this.ids + IMAGE_ID_BYTES;
  }

  /** Offers image `id` of this size; with a patch when there is one. */
  offer(sizeBytes: u32, retry: bool = false): Taken {
    const writer = this.begin();
    writer.map((this.patch != 0 ? 4 : 2) + u32(retry));
    writer.integer(OfferKey.Image);
    writer.bytes(this.id, IMAGE_ID_BYTES);
    writer.integer(OfferKey.SizeBytes);
    writer.unsigned(sizeBytes);
    if (this.patch != 0) {
      writer.integer(OfferKey.Base);
      writer.bytes(this.base, IMAGE_ID_BYTES);
      writer.integer(OfferKey.PatchBytes);
      writer.unsigned(this.patchBytes);
    }
    if (retry) {
      writer.integer(OfferKey.Retry);
      writer.boolean(true);
    }
    return this.send(CHANNEL_OFFER);
  }

  private begin(): CborWriter {
    // As in a packet, at an odd address behind its topic.
    this.writer.begin(packet + 37, 1100);
    return this.writer;
  }

  private send(channel: string): Taken {
    return this.sendRaw(channel, this.writer.start, this.writer.length);
  }

  sendRaw(channel: string, pointer: usize, length: u32): Taken {
    this.channel.name = channel;
    return this.device.take(this.channel, this.reader, pointer, length, this.nowMs);
  }

  /** A chunk of the image (or the patch) from `offset`. */
  sendChunk(offset: u32, length: u32, isPatch: bool): Taken {
    const writer = this.begin();
    const from = isPatch ? this.patch : this.image;
    writer.map(isPatch ? 4 : 3);
    writer.integer(ChunkKey.Image);
    writer.bytes(this.id, IMAGE_ID_BYTES);
    writer.integer(ChunkKey.Offset);
    writer.unsigned(offset);
    writer.integer(ChunkKey.Bytes);
    writer.bytes(from + offset, length);
    if (isPatch) {
      writer.integer(ChunkKey.Base);
      writer.bytes(this.base, IMAGE_ID_BYTES);
    }
    return this.send(CHANNEL_CHUNK);
  }

  /** Lets the device say one thing, and answers it; false when it has nothing to say. */
  turn(): bool {
    if (!this.device.owes(this.nowMs)) return false;
    const writer = this.writer;
    writer.begin(answer, 448);
    this.device.write(writer, this.nowMs);
    const reader = this.reader;
    reader.begin(writer.start, writer.length);
    let state = -1;
    let offset: u32 = 0;
    let length: u32 = 0;
    let isPatch = false;
    let more = "";
    for (let pairs = reader.map(); pairs > 0; pairs--) {
      const key = reader.integer();
      if (key == UpdateKey.State) state = reader.integer();
      else if (key == UpdateKey.Offset) offset = reader.unsigned();
      else if (key == UpdateKey.Length) length = reader.unsigned();
      else if (key == UpdateKey.Percent) more = "%" + reader.unsigned().toString();
      else if (key == UpdateKey.Failure) more = ":" + reader.unsigned().toString();
      else {
        if (key == UpdateKey.Base) isPatch = true;
        reader.skip();
      }
    }
    if (!reader.finished) unreachable();
    if (state >= 0) this.reports.push(state.toString() + more);
    else this.answerRequest(offset, length, isPatch);
    return true;
  }

  private answerRequest(offset: u32, length: u32, isPatch: bool): void {
    this.requests++;
    this.asked += length;
    const there = isPatch ? this.patchBytes : this.imageBytes;
    const end = min(offset + length, there);
    if (offset >= end) this.sendChunk(offset, 0, isPatch);
    while (offset < end) {
      const bytes = min(this.chunkBytes, end - offset);
      while (this.device.holdsMessage()) this.device.poll(this.nowMs);
      if (this.lossEvery == 0 || ++this.chunks % this.lossEvery != 0) this.sendChunk(offset, bytes, isPatch);
      offset += bytes;
    }
  }

  /** Talks until nothing is left to say, or for `turns`; the device is polled in between. Time stands still. */
  serve(turns: i32 = 1000): void {
    for (let i = 0; i < turns; i++) {
      this.device.poll(this.nowMs);
      if (!this.turn() && this.device.delayMs(this.nowMs) > 0) return;
    }
  }

  /** Time passes, in steps of a second. */
  wait(seconds: i32): void {
    for (let i = 0; i < seconds; i++) {
      this.nowMs += 1000;
      this.serve();
    }
  }

  takeReports(): string {
    const text = this.reports.join(" ");
    this.reports = [];
    return text;
  }
}
