import { describe, expect, test } from "vitest";
import { HostError } from "../contract/error-codes.ts";
import { FLASH_REGION_BYTES, FLASH_REGION_MAX_BYTES, FLASH_SECTOR_BYTES } from "../contract/flash-map.ts";
import { Flash } from "./flash.ts";

function read(flash: Flash, offset: number, sizeBytes: number): number[] {
  const bytes = new Uint8Array(sizeBytes);
  expect(flash.read(offset, bytes)).toBe(0);
  return [...bytes];
}

describe("NOR flash", () => {
  test("a new flash is all ones, up to its last byte", () => {
    expect(read(new Flash(), FLASH_REGION_BYTES - 3, 3)).toEqual([0xff, 0xff, 0xff]);
  });

  test("writing only clears bits; erasing sets a whole sector", () => {
    const flash = new Flash();
    flash.write(FLASH_SECTOR_BYTES, Uint8Array.of(0b1010_1010, 0xff, 0, 0x7f));
    flash.write(FLASH_SECTOR_BYTES, Uint8Array.of(0b1100_1100, 0x0f, 0xff, 0xff));
    expect(read(flash, FLASH_SECTOR_BYTES, 4)).toEqual([0b1000_1000, 0x0f, 0, 0x7f]);
    expect(flash.erase(FLASH_SECTOR_BYTES)).toBe(0);
    expect(read(flash, FLASH_SECTOR_BYTES, 4)).toEqual([0xff, 0xff, 0xff, 0xff]);
  });

  test("reads and writes cross sectors; neighbours of an erased sector stay", () => {
    const flash = new Flash();
    const start = FLASH_SECTOR_BYTES - 4;
    flash.write(start, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8));
    expect(read(flash, start - 1, 10)).toEqual([0xff, 1, 2, 3, 4, 5, 6, 7, 8, 0xff]);
    flash.erase(0);
    expect(read(flash, start, 8)).toEqual([0xff, 0xff, 0xff, 0xff, 5, 6, 7, 8]);
  });

  test.each([
    ["a write at an odd offset", (flash: Flash) => flash.write(2, new Uint8Array(4)), HostError.Unaligned],
    ["a write of an odd length", (flash: Flash) => flash.write(4, new Uint8Array(3)), HostError.Unaligned],
    ["an erase inside a sector", (flash: Flash) => flash.erase(4), HostError.Unaligned],
    ["an erase at the end", (flash: Flash) => flash.erase(FLASH_REGION_BYTES), HostError.OutOfRange],
    [
      "a write over the end",
      (flash: Flash) => flash.write(FLASH_REGION_BYTES - 4, new Uint8Array(8)),
      HostError.OutOfRange,
    ],
    [
      "a read over the end",
      (flash: Flash) => flash.read(FLASH_REGION_BYTES - 4, new Uint8Array(5)),
      HostError.OutOfRange,
    ],
    ["a read below zero", (flash: Flash) => flash.read(-1, new Uint8Array(1)), HostError.OutOfRange],
  ])("%s is refused and changes nothing", (_, operate, error) => {
    const flash = new Flash();
    expect(operate(flash)).toBe(error);
    expect(flash.counts).toEqual({ reads: 0, writes: 0, erases: 0, bytesWritten: 0 });
  });

  test("operations and wear are counted", () => {
    const flash = new Flash();
    flash.write(0, new Uint8Array(8));
    flash.erase(0);
    flash.erase(0);
    read(flash, 0, 4);
    expect(flash.counts).toEqual({ reads: 1, writes: 1, erases: 2, bytesWritten: 8 });
    expect([...flash.sectorErases.subarray(0, 2)]).toEqual([2, 0]);
  });

  test("an erase and each page written take their time, reading none", () => {
    const flash = new Flash();
    flash.erase(0);
    expect(flash.busyMs).toBe(50);
    flash.write(252, new Uint8Array(8));
    expect(flash.busyMs).toBeCloseTo(50 + 2 * 0.7);
    flash.write(256, new Uint8Array(256));
    read(flash, 0, 4096);
    expect(flash.busyMs).toBeCloseTo(50 + 3 * 0.7);
  });

  test("a board of 4 MB has a larger region", () => {
    const flash = new Flash({ regionBytes: FLASH_REGION_MAX_BYTES });
    expect(flash.regionBytes).toBe(0x33c000);
    expect(flash.write(FLASH_REGION_MAX_BYTES - 4, new Uint8Array(4))).toBe(0);
    expect(flash.erase(FLASH_REGION_MAX_BYTES)).toBe(HostError.OutOfRange);
    expect(() => new Flash({ regionBytes: 4097 })).toThrow("4097 bytes");
    expect(() => new Flash({ regionBytes: FLASH_REGION_MAX_BYTES + 4096 })).toThrow("at most");
  });
});
