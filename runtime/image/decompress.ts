/**
 * Takes a compressed image apart (contract/compressed-format.ts) as a whole: the reference for the device's decompressor, which
 * does the same piece by piece (runtime/device/update/decompressor.ts).
 */
import {
  COMPRESSED_NUMBER_MAX,
  COMPRESSED_STREAMS_OFFSET,
  COMPRESSED_STREAMS_TABLE_OFFSET,
} from "../contract/compressed-format.ts";
import { FLASH_SECTOR_BYTES } from "../contract/flash-map.ts";
import { IMAGE_HEADER_BYTES, IMAGE_PAYLOAD_BYTES_OFFSET } from "../contract/image-header.ts";
import {
  PATCH_BASE_BYTES_OFFSET,
  PATCH_BASE_ID_OFFSET,
  PATCH_IMAGE_HEADER_OFFSET,
  PATCH_MAGIC,
  PATCH_OPERATIONS_OFFSET,
  PATCH_SIZE_OFFSET,
  PATCH_VERSION,
  PATCH_VERSION_OFFSET,
} from "../contract/patch-format.ts";
import { UpdateFailure } from "../contract/update-messages.ts";
import { viewOf } from "./bytes.ts";
import { checkImage, checkImageHeader } from "./image-header.ts";

/** The image, or why there is none. Signatures are not looked at. */
export function decompressImage(file: Uint8Array): Uint8Array | UpdateFailure {
  const fault = checkHead(file);
  if (fault !== UpdateFailure.None) return fault;
  const header = file.subarray(PATCH_IMAGE_HEADER_OFFSET, PATCH_OPERATIONS_OFFSET);
  const payloadBytes = viewOf(header).getUint32(IMAGE_PAYLOAD_BYTES_OFFSET, true);
  const made = decompressStreams(file.subarray(COMPRESSED_STREAMS_OFFSET), payloadBytes);
  if (made === undefined) return UpdateFailure.BadPatch;
  const { payload, starts } = made;
  const isTold = (start: number, sector: number) =>
    viewOf(file).getUint16(COMPRESSED_STREAMS_TABLE_OFFSET + 2 * sector, true) === COMPRESSED_STREAMS_OFFSET + start;
  if (!starts.every(isTold)) return UpdateFailure.BadPatch;
  const image = Buffer.concat([header, payload]);
  const imageFault = checkImage(image);
  return imageFault === UpdateFailure.None ? new Uint8Array(image) : imageFault;
}

function checkHead(file: Uint8Array): UpdateFailure {
  if (file.length < PATCH_VERSION_OFFSET) return UpdateFailure.NotAnImage;
  const view = viewOf(file);
  if (view.getUint32(0, true) !== PATCH_MAGIC) return UpdateFailure.NotAnImage;
  if (file.length < COMPRESSED_STREAMS_OFFSET) return UpdateFailure.Truncated;
  if (view.getUint32(PATCH_VERSION_OFFSET, true) !== PATCH_VERSION) return UpdateFailure.HeaderVersion;
  const isBaseless = file.subarray(PATCH_BASE_ID_OFFSET, PATCH_BASE_BYTES_OFFSET).every((byte) => byte === 0);
  if (!isBaseless || view.getUint32(PATCH_BASE_BYTES_OFFSET, true) !== 0) return UpdateFailure.WrongBase;
  if (view.getUint32(PATCH_SIZE_OFFSET, true) > file.length) return UpdateFailure.Truncated;
  if (view.getUint32(PATCH_SIZE_OFFSET, true) < file.length) return UpdateFailure.NotAsOffered;
  return checkImageHeader(file.subarray(PATCH_IMAGE_HEADER_OFFSET));
}

class BadStream extends Error {}

/** The payload that the streams make, and where each of them starts; undefined: they are no right streams for it. */
export function decompressStreams(
  streams: Uint8Array,
  payloadBytes: number,
): { payload: Uint8Array; starts: number[] } | undefined {
  const payload = new Uint8Array(payloadBytes);
  const starts: number[] = [];
  try {
    let offset = 0;
    for (let start = 0; start < payloadBytes; ) {
      const place = start + IMAGE_HEADER_BYTES;
      const end = Math.min(start + FLASH_SECTOR_BYTES - (place % FLASH_SECTOR_BYTES), payloadBytes);
      starts.push(offset);
      offset = readSector(new StreamReader(streams, offset), payload, start, end);
      start = end;
    }
    return offset === streams.length ? { payload, starts } : undefined;
  } catch (error) {
    if (error instanceof BadStream) return undefined;
    throw error;
  }
}

/** Fills the payload from `start` to `end`; returns where the stream ends. */
function readSector(stream: StreamReader, payload: Uint8Array, start: number, end: number): number {
  let distance = 0;
  let isAfterLiterals = false;
  for (let at = start; at < end; ) {
    const isNew = stream.bit() === 1;
    if (!isNew && !isAfterLiterals) {
      const size = stream.number();
      if (size > end - at) throw new BadStream();
      for (const until = at + size; at < until; at++) payload[at] = stream.byte();
      isAfterLiterals = true;
      continue;
    }
    if (isNew) distance = ((stream.number() - 1) << 8) + stream.byte() + 1;
    const size = stream.number() + (isNew ? 1 : 0);
    if (size > end - at || distance === 0 || distance > at) throw new BadStream();
    for (const until = at + size; at < until; at++) payload[at] = payload[at - distance] as number;
    isAfterLiterals = false;
  }
  return stream.offset;
}

class StreamReader {
  readonly #streams: Uint8Array;
  #at: number;
  #bits = 0;
  #bitsLeft = 0;

  constructor(streams: Uint8Array, offset: number) {
    this.#streams = streams;
    this.#at = offset;
  }

  get offset(): number {
    return this.#at;
  }

  bit(): number {
    if (this.#bitsLeft === 0) {
      this.#bits = this.byte();
      this.#bitsLeft = 8;
    }
    return (this.#bits >> --this.#bitsLeft) & 1;
  }

  number(): number {
    let value = 1;
    while (this.bit() === 0) {
      value = 2 * value + this.bit();
      if (value > COMPRESSED_NUMBER_MAX) throw new BadStream();
    }
    return value;
  }

  byte(): number {
    const byte = this.#streams[this.#at++];
    if (byte === undefined) throw new BadStream();
    return byte;
  }
}
