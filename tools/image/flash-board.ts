/**
 * Puts onto a virtual board's flash what serial flashing puts onto a real one: the boot program, the factory record and a
 * first image. Slot states stay blank, for the boot program makes its first record; the configuration is
 * runtime/board/config-image.ts's.
 */
import { crc32 } from "node:zlib";
import type { Flash } from "../../runtime/board/flash.ts";
import { HostError } from "../../runtime/contract/error-codes.ts";
import {
  FACTORY_BOARD_OFFSET,
  FACTORY_CRC_OFFSET,
  FACTORY_KEY_COUNT_OFFSET,
  FACTORY_KEYS_MAX,
  FACTORY_KEYS_OFFSET,
  FACTORY_MAGIC,
  FACTORY_PRODUCT_OFFSET,
  FACTORY_RECORD_BYTES,
  FACTORY_VERSION,
  FACTORY_VERSION_OFFSET,
} from "../../runtime/contract/factory-record.ts";
import {
  FLASH_BOOT_BYTES,
  FLASH_BOOT_OFFSET,
  FLASH_FACTORY_OFFSET,
  FLASH_SECTOR_BYTES,
  FLASH_SLOT_A_OFFSET,
  FLASH_SLOT_B_OFFSET,
  FLASH_SLOT_BYTES,
  FLASH_SLOT_STATES_OFFSET,
  FLASH_SLOT_STATES_SECTORS,
} from "../../runtime/contract/flash-map.ts";
import { IMAGE_HEADER_BYTES, IMAGE_PRODUCT_BYTES, P256_PUBLIC_KEY_BYTES } from "../../runtime/contract/image-header.ts";
import { viewOf } from "../../runtime/image/bytes.ts";
import { decodeImageHeader, ImageError } from "../../runtime/image/image-header.ts";

const WORD_BYTES = 4;

export interface BoardContents {
  /** Image of the boot program. */
  boot: Uint8Array;
  /** First image of the product, for slot A; absent: the board begins in its recovery program. */
  image?: Uint8Array;
  product: string;
  /** x, then y; at most FACTORY_KEYS_MAX. */
  publicKeys: readonly Uint8Array[];
  /** Id of the board; absent: a generic one. */
  board?: number;
}

export function flashBoard(flash: Flash, { boot, image, product, publicKeys, board = 0 }: BoardContents): void {
  writeArea(flash, "boot program", FLASH_BOOT_OFFSET, FLASH_BOOT_BYTES, boot);
  writeArea(
    flash,
    "factory record",
    FLASH_FACTORY_OFFSET,
    FLASH_SECTOR_BYTES,
    encodeFactoryRecord(product, publicKeys, board),
  );
  const none = new Uint8Array(0);
  writeArea(flash, "slot states", FLASH_SLOT_STATES_OFFSET, FLASH_SLOT_STATES_SECTORS * FLASH_SECTOR_BYTES, none);
  writeArea(flash, "image", FLASH_SLOT_A_OFFSET, FLASH_SLOT_BYTES, image ?? none);
}

/** Ids of the boards that the images in the slots are for, but for those that any board takes. */
export function boardsInFlash(flash: Flash): number[] {
  return [FLASH_SLOT_A_OFFSET, FLASH_SLOT_B_OFFSET].flatMap((offset) => {
    const bytes = new Uint8Array(IMAGE_HEADER_BYTES);
    check("image", flash.read(offset, bytes));
    const header = decodeImageHeader(bytes);
    return typeof header === "number" || header.board === 0 ? [] : [header.board];
  });
}

export function encodeFactoryRecord(product: string, publicKeys: readonly Uint8Array[], board: number): Uint8Array {
  if (publicKeys.length < 1 || publicKeys.length > FACTORY_KEYS_MAX) {
    throw new ImageError(`a board trusts 1 to ${FACTORY_KEYS_MAX} keys, not ${publicKeys.length}`);
  }
  if (!/^[\x21-\x7e]+$/.test(product) || product.length > IMAGE_PRODUCT_BYTES) {
    throw new ImageError(`a product is named by 1 to ${IMAGE_PRODUCT_BYTES} ASCII characters, not "${product}"`);
  }
  const record = new Uint8Array(FACTORY_RECORD_BYTES);
  const view = viewOf(record);
  view.setUint32(0, FACTORY_MAGIC, true);
  view.setUint32(FACTORY_VERSION_OFFSET, FACTORY_VERSION, true);
  record.set(new TextEncoder().encode(product), FACTORY_PRODUCT_OFFSET);
  view.setUint32(FACTORY_KEY_COUNT_OFFSET, publicKeys.length, true);
  publicKeys.forEach((key, index) => {
    record.set(key, FACTORY_KEYS_OFFSET + index * P256_PUBLIC_KEY_BYTES);
  });
  view.setUint32(FACTORY_BOARD_OFFSET, board, true);
  view.setUint32(FACTORY_CRC_OFFSET, crc32(record.subarray(0, FACTORY_CRC_OFFSET)), true);
  return record;
}

/** Erases the whole area, so that nothing of what was there counts. */
function writeArea(flash: Flash, name: string, offset: number, areaBytes: number, bytes: Uint8Array): void {
  if (bytes.length > areaBytes) {
    throw new ImageError(`the ${name} takes ${bytes.length} bytes, its place in flash has ${areaBytes}`);
  }
  const padded = new Uint8Array(Math.ceil(bytes.length / WORD_BYTES) * WORD_BYTES).fill(0xff);
  padded.set(bytes);
  for (let at = 0; at < areaBytes; at += FLASH_SECTOR_BYTES) check(name, flash.erase(offset + at));
  for (let at = 0; at < padded.length; at += FLASH_SECTOR_BYTES) {
    check(name, flash.write(offset + at, padded.subarray(at, at + FLASH_SECTOR_BYTES)));
  }
}

function check(name: string, result: number): void {
  if (result < 0) throw new Error(`Flash refused the ${name}: ${HostError[result]}.`);
}
