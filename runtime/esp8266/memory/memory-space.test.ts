import { expect, test } from "vitest";
import type { Peripheral } from "../bus.ts";
import { EmulatorError } from "../emulator-error.ts";
import { MemorySpace, NO_FAULT } from "./memory-space.ts";

function block(address: number, sizeBytes: number): Peripheral & { log: string[] } {
  const log: string[] = [];
  return {
    ...{ name: "block", address, sizeBytes, log },
    read: (offset) => {
      log.push(`read ${offset}`);
      return 0xfffffff0 + offset;
    },
    write: (offset, value) => {
      log.push(`write ${offset} ${value}`);
    },
  };
}

test("a peripheral gets whole words with its offset and gives numbers without sign", () => {
  const memory = new MemorySpace();
  const peripheral = block(0x60000200, 16);
  memory.attach([peripheral]);
  expect(memory.load(0x60000204, 4)).toBe(0xfffffff4 | 0);
  memory.store(0x6000020c, 4, -1);
  expect(peripheral.log).toEqual(["read 4", "write 12 4294967295"]);
  expect(memory.fault).toBe(NO_FAULT);
});

test.each([1, 2])("an access of %i bytes to a peripheral raises LoadStoreError and does not reach it", (sizeBytes) => {
  const memory = new MemorySpace();
  const peripheral = block(0x3ff00000, 16);
  memory.attach([peripheral]);
  memory.load(0x3ff00004, sizeBytes);
  expect(memory.fault).toBe(3);
  memory.store(0x3ff00004, sizeBytes, 1);
  expect(memory.fault).toBe(3);
  expect(peripheral.log).toEqual([]);
});

test("an address of a peripheral that is not there throws and names the address", () => {
  const memory = new MemorySpace();
  memory.attach([block(0x60000200, 16)]);
  for (const address of [0x60000210, 0x600001fc, 0x3ff00014]) {
    expect(() => memory.load(address, 4)).toThrow(address.toString(16));
    expect(() => memory.store(address, 4, 0)).toThrow(EmulatorError);
  }
});

test("blocks that overlap or do not consist of words are refused", () => {
  expect(() => new MemorySpace().attach([block(0x60000200, 16), block(0x6000020c, 4)])).toThrow("overlap");
  expect(() => new MemorySpace().attach([block(0x3ffe8000, 16)])).toThrow("overlap");
  expect(() => new MemorySpace().attach([block(0x60000202, 16)])).toThrow("whole words");
  expect(() => new MemorySpace([{ address: 0x40200000, sizeBytes: 0x1000 }])).toThrow("overlap");
});

test("IRAM takes words only and remembers them; a debugger sees bytes", () => {
  const memory = new MemorySpace();
  memory.store(0x40100004, 4, 0x04030201);
  expect(memory.fault).toBe(NO_FAULT);
  expect([...memory.readBytes(0x40100005, 2)]).toEqual([2, 3]);
  expect(memory.load(0x40100004, 4)).toBe(0x04030201);
});

test("a read of flash fetches its line once", () => {
  const memory = new MemorySpace();
  memory.setFlash(0, Uint8Array.of(1, 2, 3, 4));
  expect(memory.load(0x40200000, 4)).toBe(0x04030201);
  expect(memory.stallCycles).toBe(176);
  memory.load(0x4020001c, 4);
  expect(memory.stallCycles).toBe(0);
  memory.load(0x40200020, 4);
  expect([memory.stallCycles, memory.cache.misses]).toEqual([176, 2]);
});

test("extra RAM takes every width", () => {
  const memory = new MemorySpace([{ address: 0x70000000, sizeBytes: 0x100000 }]);
  memory.store(0x700ffffe, 2, 0xabcd);
  memory.store(0x70000000, 1, 0x1ff);
  expect(memory.load(0x700ffffc, 4)).toBe(0xabcd0000 | 0);
  expect(memory.load(0x70000000, 1)).toBe(0xff);
  memory.load(0x70100000, 4);
  expect(memory.fault).toBe(3);
});

test("the last byte of a region is reachable, the first behind it is not", () => {
  const memory = new MemorySpace();
  memory.store(0x3fffffff, 1, 7);
  expect(memory.readByte(0x3fffffff)).toBe(7);
  expect(() => memory.readBytes(0x3fffffff, 2)).toThrow("no memory");
  memory.load(0x3ffe7fff, 1);
  expect(memory.fault).toBe(3);
});

test("what has been written to DRAM is known byte by byte", () => {
  const memory = new MemorySpace();
  memory.store(0x3ffe8001, 1, 0);
  memory.store(0x3ffe8004, 2, 0);
  memory.store(0x3ffe8008, 4, 0);
  memory.writeBytes(0x3ffe800d, Uint8Array.of(0, 0));
  expect([...memory.touched.subarray(0, 16)]).toEqual([0, 1, 0, 0, 1, 1, 0, 0, 1, 1, 1, 1, 0, 1, 1, 0]);
  memory.clearTouched(0x3ffe8004, 0x3ffe8009);
  expect([...memory.touched.subarray(0, 16)]).toEqual([0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 0, 1, 1, 0]);
});
