/** What an image or a patch says of itself, and what is wrong with it. */
import { IMAGE_HEADER_BYTES, IMAGE_ID_BYTES, ImageArch } from "../../runtime/contract/image-header.ts";
import {
  PATCH_BASE_BYTES_OFFSET,
  PATCH_BASE_ID_OFFSET,
  PATCH_IMAGE_HEADER_OFFSET,
  PATCH_MAGIC,
  PATCH_OPERATIONS_OFFSET,
} from "../../runtime/contract/patch-format.ts";
import { UpdateFailure } from "../../runtime/contract/update-messages.ts";
import { viewOf } from "../../runtime/image/bytes.ts";
import {
  checkImage,
  checkImageHeader,
  decodeImageHeader,
  ImageError,
  imageIdText,
} from "../../runtime/image/image-header.ts";
import type { Engine } from "../build/compile-program.ts";
import { failureText } from "./failure-texts.ts";

export interface ImageFacts {
  kind: "image" | "patch";
  id: string;
  product: string;
  version: string;
  engine: Engine | "unknown";
  hostAbi: number;
  /** 0 = any. */
  board: number;
  securityCounter: number;
  /** Header and payload; of a patch's result. */
  imageBytes: number;
  ramBytes: number;
  /** SHA-256 of the payload, hexadecimal. */
  digest: string;
  /** Null: not signed. */
  keyId: string | null;
  /** Null: nothing that can be seen without the key. */
  fault: string | null;
  patch?: { patchBytes: number; base: string; baseBytes: number };
}

const ENGINES: Partial<Record<ImageArch, Engine>> = { [ImageArch.Wasm32]: "wasm", [ImageArch.Lx106]: "lx106" };

/** Throws an ImageError where the bytes are neither. */
export function inspectFile(bytes: Uint8Array): ImageFacts {
  const isPatch = bytes.length >= PATCH_OPERATIONS_OFFSET && viewOf(bytes).getUint32(0, true) === PATCH_MAGIC;
  if (!isPatch) return { kind: "image", ...factsOf(bytes, checkImage(bytes)) };
  const header = bytes.subarray(PATCH_IMAGE_HEADER_OFFSET, PATCH_OPERATIONS_OFFSET);
  const base = bytes.subarray(PATCH_BASE_ID_OFFSET, PATCH_BASE_ID_OFFSET + IMAGE_ID_BYTES);
  const patch = {
    patchBytes: bytes.length,
    base: hexOf(base),
    baseBytes: viewOf(bytes).getUint32(PATCH_BASE_BYTES_OFFSET, true),
  };
  return { kind: "patch", ...factsOf(header, checkImageHeader(header)), patch };
}

function factsOf(image: Uint8Array, fault: UpdateFailure): Omit<ImageFacts, "kind" | "patch"> {
  const header = decodeImageHeader(image);
  if (typeof header === "number") throw new ImageError(`there is nothing to show: ${failureText(header)}`);
  return {
    id: imageIdText(image),
    product: header.product,
    version: header.version,
    engine: ENGINES[header.arch] ?? "unknown",
    hostAbi: header.abiVersion,
    board: header.board,
    securityCounter: header.securityCounter,
    imageBytes: IMAGE_HEADER_BYTES + header.payloadBytes,
    ramBytes: header.ramBytes,
    digest: hexOf(header.digest),
    keyId: header.keyId.every((byte) => byte === 0) ? null : hexOf(header.keyId),
    fault: fault === UpdateFailure.None ? null : failureText(fault),
  };
}

/** A line each, for people; not what is wrong with it. */
export function describeFacts(facts: ImageFacts): string[] {
  const { id, product, version, engine, hostAbi, board, securityCounter, imageBytes, ramBytes } = facts;
  return [
    ...(facts.patch === undefined
      ? [`image ${id}: ${imageBytes} bytes`]
      : [
          `patch of ${facts.patch.patchBytes} bytes`,
          `from image ${facts.patch.base}: ${facts.patch.baseBytes} bytes`,
          `to image ${id}: ${imageBytes} bytes`,
        ]),
    `product ${product}, version ${version}, security counter ${securityCounter}`,
    `for engine ${engine}, host ABI ${hostAbi}, ${board === 0 ? "any board" : `board ${board}`}`,
    `RAM: ${ramBytes} bytes`,
    `SHA-256 of its payload: ${facts.digest}`,
    facts.keyId === null ? "not signed" : `signed with key ${facts.keyId} (lintel image verify checks it)`,
  ];
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
