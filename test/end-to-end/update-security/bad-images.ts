/** What a server can offer that no board may take, each with the reason that the board gives. */

import type { RandomSource } from "../../../runtime/board/random.ts";
import { FLASH_SLOT_BYTES } from "../../../runtime/contract/flash-map.ts";
import { HOST_ABI_VERSION } from "../../../runtime/contract/host-abi.ts";
import {
  BOOT_PRODUCT,
  IMAGE_ABI_OFFSET,
  IMAGE_DIGEST_OFFSET,
  IMAGE_HEADER_BYTES,
  IMAGE_KEY_ID_OFFSET,
  IMAGE_PAYLOAD_BYTES_OFFSET,
  IMAGE_RAM_BYTES_OFFSET,
  IMAGE_SECURITY_COUNTER_OFFSET,
  IMAGE_SIGNATURE_OFFSET,
  IMAGE_VERSION_OFFSET,
  ImageArch,
} from "../../../runtime/contract/image-header.ts";
import { PROGRAM_RAM_BYTES } from "../../../runtime/contract/limits.ts";
import { NativeImageWord } from "../../../runtime/contract/native-image.ts";
import { keyIdOf } from "../../../runtime/image/verify-signature.ts";
import type { Engine } from "../../../tools/build/compile-program.ts";
import { ENGINE_ARCH } from "../../../tools/image/build-image.ts";
import { newKey, publicPoint } from "../../../tools/image/keys.ts";
import { type CounterImages, FLOOR, type Forgery, flipped, forge } from "./counter-images.ts";
import type { ShelvedImage } from "./tampered-shop.ts";

export interface BadImage extends ShelvedImage {
  name: string;
  /** As the API names it. */
  reason: string;
  /** Only the last of it tells: the slot that does not run has been written. */
  isLoaded?: boolean;
}

const PAYLOAD_MAX_BYTES = FLASH_SLOT_BYTES - IMAGE_HEADER_BYTES;
const U32_MAX = 0xffffffff;

/** `change` makes a Forgery of one that is an image in order. */
export type Forger = (change?: Partial<Forgery>) => Buffer;

export function forgerOf({ key, newPayload, board }: CounterImages): Forger {
  return (change = {}) => forge({ key, payload: newPayload, arch: ENGINE_ARCH[board.engine], ...change });
}

/** One thing is wrong with each, and whoever signed it has the right key. */
export function wrongImages(images: CounterImages, forged: Forger): BadImage[] {
  const { newPayload: payload, board } = images;
  const stranger = newKey();
  const arch = board.engine === "wasm" ? ImageArch.Lx106 : ImageArch.Wasm32;
  const word = (offset: number, value: number) => (header: Buffer) => void header.writeUInt32LE(value, offset);
  const trustedKeyId = Buffer.from(keyIdOf(publicPoint(images.key)));
  const unsigned = forged();
  unsigned.fill(0, IMAGE_KEY_ID_OFFSET, IMAGE_KEY_ID_OFFSET + trustedKeyId.length);
  unsigned.fill(0, IMAGE_SIGNATURE_OFFSET, IMAGE_HEADER_BYTES);
  const zeroSignature = forged();
  zeroSignature.fill(0, IMAGE_SIGNATURE_OFFSET, IMAGE_HEADER_BYTES);
  const onesSignature = forged();
  onesSignature.fill(0xff, IMAGE_SIGNATURE_OFFSET, IMAGE_HEADER_BYTES);
  const otherSignature = forged();
  forged({ fields: { version: "0.3.0" } }).copy(
    otherSignature,
    IMAGE_SIGNATURE_OFFSET,
    IMAGE_SIGNATURE_OFFSET,
    IMAGE_HEADER_BYTES,
  );
  const atOffered = (bytes: Buffer) => ({
    bytes,
    sizeBytes: (bytes.readUInt32LE(IMAGE_PAYLOAD_BYTES_OFFSET) + IMAGE_HEADER_BYTES) % (U32_MAX + 1),
  });
  const fieldsWrong: Array<[string, string, Partial<Forgery>]> = [
    ["another magic", "not-an-image", { edit: word(0, 0x464c457f) }],
    ["a header of the future", "header-version", { edit: word(IMAGE_VERSION_OFFSET, 2) }],
    ["for the other kind of machine", "wrong-arch", { arch }],
    ["for a host of the future", "abi-too-new", { edit: word(IMAGE_ABI_OFFSET, HOST_ABI_VERSION + 1) }],
    ["for another product", "wrong-product", { fields: { product: "gate" } }],
    ["for a product with a longer name", "wrong-product", { fields: { product: "counter2" } }],
    ["for a product with a shorter name", "wrong-product", { fields: { product: "counte" } }],
    ["a boot program", "wrong-product", { fields: { product: BOOT_PRODUCT } }],
    ["for another board", "wrong-board", { fields: { board: 7 } }],
    ["too much RAM", "too-much-ram", { fields: { ramBytes: PROGRAM_RAM_BYTES + 1 } }],
    ["an old one, replayed", "replayed", { fields: { securityCounter: FLOOR - 1 } }],
    ["the oldest one, replayed", "replayed", { fields: { securityCounter: 0 } }],
    ["signed by a stranger", "unknown-key", { key: stranger, fields: { keyId: keyIdOf(publicPoint(stranger)) } }],
    ["signed by a stranger in a friend's name", "bad-signature", { key: stranger, fields: { keyId: trustedKeyId } }],
  ];
  return [
    ...fieldsWrong.map(([name, reason, change]) => ({ name, reason, bytes: forged(change) })),
    { name: "not signed", reason: "unknown-key", bytes: unsigned },
    { name: "a signature of zeros", reason: "bad-signature", bytes: zeroSignature },
    { name: "a signature of ones", reason: "bad-signature", bytes: onesSignature },
    { name: "the signature of another image", reason: "bad-signature", bytes: otherSignature },
    { name: "without a payload", reason: "not-an-image", bytes: forged({ payload: new Uint8Array(0) }) },
    {
      name: "a byte larger than a slot",
      reason: "too-large",
      bytes: forged({ payload: padded(payload, PAYLOAD_MAX_BYTES + 1) }),
    },
    {
      name: "4 GiB by its header",
      reason: "too-large",
      ...atOffered(forged({ fields: { payloadBytes: U32_MAX } })),
    },
    {
      name: "4 GiB by its header and with it",
      reason: "too-large",
      ...atOffered(forged({ fields: { payloadBytes: U32_MAX - IMAGE_HEADER_BYTES } })),
    },
    { name: "under the id of another", reason: "not-as-offered", bytes: forged(), id: "0123456789abcdef" },
    {
      name: "the digest of another payload",
      reason: "bad-digest",
      isLoaded: true,
      bytes: forged({ fields: { digest: Buffer.alloc(32, 1) } }),
    },
    {
      name: "another payload of the same size",
      reason: "bad-digest",
      isLoaded: true,
      bytes: Buffer.concat([forged().subarray(0, IMAGE_HEADER_BYTES), Buffer.alloc(payload.length)]),
    },
  ];
}

/** The server has less than it says, or says other than the header. */
export function cutImages(forged: Forger): BadImage[] {
  const whole = forged().length;
  const cut = (length: number, reason: string): BadImage => {
    const bytes = forged();
    const isLoaded = length > IMAGE_HEADER_BYTES;
    return {
      name: `${length} of ${whole} bytes`,
      reason,
      isLoaded,
      bytes: bytes.subarray(0, length),
      sizeBytes: whole,
    };
  };
  const told = (sizeBytes: number): BadImage => ({
    name: `${sizeBytes} bytes, by the server`,
    reason: "not-as-offered",
    bytes: Buffer.concat([forged(), Buffer.alloc(16)]).subarray(0, sizeBytes),
    sizeBytes,
  });
  return [
    cut(0, "not-available"),
    ...[1, 64, IMAGE_HEADER_BYTES - 1].map((length) => cut(length, "truncated")),
    { ...cut(IMAGE_HEADER_BYTES, "truncated"), isLoaded: true },
    ...[IMAGE_HEADER_BYTES + 1, 4096, 5000, whole >> 1].map((length) => cut(length, "truncated")),
    ...[1, 2, 3, 4, 5].map((missing) => cut(whole - missing, "truncated")),
    ...[IMAGE_HEADER_BYTES, whole - 1, whole + 1, whole + 16].map(told),
  ];
}

/** Each byte of the header with one bit flipped; the server has it under its own id, and says what the header says. */
export function flippedHeaders(forged: Forger, random: RandomSource, offsets: readonly number[]): BadImage[] {
  return offsets.map((offset) => {
    const bit = random.integer(0, 7);
    const bytes = flipped(forged(), offset, bit);
    const sizeBytes = IMAGE_HEADER_BYTES + bytes.readUInt32LE(IMAGE_PAYLOAD_BYTES_OFFSET);
    return { name: `header byte ${offset}, bit ${bit}`, reason: reasonOf(bytes, offset), bytes, sizeBytes };
  });
}

/** Why a header with a changed byte is refused: what the header's table says of the byte (contract/image-header.ts); what no check of a field catches, the signature does. */
export function reasonOf(header: Buffer, offset: number): string {
  if (offset < IMAGE_VERSION_OFFSET) return "not-an-image";
  if (offset < 8) return "header-version";
  if (offset < IMAGE_ABI_OFFSET) return "wrong-arch";
  if (offset < 16) return header.readUInt32LE(IMAGE_ABI_OFFSET) > 1 ? "abi-too-new" : "bad-signature";
  if (offset < 32) return "wrong-product";
  if (offset < 36) return "wrong-board";
  if (offset >= IMAGE_SECURITY_COUNTER_OFFSET && offset < IMAGE_PAYLOAD_BYTES_OFFSET) {
    return header.readUInt32LE(IMAGE_SECURITY_COUNTER_OFFSET) < FLOOR ? "replayed" : "bad-signature";
  }
  if (offset >= IMAGE_PAYLOAD_BYTES_OFFSET && offset < IMAGE_RAM_BYTES_OFFSET) {
    return header.readUInt32LE(IMAGE_PAYLOAD_BYTES_OFFSET) > PAYLOAD_MAX_BYTES ? "too-large" : "bad-signature";
  }
  if (offset >= IMAGE_RAM_BYTES_OFFSET && offset < IMAGE_DIGEST_OFFSET) {
    return header.readUInt32LE(IMAGE_RAM_BYTES_OFFSET) > PROGRAM_RAM_BYTES ? "too-much-ram" : "bad-signature";
  }
  if (offset >= IMAGE_KEY_ID_OFFSET && offset < IMAGE_KEY_ID_OFFSET + 8) return "unknown-key";
  return "bad-signature";
}

/** The header is in order, one bit of the payload is not. */
export function flippedPayloads(forged: Forger, random: RandomSource, count: number): BadImage[] {
  return Array.from({ length: count }, (_, index) => {
    const image = forged();
    // The first and the last byte, and those between, anywhere.
    const last = image.length - 1;
    const offset = index === 0 ? IMAGE_HEADER_BYTES : index === 1 ? last : random.integer(IMAGE_HEADER_BYTES, last);
    const bit = random.integer(0, 7);
    const bytes = flipped(image, offset, bit);
    return { name: `payload byte ${offset}, bit ${bit}`, reason: "bad-digest", isLoaded: true, bytes };
  });
}

function padded(payload: Uint8Array, sizeBytes: number): Buffer {
  return Buffer.concat([payload, Buffer.alloc(sizeBytes - payload.length)]);
}

/** The same program, so long that not one more byte fits into a slot. */
export function fillingSlot(engine: Engine, payload: Uint8Array): Buffer {
  if (engine === "lx106") {
    const image = padded(payload, PAYLOAD_MAX_BYTES);
    image.writeUInt32LE(PAYLOAD_MAX_BYTES, NativeImageWord.ImageBytes * Uint32Array.BYTES_PER_ELEMENT);
    return image;
  }
  // A custom section (WebAssembly 1.0, 5.5.3) without a name: its id, its size in three bytes of LEB128, zeros.
  const sizeBytes = PAYLOAD_MAX_BYTES - payload.length - 4;
  const head = [0, (sizeBytes & 0x7f) | 0x80, ((sizeBytes >> 7) & 0x7f) | 0x80, sizeBytes >> 14];
  return padded(Buffer.concat([payload, Uint8Array.from(head)]), PAYLOAD_MAX_BYTES);
}
