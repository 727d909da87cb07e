/** The routines that load and store, against Uint8Array. */
import { expect, test } from "vitest";
import { routineModules } from "./routine-modules.ts";

interface MemoryRoutines {
  memory: { buffer: ArrayBuffer };
  memory_copy(to: number, from: number, length: number): void;
  memory_fill(to: number, value: number, length: number): void;
  load16_unaligned(address: number): number;
  load32_unaligned(address: number): number;
  store16_unaligned(address: number, value: number): void;
  store32_unaligned(address: number, value: number): void;
}

const ADDRESS = 64;
const AREA_BYTES = 64;
const PATTERN = Uint8Array.from({ length: AREA_BYTES }, (_, index) => (index * 37 + 129) & 0xff);

const { memory, ...routines } = new WebAssembly.Instance(new WebAssembly.Module(routineModules().memory), {})
  .exports as unknown as MemoryRoutines;
const bytes = new Uint8Array(memory.buffer);
const view = new DataView(memory.buffer);

/** The area after `run`, which starts from the pattern. */
function after(run: () => void): number[] {
  bytes.set(PATTERN, ADDRESS);
  run();
  return [...bytes.subarray(ADDRESS, ADDRESS + AREA_BYTES)];
}

test("memory_copy: any distance, any alignment, nothing beside the target", () => {
  for (let from = 0; from < 24; from++) {
    for (let to = 0; to < 24; to++) {
      for (let length = 0; length <= 24; length++) {
        const found = after(() => routines.memory_copy(ADDRESS + to, ADDRESS + from, length));
        const expected = [...PATTERN.slice().copyWithin(to, from, from + length)];
        expect(found, `${length} from ${from} to ${to}`).toEqual(expected);
      }
    }
  }
});

test("memory_fill: the low byte of the value, nothing beside the target", () => {
  for (let to = 0; to < 8; to++) {
    for (let length = 0; length <= 24; length++) {
      const found = after(() => routines.memory_fill(ADDRESS + to, 0x1234_56a7, length));
      expect(found, `${length} to ${to}`).toEqual([...PATTERN.slice().fill(0xa7, to, to + length)]);
    }
  }
});

test("up to the last byte of memory", () => {
  const end = bytes.length;
  bytes.set([1, 2, 3, 4, 5], end - 5);
  routines.memory_copy(end - 3, end - 5, 3);
  expect([...bytes.subarray(end - 5)]).toEqual([1, 2, 1, 2, 3]);
  routines.memory_fill(end - 2, 9, 2);
  expect([...bytes.subarray(end - 5)]).toEqual([1, 2, 1, 9, 9]);
  expect(routines.load32_unaligned(end - 4) >>> 0).toBe(0x09090102);
});

test("accesses at any address", () => {
  for (let offset = 0; offset < 4; offset++) {
    const address = ADDRESS + offset;
    after(() => {});
    expect(routines.load16_unaligned(address)).toBe(view.getUint16(address, true));
    expect(routines.load32_unaligned(address)).toBe(view.getInt32(address, true));

    const stored = PATTERN.slice();
    stored.set([0xef, 0xbe], offset);
    expect(after(() => routines.store16_unaligned(address, 0xdead_beef))).toEqual([...stored]);
    stored.set([0xef, 0xbe, 0xad, 0xde], offset);
    expect(after(() => routines.store32_unaligned(address, 0xdead_beef))).toEqual([...stored]);
  }
});
