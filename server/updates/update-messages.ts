/**
 * `update`, `offer` and `chunk` between bytes and values (runtime/contract/update-messages.ts). Image ids are hexadecimal
 * text in the server and bytes on the wire. States and failures of newer devices are taken as the numbers that they are.
 */
import { NO_BASE_ID_BYTE } from "../../runtime/contract/compressed-format.ts";
import { IMAGE_ID_BYTES } from "../../runtime/contract/image-header.ts";
import { ChunkKey, OfferKey, UPDATE_REQUEST_MAX_BYTES, UpdateKey } from "../../runtime/contract/update-messages.ts";
import { encodeCbor } from "../ingest/cbor-codec.ts";
import { decodeMap, MessageFields } from "../ingest/message-fields.ts";

export interface ChunkRequest {
  kind: "request";
  image: string;
  /** The piece is one of the patch from this image, or of the compressed image (NO_BASE). */
  base: string | null;
  offset: number;
  lengthBytes: number;
}

export interface UpdateReport {
  kind: "report";
  state: number;
  image: Uint8Array | null;
  percent: number | null;
  failure: number | null;
}

export interface Offer {
  image: string;
  sizeBytes: number;
  patch: { base: string; sizeBytes: number } | null;
  isRetry: boolean;
}

/** Base of what starts from no image. */
export const NO_BASE = idText(new Uint8Array(IMAGE_ID_BYTES).fill(NO_BASE_ID_BYTE));

const STATE_MAX = 255;
const FAILURE_MAX = 255;
const U32_MAX = 0xffffffff;

/** Null when it is neither. */
export function decodeUpdate(payload: Uint8Array): ChunkRequest | UpdateReport | null {
  const map = decodeMap(payload);
  if (map === null) return null;
  const fields = new MessageFields(map);
  const image = fields.bytes(UpdateKey.Image, IMAGE_ID_BYTES);
  if (map.has(UpdateKey.Offset)) {
    const offset = fields.between(UpdateKey.Offset, 0, U32_MAX);
    const lengthBytes = fields.between(UpdateKey.Length, 1, UPDATE_REQUEST_MAX_BYTES);
    const base = fields.bytes(UpdateKey.Base, IMAGE_ID_BYTES);
    if (!fields.isSound || image === null || offset === null || lengthBytes === null) return null;
    return { kind: "request", image: idText(image), base: base && idText(base), offset, lengthBytes };
  }
  const state = fields.between(UpdateKey.State, 0, STATE_MAX);
  const percent = fields.between(UpdateKey.Percent, 0, 100);
  const failure = fields.between(UpdateKey.Failure, 0, FAILURE_MAX);
  if (!fields.isSound || state === null) return null;
  return { kind: "report", state, image, percent, failure };
}

export function encodeOffer({ image, sizeBytes, patch, isRetry }: Offer): Uint8Array {
  const map = new Map<number, unknown>([
    [OfferKey.Image, idBytes(image)],
    [OfferKey.SizeBytes, sizeBytes],
  ]);
  if (patch !== null) map.set(OfferKey.Base, idBytes(patch.base)).set(OfferKey.PatchBytes, patch.sizeBytes);
  if (isRetry) map.set(OfferKey.Retry, true);
  return encodeCbor(map);
}

export function encodeChunk(request: ChunkRequest, offset: number, bytes: Uint8Array): Uint8Array {
  const map = new Map<number, unknown>([
    [ChunkKey.Image, idBytes(request.image)],
    [ChunkKey.Offset, offset],
    [ChunkKey.Bytes, bytes],
  ]);
  if (request.base !== null) map.set(ChunkKey.Base, idBytes(request.base));
  return encodeCbor(map);
}

export function idText(id: Uint8Array): string {
  return Buffer.from(id.buffer, id.byteOffset, id.length).toString("hex");
}

export function idBytes(id: string): Buffer {
  return Buffer.from(id, "hex");
}
