/** Images, factory records and boards for specs, made by the layouts of the contract. */
import {
  FACTORY_CRC_OFFSET,
  FACTORY_KEY_COUNT_OFFSET,
  FACTORY_KEYS_OFFSET,
  FACTORY_MAGIC,
  FACTORY_PRODUCT_OFFSET,
  FACTORY_RECORD_BYTES,
  FACTORY_VERSION,
  FACTORY_VERSION_OFFSET,
} from "../../contract/factory-record.ts";
import { FLASH_BOOT_OFFSET, FLASH_FACTORY_OFFSET } from "../../contract/flash-map.ts";
import {
  IMAGE_ABI_OFFSET,
  IMAGE_ARCH_OFFSET,
  IMAGE_DIGEST_OFFSET,
  IMAGE_HEADER_BYTES,
  IMAGE_HEADER_VERSION,
  IMAGE_KEY_ID_OFFSET,
  IMAGE_MAGIC,
  IMAGE_PAYLOAD_BYTES_OFFSET,
  IMAGE_PRODUCT_OFFSET,
  IMAGE_RAM_BYTES_OFFSET,
  IMAGE_SECURITY_COUNTER_OFFSET,
  IMAGE_SIGNATURE_OFFSET,
  IMAGE_SIGNED_BYTES,
  IMAGE_VERSION_OFFSET,
  ImageArch,
  KEY_ID_BYTES,
  P256_PUBLIC_KEY_BYTES,
} from "../../contract/image-header.ts";
import { crc32 } from "../hal/crc32.ts";
import { sha256 } from "../imports/host.ts";
import { putFlash, putPublicKey, signP256 } from "./stage.ts";

const record = memory.data(FACTORY_RECORD_BYTES, 4);
const digest = memory.data(32, 4);
const key = memory.data(P256_PUBLIC_KEY_BYTES, 4);
export const PRODUCT = "counter";

function putAscii(pointer: usize, text: string): void {
  for (let i = 0; i < text.length; i++) store<u8>(pointer + i, text.charCodeAt(i));
}

/** A board of this product that trusts the first `keys` keys of the tests, with a boot program of wasm. */
export function putBoard(keys: u32 = 1): void {
  memory.fill(record, 0, FACTORY_RECORD_BYTES);
  store<u32>(record, FACTORY_MAGIC);
  store<u32>(record, FACTORY_VERSION, FACTORY_VERSION_OFFSET);
  putAscii(record + FACTORY_PRODUCT_OFFSET, PRODUCT);
  store<u32>(record, keys, FACTORY_KEY_COUNT_OFFSET);
  for (let i: u32 = 0; i < keys; i++) putPublicKey(i, record + FACTORY_KEYS_OFFSET + i * P256_PUBLIC_KEY_BYTES);
  store<u32>(record, crc32(0, record, FACTORY_CRC_OFFSET), FACTORY_CRC_OFFSET);
  putFlash(FLASH_FACTORY_OFFSET, record, FACTORY_RECORD_BYTES);
  store<u32>(record, ImageArch.Wasm32);
  putFlash(FLASH_BOOT_OFFSET + IMAGE_ARCH_OFFSET, record, 4);
}

/** An image at `pointer`: a header that any board of `putBoard` takes, and a payload drawn from `seed`. Its size, bytes. */
export function putImage(pointer: usize, payloadBytes: u32, seed: u32): u32 {
  memory.fill(pointer, 0, IMAGE_HEADER_BYTES);
  store<u32>(pointer, IMAGE_MAGIC);
  store<u32>(pointer, IMAGE_HEADER_VERSION, IMAGE_VERSION_OFFSET);
  store<u32>(pointer, ImageArch.Wasm32, IMAGE_ARCH_OFFSET);
  store<u32>(pointer, 1, IMAGE_ABI_OFFSET);
  putAscii(pointer + IMAGE_PRODUCT_OFFSET, PRODUCT);
  store<u32>(pointer, 1, IMAGE_SECURITY_COUNTER_OFFSET);
  store<u32>(pointer, payloadBytes, IMAGE_PAYLOAD_BYTES_OFFSET);
  store<u32>(pointer, 8192, IMAGE_RAM_BYTES_OFFSET);
  let random = seed;
  for (let i: u32 = 0; i < payloadBytes; i++) {
    random = random * 1664525 + 1013904223;
    store<u8>(pointer + IMAGE_HEADER_BYTES + i, random >> 24);
  }
  signImage(pointer, 0);
  return IMAGE_HEADER_BYTES + payloadBytes;
}

/** Digest, key id and signature for the header and payload as they are now. */
export function signImage(pointer: usize, keyIndex: i32): void {
  sha256(pointer + IMAGE_HEADER_BYTES, load<u32>(pointer, IMAGE_PAYLOAD_BYTES_OFFSET), pointer + IMAGE_DIGEST_OFFSET);
  signHeader(pointer, keyIndex);
}

/** Key id and signature for the header as it is now. */
export function signHeader(pointer: usize, keyIndex: i32): void {
  putPublicKey(keyIndex, key);
  sha256(key, P256_PUBLIC_KEY_BYTES, digest);
  memory.copy(pointer + IMAGE_KEY_ID_OFFSET, digest, KEY_ID_BYTES);
  signP256(keyIndex, pointer, IMAGE_SIGNED_BYTES, pointer + IMAGE_SIGNATURE_OFFSET);
}

/** Writes the id of the image at `pointer` to `out`. */
export function putImageId(pointer: usize, out: usize): void {
  sha256(pointer, IMAGE_HEADER_BYTES, digest);
  memory.copy(out, digest, 8);
}
