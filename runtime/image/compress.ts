/** Compresses an image (contract/compressed-format.ts). */
import { COMPRESSED_STREAMS_OFFSET, COMPRESSED_STREAMS_TABLE_OFFSET } from "../contract/compressed-format.ts";
import { FLASH_SECTOR_BYTES } from "../contract/flash-map.ts";
import { IMAGE_HEADER_BYTES } from "../contract/image-header.ts";
import {
  PATCH_IMAGE_HEADER_OFFSET,
  PATCH_MAGIC,
  PATCH_SIZE_OFFSET,
  PATCH_VERSION,
  PATCH_VERSION_OFFSET,
} from "../contract/patch-format.ts";
import { viewOf } from "./bytes.ts";
import { PairIndex, type Token, tokensOf } from "./compressed-tokens.ts";

/** A whole image with its header, compressed; an image that is good. */
export function compressImage(image: Uint8Array): Uint8Array {
  const payload = image.subarray(IMAGE_HEADER_BYTES);
  const streams = compressPayload(payload);
  const sizeBytes = streams.reduce((sum, stream) => sum + stream.length, COMPRESSED_STREAMS_OFFSET);
  const file = new Uint8Array(sizeBytes);
  const view = viewOf(file);
  view.setUint32(0, PATCH_MAGIC, true);
  view.setUint32(PATCH_VERSION_OFFSET, PATCH_VERSION, true);
  view.setUint32(PATCH_SIZE_OFFSET, sizeBytes, true);
  file.set(image.subarray(0, IMAGE_HEADER_BYTES), PATCH_IMAGE_HEADER_OFFSET);
  let offset = COMPRESSED_STREAMS_OFFSET;
  for (const [sector, stream] of streams.entries()) {
    view.setUint16(COMPRESSED_STREAMS_TABLE_OFFSET + 2 * sector, offset, true);
    file.set(stream, offset);
    offset += stream.length;
  }
  return file;
}

/** The stream of each sector that the payload reaches into. */
export function compressPayload(payload: Uint8Array): Uint8Array[] {
  const index = new PairIndex(payload);
  const streams: Uint8Array[] = [];
  let start = 0;
  while (start < payload.length) {
    const end = Math.min(
      start + FLASH_SECTOR_BYTES - ((start + IMAGE_HEADER_BYTES) % FLASH_SECTOR_BYTES),
      payload.length,
    );
    streams.push(write(payload, start, tokensOf(payload, start, end, index)));
    start = end;
  }
  return streams;
}

function write(payload: Uint8Array, start: number, tokens: Token[]): Uint8Array {
  const stream = new StreamWriter();
  let at = start;
  for (const { kind, sizeBytes, ...copy } of tokens) {
    const distance = "distance" in copy ? copy.distance : 0;
    if (kind === "literals") {
      stream.bit(0);
      stream.number(sizeBytes);
      for (const byte of payload.subarray(at, at + sizeBytes)) stream.byte(byte);
    } else if (distance === 0) {
      stream.bit(0);
      stream.number(sizeBytes);
    } else {
      stream.bit(1);
      stream.number(((distance - 1) >> 8) + 1);
      stream.byte((distance - 1) & 0xff);
      stream.number(sizeBytes - 1);
    }
    at += sizeBytes;
  }
  return stream.bytes();
}

class StreamWriter {
  readonly #bytes: number[] = [];
  /** Where the byte is that bits go to, and how many it has room for. */
  #place = 0;
  #room = 0;

  bit(bit: number): void {
    if (this.#room === 0) {
      this.#place = this.#bytes.push(0) - 1;
      this.#room = 8;
    }
    this.#bytes[this.#place] = (this.#bytes[this.#place] as number) | (bit << --this.#room);
  }

  number(value: number): void {
    for (let index = 30 - Math.clz32(value); index >= 0; index--) {
      this.bit(0);
      this.bit((value >> index) & 1);
    }
    this.bit(1);
  }

  byte(byte: number): void {
    this.#bytes.push(byte);
  }

  bytes(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }
}
