import { crc32 } from "node:zlib";
import { describe, expect, test } from "vitest";
import { SeededRandom } from "../../board/random.ts";
import { type CallResult, Chip } from "../chip.ts";
import { FLASH_WINDOW_ADDRESS } from "../memory/address-map.ts";
import { KERNEL, KERNELS_IN_FLASH, KERNELS_IN_RAM, type Kernels } from "./kernels.ts";

const DATA = 0x3ffe8000;
const EXTRA_BYTES = 0x100000;

function chipWith(engine: "interpreter" | "translated", kernels: Kernels): Chip {
  const flash = new Uint8Array(0x4000).fill(0xff);
  if (kernels === KERNELS_IN_FLASH) flash.set(kernels.bytes, kernels.address - FLASH_WINDOW_ADDRESS);
  const extraRam = [{ address: 0x50000000, sizeBytes: EXTRA_BYTES }];
  const chip = new Chip({ engine, flash, translateAfter: 10, extraRam });
  if (kernels === KERNELS_IN_RAM) chip.write(kernels.address, kernels.bytes);
  return chip;
}

function randomBytes(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  new SeededRandom(5).fill(bytes);
  return bytes;
}

const wordsOf = (bytes: Uint8Array): Int32Array => new Int32Array(bytes.slice().buffer);

/** Calls the same on both engines, which must agree in every count; the translated one's result. */
function callBoth(
  kernels: Kernels,
  name: keyof typeof KERNEL,
  args: number[],
  data: Uint8Array,
): { chip: Chip; result: CallResult } {
  const chips = (["interpreter", "translated"] as const).map((engine) => chipWith(engine, kernels));
  const [one, two] = chips.map((chip) => {
    chip.write(DATA, data);
    const result = chip.call(kernels.address + KERNEL[name], args, { maxInstructions: 20_000_000 });
    const registers = result.kind === "returned" ? [...result.registers] : [];
    const memory = Buffer.from(chip.read(DATA, 0x18000)).toString("base64");
    const { instructions, cycles } = chip;
    return { chip, result, seen: { registers, memory, instructions, cycles, misses: chip.memory.cache.misses } };
  });
  expect(two?.seen).toEqual(one?.seen);
  return two as { chip: Chip; result: CallResult };
}

const value = (result: CallResult): number => {
  if (result.kind !== "returned") throw new Error(`ended with ${result.kind}`);
  return result.words(1)[0] as number;
};

describe.each([
  ["RAM", KERNELS_IN_RAM],
  ["flash", KERNELS_IN_FLASH],
] as const)("in %s", (place, kernels) => {
  test("crc32", () => {
    const data = randomBytes(3000);
    const { chip, result } = callBoth(kernels, "crc32", [DATA, data.length], data);
    expect(value(result)).toBe(crc32(data));
    expect(chip.translated.instructions).toBeGreaterThan(chip.instructions * 0.9);
  });

  test.each(["sort", "quicksort"] as const)("%s", (name) => {
    const data = randomBytes(1200);
    const { chip } = callBoth(kernels, name, [DATA, 300], data);
    expect(wordsOf(chip.read(DATA, 1200))).toEqual(wordsOf(data).sort());
  });

  test("a product of matrices", () => {
    const size = 17;
    const data = randomBytes(3 * 4 * size * size);
    const [, a = new Int32Array(), b = new Int32Array()] = [0, 1, 2].map((index) =>
      wordsOf(data.slice(4 * index * size * size, 4 * (index + 1) * size * size)),
    );
    const at = (index: number): number => DATA + 4 * index * size * size;
    const { chip } = callBoth(kernels, "multiply", [at(0), at(1), at(2), size], data);
    const expected = Int32Array.from({ length: size * size }, (_, place) => {
      let sum = 0;
      for (let k = 0; k < size; k++)
        sum =
          (sum + Math.imul(a[Math.floor(place / size) * size + k] as number, b[k * size + (place % size)] as number)) |
          0;
      return sum;
    });
    expect(wordsOf(chip.read(DATA, 4 * size * size))).toEqual(expected);
  });

  test("fib: calls inside of each other", () => {
    expect(value(callBoth(kernels, "fib", [17], new Uint8Array(0)).result)).toBe(1597);
  });

  test("a switch, which jumps through a table", () => {
    const data = randomBytes(2000);
    const { result } = callBoth(kernels, "classify", [DATA, data.length], data);
    const expected = data.reduce((s, byte) => {
      const cases = [
        s + 1,
        s ^ (s << 3),
        s + byte,
        Math.imul(s, 5) + 1,
        s - 7,
        s ^ 0x1234567,
        (s >>> 3) | (s << 29),
        ~s,
      ];
      return (cases[byte & 7] as number) | 0;
    }, 0);
    expect(value(result)).toBe(expected >>> 0);
  });

  test("shift amounts are those of the time when SAR was set", () => {
    callBoth(kernels, "shifts", [500], new Uint8Array(0));
  });

  test("calls deeper than the host's own stack could bear", () => {
    const chip = chipWith("translated", kernels);
    const result = chip.call(kernels.address + KERNEL.deep, [60_000], { stack: 0x50000000 + EXTRA_BYTES });
    expect(value(result)).toBe((60_000 * 60_001) / 2);
    expect(value(callBoth(kernels, "deep", [3000], new Uint8Array(0)).result)).toBe((3000 * 3001) / 2);
  });

  if (place === "RAM")
    test("code that changes itself while it runs", () => {
      // 1 + 2 + ... + 100, and each of them was once the constant of the same instruction.
      expect(value(callBoth(kernels, "patched", [100], new Uint8Array(0)).result)).toBe(5050);
    });
});

test.each(["interpreter", "translated"] as const)("code that other code has written over is gone: %s", (engine) => {
  const { address } = KERNELS_IN_RAM;
  const chip = chipWith(engine, KERNELS_IN_RAM);
  const call = (name: keyof typeof KERNEL, ...args: number[]): number => value(chip.call(address + KERNEL[name], args));
  call("poke", 0x50080000, 0, 1000);
  expect(call("fib", 12)).toBe(144);
  const { instructions } = chip.translated;
  call("poke", address + KERNEL.fib, 0xf00df00d, 1000); // ret.n, ret.n
  expect(call("fib", 12)).toBe(12);
  if (engine === "translated") expect(chip.translated.instructions - instructions).toBeGreaterThan(2000);
});

test("an indirect call to an address that is no code fails there, translated or not", () => {
  for (const target of [0xffffffff, 0, 4, 0x50003000]) {
    const data = new Uint8Array(4);
    const ends = (["interpreter", "translated"] as const).map((engine) => {
      const chip = chipWith(engine, KERNELS_IN_RAM);
      chip.write(DATA, data);
      // movi a3, 50; 1: bnez a3, 2f; mov.n a2, a4; 2: addi a3, a3, -1; callx0 a2; j 1b
      const code = "32a032 561300 2d04 32c3ff c00200 46fcff".replaceAll(" ", "");
      chip.write(0x50004000, Buffer.from(code, "hex"));
      chip.write(0x50004100, Uint8Array.of(0x0d, 0xf0));
      const result = chip.call(0x50004000, [0x50004100, 0, target], { maxInstructions: 1000 });
      return { result, instructions: chip.instructions, cycles: chip.cycles };
    });
    expect(ends[0]?.result.kind).toBe("exception");
    expect(ends[1]).toEqual(ends[0]);
  }
});

test("a line that the cache loses between two runs is fetched again by translated code", () => {
  const [one, two] = (["interpreter", "translated"] as const).map((engine) => {
    const chip = chipWith(engine, KERNELS_IN_FLASH);
    const call = (): CallResult => chip.call(KERNELS_IN_FLASH.address + KERNEL.fib, [12]);
    call();
    const { misses } = chip.memory.cache;
    call();
    expect(chip.memory.cache.misses).toBe(misses);
    chip.memory.cache.clear();
    call();
    expect(chip.memory.cache.misses).toBe(2 * misses);
    return { cycles: chip.cycles, instructions: chip.instructions, misses };
  });
  expect(one).toEqual(two);
});
