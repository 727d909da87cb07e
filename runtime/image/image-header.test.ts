import { expect, test } from "vitest";
import { FLASH_SLOT_BYTES } from "../contract/flash-map.ts";
import { HOST_ABI_VERSION } from "../contract/host-abi.ts";
import {
  IMAGE_ABI_OFFSET,
  IMAGE_ARCH_OFFSET,
  IMAGE_HEADER_BYTES,
  IMAGE_PAYLOAD_BYTES_OFFSET,
  IMAGE_PRODUCT_OFFSET,
  IMAGE_RAM_BYTES_OFFSET,
  IMAGE_RESERVED_OFFSET,
  IMAGE_SIGNED_BYTES,
  IMAGE_VERSION_OFFSET,
  ImageArch,
} from "../contract/image-header.ts";
import { UpdateFailure } from "../contract/update-messages.ts";
import { checkImage, checkImageHeader, decodeImageHeader, encodeImageHeader, imageIdText } from "./image-header.ts";
import { checkSignature, keyIdOf } from "./verify-signature.ts";

/** Written by Python's struct and hashlib, signed by openssl. */
const HEADER = Buffer.from(
  "4c4e544c010000000200000001000000636f756e74657200000000000000000003000000312e322e300000000000000000000000" +
    "070000000a000000004000001f825aa2f0020ef7cf91dfa30da4668d791c5d4824fc8e41354b89ec05795ab3bf4434c3094715de" +
    "0000000000000000000000000000000000000000000000003fe3fa618e9ae6e8e1434f865bf3cf6322a5fdfec662179857b83cb3" +
    "dc32bb17bb1fdeed5f6992f16b361e2afdff32407fa8a9da4eb719a6a73199fd55b7353c",
  "hex",
);
const PUBLIC_KEY = Buffer.from(
  "5effcec8345f941f125ab8422c32977dd505e81bda87116421a5f42ce2cdc149" +
    "0663126484e5654c5912dfbb7507aeed52565857d6de062a3f16d5bb5205a092",
  "hex",
);
const PAYLOAD = Uint8Array.from({ length: 10 }, (_, index) => index);
const IMAGE = Buffer.concat([HEADER, PAYLOAD]);

const FIELDS = {
  arch: ImageArch.Lx106,
  abiVersion: 1,
  product: "counter",
  board: 3,
  version: "1.2.0",
  securityCounter: 7,
  payloadBytes: 10,
  ramBytes: 0x4000,
  digest: HEADER.subarray(64, 96),
  keyId: HEADER.subarray(96, 104),
  signature: HEADER.subarray(128),
};

function changed(offset: number, value: number): Buffer {
  const image = Buffer.from(IMAGE);
  image.writeUInt32LE(value, offset);
  return image;
}

test("a header written by other programs: its fields, its bytes, its id, its key id and signature", () => {
  expect(decodeImageHeader(HEADER)).toEqual({
    ...FIELDS,
    digest: Uint8Array.from(FIELDS.digest),
    keyId: Uint8Array.from(FIELDS.keyId),
    signature: Uint8Array.from(FIELDS.signature),
  });
  expect(Buffer.from(encodeImageHeader(FIELDS)).toString("hex")).toBe(HEADER.toString("hex"));
  expect(imageIdText(IMAGE)).toBe("96d24c6defc8bccd");
  expect(Buffer.from(keyIdOf(PUBLIC_KEY)).toString("hex")).toBe("bf4434c3094715de");
  expect(checkImage(IMAGE)).toBe(UpdateFailure.None);
  expect(checkSignature(IMAGE, [PUBLIC_KEY])).toBe(UpdateFailure.None);
});

const FAULTS: Array<[string, Uint8Array, UpdateFailure]> = [
  ["nothing", IMAGE.subarray(0, 0), UpdateFailure.NotAnImage],
  ["another magic", changed(0, 0x4c544e4d), UpdateFailure.NotAnImage],
  ["half a header", IMAGE.subarray(0, IMAGE_HEADER_BYTES - 1), UpdateFailure.Truncated],
  ["a newer header", changed(IMAGE_VERSION_OFFSET, 2), UpdateFailure.HeaderVersion],
  ["an arch that does not exist", changed(IMAGE_ARCH_OFFSET, 3), UpdateFailure.WrongArch],
  ["a newer host", changed(IMAGE_ABI_OFFSET, HOST_ABI_VERSION + 1), UpdateFailure.AbiTooNew],
  ["a product that is no text", changed(IMAGE_PRODUCT_OFFSET + 8, 0xff), UpdateFailure.NotAnImage],
  ["something in the reserved bytes", changed(IMAGE_RESERVED_OFFSET + 20, 1), UpdateFailure.NotAnImage],
  ["a payload beyond a slot", changed(IMAGE_PAYLOAD_BYTES_OFFSET, 0x10000 - 191), UpdateFailure.TooLarge],
  ["a payload of 4 GiB", changed(IMAGE_PAYLOAD_BYTES_OFFSET, 0xffffffff), UpdateFailure.TooLarge],
  ["no payload", changed(IMAGE_PAYLOAD_BYTES_OFFSET, 0), UpdateFailure.NotAnImage],
  ["too much RAM", changed(IMAGE_RAM_BYTES_OFFSET, 0x4001), UpdateFailure.TooMuchRam],
  ["half a payload", IMAGE.subarray(0, IMAGE.length - 1), UpdateFailure.Truncated],
  ["a byte too many", Buffer.concat([IMAGE, Buffer.alloc(1)]), UpdateFailure.NotAsOffered],
  ["another payload", changed(IMAGE_HEADER_BYTES + 4, 0), UpdateFailure.BadDigest],
];

test.each(FAULTS)("%s: a fault of its own", (_name, image, failure) => {
  expect(checkImage(image)).toBe(failure);
});

test("for another device: what is wrong with it there", () => {
  expect(checkImageHeader(HEADER, { arch: ImageArch.Lx106, product: "counter", board: 3, securityFloor: 7 })).toBe(0);
  expect(checkImageHeader(HEADER, { arch: ImageArch.Wasm32 })).toBe(UpdateFailure.WrongArch);
  expect(checkImageHeader(HEADER, { abiVersion: 0 })).toBe(UpdateFailure.AbiTooNew);
  expect(checkImageHeader(HEADER, { product: "counte" })).toBe(UpdateFailure.WrongProduct);
  expect(checkImageHeader(HEADER, { board: 0 })).toBe(UpdateFailure.WrongBoard);
  expect(checkImageHeader(HEADER, { securityFloor: 8 })).toBe(UpdateFailure.Replayed);
});

test("every changed bit of what is signed, and of the signature, is noticed", () => {
  for (let bit = 0; bit < IMAGE_HEADER_BYTES * 8; bit += 7) {
    const image = Buffer.from(IMAGE);
    image[bit >> 3] = (image[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    const isInKeyId = bit >> 3 >= 96 && bit >> 3 < 104;
    expect(checkSignature(image, [PUBLIC_KEY])).toBe(isInKeyId ? UpdateFailure.UnknownKey : UpdateFailure.BadSignature);
  }
  expect(IMAGE_SIGNED_BYTES).toBe(128);
  expect(checkSignature(IMAGE, [])).toBe(UpdateFailure.UnknownKey);
});

test("fields that a header cannot hold are refused with their name", () => {
  expect(() => encodeImageHeader({ ...FIELDS, product: "a product with spaces" })).toThrow(/product/);
  expect(() => encodeImageHeader({ ...FIELDS, version: "" })).toThrow(/version/);
  expect(() => encodeImageHeader({ ...FIELDS, securityCounter: -1 })).toThrow(/security counter/);
  expect(() => encodeImageHeader({ ...FIELDS, digest: new Uint8Array(31) })).toThrow(/digest/);
});
