import { expect, test } from "vitest";
import { Flash } from "../../runtime/board/flash.ts";
import {
  FLASH_BOOT_BYTES,
  FLASH_BOOT_OFFSET,
  FLASH_FACTORY_OFFSET,
  FLASH_SLOT_A_OFFSET,
  FLASH_SLOT_B_OFFSET,
  FLASH_SLOT_STATES_OFFSET,
} from "../../runtime/contract/flash-map.ts";
import { ImageArch } from "../../runtime/contract/image-header.ts";
import { boardsInFlash, encodeFactoryRecord, flashBoard } from "./flash-board.ts";
import { packImage } from "./pack-image.ts";

const KEY = Uint8Array.from({ length: 64 }, (_, index) => index);

function bytesAt(flash: Flash, offset: number, sizeBytes: number): Uint8Array {
  const bytes = new Uint8Array(sizeBytes);
  flash.read(offset, bytes);
  return bytes;
}

test("a factory record as Python's struct and zlib write it", () => {
  const record = Buffer.from(encodeFactoryRecord("counter", [KEY], 7));
  expect(record.subarray(0, 28).toString("latin1")).toBe(`LFAC\x02\0\0\0counter${"\0".repeat(9)}\x01\0\0\0`);
  expect([record.readUInt32LE(156), record.readUInt32LE(160)]).toEqual([7, 0xef4df6ee]);
});

test("everything is in its place, and what was there before is gone", () => {
  const flash = new Flash();
  const contents = { boot: new Uint8Array(5000).fill(1), product: "counter", publicKeys: [KEY] };
  flashBoard(flash, { ...contents, image: new Uint8Array(65001).fill(2) });
  flash.write(FLASH_SLOT_STATES_OFFSET, new Uint8Array(64));
  flashBoard(flash, { ...contents, image: new Uint8Array(6001).fill(3) });
  expect(bytesAt(flash, FLASH_BOOT_OFFSET, 5001)).toEqual(Uint8Array.from([...contents.boot, 0xff]));
  expect(bytesAt(flash, FLASH_FACTORY_OFFSET, 164)).toEqual(encodeFactoryRecord("counter", [KEY], 0));
  expect(bytesAt(flash, FLASH_SLOT_STATES_OFFSET, 64)).toEqual(new Uint8Array(64).fill(0xff));
  const slot = bytesAt(flash, FLASH_SLOT_A_OFFSET, FLASH_SLOT_B_OFFSET - FLASH_SLOT_A_OFFSET);
  expect(slot.subarray(0, 6001).every((byte) => byte === 3)).toBe(true);
  expect(slot.subarray(6001).every((byte) => byte === 0xff)).toBe(true);
});

test("the boards that programs in flash are for", () => {
  const flash = new Flash();
  expect(boardsInFlash(flash)).toEqual([]);
  const contents = { boot: new Uint8Array(8), product: "counter", publicKeys: [KEY] };
  const fields = { payload: new Uint8Array(8), arch: ImageArch.Wasm32, product: "counter", version: "1", ramBytes: 1 };
  flashBoard(flash, { ...contents, image: packImage(fields) });
  expect(boardsInFlash(flash)).toEqual([]);
  flashBoard(flash, { ...contents, image: packImage({ ...fields, board: 7 }) });
  expect(boardsInFlash(flash)).toEqual([7]);
  flash.write(FLASH_SLOT_B_OFFSET, packImage({ ...fields, board: 5 }));
  expect(boardsInFlash(flash)).toEqual([7, 5]);
});

test("what does not fit is refused by name", () => {
  const flash = new Flash();
  const boot = new Uint8Array(8);
  expect(() => flashBoard(flash, { boot: new Uint8Array(28673), product: "counter", publicKeys: [KEY] })).toThrow(
    /boot program takes 28673 bytes/,
  );
  expect(() => flashBoard(flash, { boot, product: "counter", publicKeys: [] })).toThrow(/1 to 2 keys/);
  expect(() => flashBoard(flash, { boot, product: "", publicKeys: [KEY] })).toThrow(/product/);
});
