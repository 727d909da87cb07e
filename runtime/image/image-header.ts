/**
 * Headers of images (contract/image-header.ts): bytes to fields and back, and what a device would say to one. The order of
 * the checks is the device's.
 */
import { createHash } from "node:crypto";
import { FLASH_SLOT_BYTES } from "../contract/flash-map.ts";
import { HOST_ABI_VERSION } from "../contract/host-abi.ts";
import {
  IMAGE_ABI_OFFSET,
  IMAGE_ARCH_OFFSET,
  IMAGE_BOARD_OFFSET,
  IMAGE_DIGEST_OFFSET,
  IMAGE_HEADER_BYTES,
  IMAGE_HEADER_VERSION,
  IMAGE_ID_BYTES,
  IMAGE_KEY_ID_OFFSET,
  IMAGE_MAGIC,
  IMAGE_PAYLOAD_BYTES_OFFSET,
  IMAGE_PRODUCT_BYTES,
  IMAGE_PRODUCT_OFFSET,
  IMAGE_PROGRAM_VERSION_BYTES,
  IMAGE_PROGRAM_VERSION_OFFSET,
  IMAGE_RAM_BYTES_OFFSET,
  IMAGE_RESERVED_OFFSET,
  IMAGE_SECURITY_COUNTER_OFFSET,
  IMAGE_SIGNATURE_OFFSET,
  IMAGE_VERSION_OFFSET,
  ImageArch,
  KEY_ID_BYTES,
  P256_SIGNATURE_BYTES,
  SHA256_BYTES,
} from "../contract/image-header.ts";
import { PROGRAM_RAM_BYTES } from "../contract/limits.ts";
import { UpdateFailure } from "../contract/update-messages.ts";
import { viewOf } from "./bytes.ts";

const WORD_BYTES = 4;
const U32_MAX = 0xffffffff;
const TEXT = /^[\x21-\x7e]*$/;

export interface ImageHeader {
  arch: ImageArch;
  /** Host ABI version needed. */
  abiVersion: number;
  product: string;
  /** 0 = any. */
  board: number;
  /** Of the program, as `1.2.0`. */
  version: string;
  securityCounter: number;
  payloadBytes: number;
  ramBytes: number;
  /** SHA-256 of the payload. */
  digest: Uint8Array;
  /** All zero: not signed. */
  keyId: Uint8Array;
  signature: Uint8Array;
}

/** What a device is and has; only what is given is checked. */
export interface ImageTarget {
  arch?: ImageArch;
  /** Absent: this package's own. */
  abiVersion?: number;
  product?: string;
  board?: number;
  /** Lowest security counter that it takes. */
  securityFloor?: number;
}

/** A header cannot hold these values; the message says which. */
export class ImageError extends Error {}

export function encodeImageHeader(header: ImageHeader): Uint8Array {
  const bytes = new Uint8Array(IMAGE_HEADER_BYTES);
  const view = viewOf(bytes);
  const word = (name: string, offset: number, value: number) => {
    if (!Number.isInteger(value) || value < 0 || value > U32_MAX) {
      throw new ImageError(`the ${name} of an image is a whole number of 32 bits, not ${value}`);
    }
    view.setUint32(offset, value, true);
  };
  const binary = (name: string, offset: number, value: Uint8Array, sizeBytes: number) => {
    if (value.length !== sizeBytes) throw new ImageError(`the ${name} of an image has ${sizeBytes} bytes`);
    bytes.set(value, offset);
  };
  word("magic", 0, IMAGE_MAGIC);
  word("header version", IMAGE_VERSION_OFFSET, IMAGE_HEADER_VERSION);
  word("arch", IMAGE_ARCH_OFFSET, header.arch);
  word("host ABI version", IMAGE_ABI_OFFSET, header.abiVersion);
  bytes.set(textBytes("product", header.product, IMAGE_PRODUCT_BYTES), IMAGE_PRODUCT_OFFSET);
  word("board", IMAGE_BOARD_OFFSET, header.board);
  bytes.set(textBytes("version", header.version, IMAGE_PROGRAM_VERSION_BYTES), IMAGE_PROGRAM_VERSION_OFFSET);
  word("security counter", IMAGE_SECURITY_COUNTER_OFFSET, header.securityCounter);
  word("payload size", IMAGE_PAYLOAD_BYTES_OFFSET, header.payloadBytes);
  word("RAM", IMAGE_RAM_BYTES_OFFSET, header.ramBytes);
  binary("digest", IMAGE_DIGEST_OFFSET, header.digest, SHA256_BYTES);
  binary("key id", IMAGE_KEY_ID_OFFSET, header.keyId, KEY_ID_BYTES);
  binary("signature", IMAGE_SIGNATURE_OFFSET, header.signature, P256_SIGNATURE_BYTES);
  return bytes;
}

/** The fields of the header that `image` begins with, or why it has none. */
export function decodeImageHeader(image: Uint8Array): ImageHeader | UpdateFailure {
  if (image.length < WORD_BYTES) return UpdateFailure.NotAnImage;
  const view = viewOf(image);
  if (view.getUint32(0, true) !== IMAGE_MAGIC) return UpdateFailure.NotAnImage;
  if (image.length < IMAGE_HEADER_BYTES) return UpdateFailure.Truncated;
  if (view.getUint32(IMAGE_VERSION_OFFSET, true) !== IMAGE_HEADER_VERSION) return UpdateFailure.HeaderVersion;
  const product = textAt(image, IMAGE_PRODUCT_OFFSET, IMAGE_PRODUCT_BYTES);
  const version = textAt(image, IMAGE_PROGRAM_VERSION_OFFSET, IMAGE_PROGRAM_VERSION_BYTES);
  const reserved = image.subarray(IMAGE_RESERVED_OFFSET, IMAGE_SIGNATURE_OFFSET);
  if (product === undefined || version === undefined || reserved.some((byte) => byte !== 0)) {
    return UpdateFailure.NotAnImage;
  }
  return {
    arch: view.getUint32(IMAGE_ARCH_OFFSET, true),
    abiVersion: view.getUint32(IMAGE_ABI_OFFSET, true),
    product,
    board: view.getUint32(IMAGE_BOARD_OFFSET, true),
    version,
    securityCounter: view.getUint32(IMAGE_SECURITY_COUNTER_OFFSET, true),
    payloadBytes: view.getUint32(IMAGE_PAYLOAD_BYTES_OFFSET, true),
    ramBytes: view.getUint32(IMAGE_RAM_BYTES_OFFSET, true),
    digest: copyOf(image, IMAGE_DIGEST_OFFSET, SHA256_BYTES),
    keyId: copyOf(image, IMAGE_KEY_ID_OFFSET, KEY_ID_BYTES),
    signature: copyOf(image, IMAGE_SIGNATURE_OFFSET, P256_SIGNATURE_BYTES),
  };
}

/** What is wrong with the header that `image` begins with; its payload need not be there. */
export function checkImageHeader(image: Uint8Array, target: ImageTarget = {}): UpdateFailure {
  const header = decodeImageHeader(image);
  if (typeof header === "number") return header;
  if (header.payloadBytes === 0) return UpdateFailure.NotAnImage;
  const isKnownArch = header.arch === ImageArch.Wasm32 || header.arch === ImageArch.Lx106;
  if (!isKnownArch || header.arch !== (target.arch ?? header.arch)) return UpdateFailure.WrongArch;
  if (header.abiVersion > (target.abiVersion ?? HOST_ABI_VERSION)) return UpdateFailure.AbiTooNew;
  if (header.product === "" || header.product !== (target.product ?? header.product)) return UpdateFailure.WrongProduct;
  if (header.board !== 0 && header.board !== (target.board ?? header.board)) return UpdateFailure.WrongBoard;
  if (IMAGE_HEADER_BYTES + header.payloadBytes > FLASH_SLOT_BYTES) return UpdateFailure.TooLarge;
  if (header.ramBytes > PROGRAM_RAM_BYTES) return UpdateFailure.TooMuchRam;
  if (header.securityCounter < (target.securityFloor ?? 0)) return UpdateFailure.Replayed;
  return UpdateFailure.None;
}

/** What is wrong with a whole image but for its signature (verify-signature.ts). */
export function checkImage(image: Uint8Array, target: ImageTarget = {}): UpdateFailure {
  const fault = checkImageHeader(image, target);
  if (fault !== UpdateFailure.None) return fault;
  const payload = image.subarray(IMAGE_HEADER_BYTES);
  const payloadBytes = viewOf(image).getUint32(IMAGE_PAYLOAD_BYTES_OFFSET, true);
  if (payload.length < payloadBytes) return UpdateFailure.Truncated;
  if (payload.length > payloadBytes) return UpdateFailure.NotAsOffered;
  const digest = image.subarray(IMAGE_DIGEST_OFFSET, IMAGE_DIGEST_OFFSET + SHA256_BYTES);
  return sha256(payload).equals(digest) ? UpdateFailure.None : UpdateFailure.BadDigest;
}

/** The name of the image that begins with this header. */
export function imageId(image: Uint8Array): Uint8Array {
  return sha256(image.subarray(0, IMAGE_HEADER_BYTES)).subarray(0, IMAGE_ID_BYTES);
}

/** As the API and the command line write it: 16 hexadecimal digits. */
export function imageIdText(image: Uint8Array): string {
  return Buffer.from(imageId(image)).toString("hex");
}

export function sha256(bytes: Uint8Array): Buffer {
  return createHash("sha256").update(bytes).digest();
}

/** A copy whatever `image` is: the slice of a Buffer shares its memory. */
function copyOf(image: Uint8Array, offset: number, sizeBytes: number): Uint8Array {
  return Uint8Array.from(image.subarray(offset, offset + sizeBytes));
}

function textBytes(name: string, text: string, sizeBytes: number): Uint8Array {
  if (text === "" || !TEXT.test(text) || text.length > sizeBytes) {
    throw new ImageError(
      `the ${name} of an image takes 1 to ${sizeBytes} ASCII characters without spaces, not "${text}"`,
    );
  }
  return new TextEncoder().encode(text);
}

/** Undefined where the bytes are not ASCII filled up with zeros. */
function textAt(bytes: Uint8Array, offset: number, sizeBytes: number): string | undefined {
  const text = Buffer.from(bytes.subarray(offset, offset + sizeBytes))
    .toString("latin1")
    .replace(/\0+$/, "");
  return TEXT.test(text) ? text : undefined;
}
