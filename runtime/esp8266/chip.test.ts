import { describe, expect, test } from "vitest";
import { Chip, type ChipOptions } from "./chip.ts";
import { bench, CODE_ADDRESS } from "./core/test-bench.ts";
import { EmulatorError } from "./emulator-error.ts";
import { KERNEL, KERNELS_IN_FLASH, KERNELS_IN_RAM } from "./translate/kernels.ts";

const EXTRA = [{ address: 0x50000000, sizeBytes: 0x10000 }];
const ROUTINE = 0x40001234;

function withKernels(options: ChipOptions = {}): Chip {
  const chip = new Chip({ extraRam: EXTRA, ...options });
  chip.write(KERNELS_IN_RAM.address, KERNELS_IN_RAM.bytes);
  return chip;
}
const addressOf = (name: keyof typeof KERNEL): number => KERNELS_IN_RAM.address + KERNEL[name];

describe("call", () => {
  test("returns the registers, and puts the chip's own ones back", () => {
    const chip = withKernels();
    chip.registers.set([11, 0x3fff8000, 22, 33]);
    chip.pc = 0x1234;
    const result = chip.call(addressOf("fib"), [10]);
    expect(result.kind === "returned" && result.words(1)).toEqual([55]);
    expect(result.kind === "returned" && result.registers[1]).toBe(0x3fff8000);
    expect([...chip.registers.subarray(0, 4)]).toEqual([11, 0x3fff8000, 22, 33]);
    expect(chip.pc).toBe(0x1234);
  });

  test("words beyond the sixth go to the stack, and results come from there", () => {
    const seen: number[] = [];
    const routines = new Map([
      [
        ROUTINE,
        {
          name: "eight",
          run: (core: { argument(index: number): number; setResult(index: number, value: number): void }) => {
            for (let index = 0; index < 8; index++) seen.push(core.argument(index));
            for (let index = 0; index < 7; index++) core.setResult(index, 100 + index);
          },
        },
      ],
    ]);
    const chip = new Chip({ routines });
    const result = chip.call(ROUTINE, [1, 2, 3, 4, 5, 6, 7, -1], { stack: 0x3fff0004 });
    expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7, 0xffffffff]);
    expect(result.kind === "returned" && result.words(7)).toEqual([100, 101, 102, 103, 104, 105, 106]);
    expect(result.kind === "returned" && (result.registers[1] ?? 0) % 16).toBe(0);
  });

  test("an exception ends it with its cause, and the next call is not disturbed", () => {
    const chip = withKernels();
    const bad = chip.call(addressOf("crc32"), [0x40100001, 5]);
    expect(bad).toMatchObject({ kind: "exception", cause: 3, excvaddr: 0x40100001 });
    expect(bad.kind === "exception" && bad.epc1 > addressOf("crc32")).toBe(true);
    expect(chip.call(addressOf("crc32"), [0, 5])).toMatchObject({ kind: "exception", cause: 28, excvaddr: 0 });
    expect(chip.call(addressOf("fib"), [3])).toMatchObject({ kind: "returned" });
  });

  test("a limit ends it", () => {
    const chip = withKernels();
    expect(chip.call(addressOf("fib"), [30], { maxInstructions: 12_345 })).toEqual({ kind: "limit" });
    expect(chip.instructions).toBe(12_345);
  });

  test("a routine may call chip code, which may call routines", () => {
    const chip = withKernels();
    chip.addRoutine(ROUTINE, {
      name: "fib of fib",
      run: (core) => {
        const inner = core.call(addressOf("fib"), [core.argument(0)]);
        core.setResult(0, core.call(addressOf("fib"), [inner]) + core.argument(1));
        core.spend(500);
      },
    });
    const result = chip.call(ROUTINE, [6, 1000]);
    expect(result.kind === "returned" && result.words(1)).toEqual([1021]);
    expect(chip.cycles).toBeGreaterThan(500);
  });

  test("what a routine throws comes out as it is; endless mutual calls are refused", () => {
    const chip = withKernels();
    const oops = new RangeError("mine");
    chip.addRoutine(ROUTINE, {
      name: "thrower",
      run: () => {
        throw oops;
      },
    });
    expect(() => chip.call(ROUTINE)).toThrow(oops);
    chip.addRoutine(ROUTINE + 4, { name: "loop", run: (core) => core.call(ROUTINE + 4, []) });
    expect(() => chip.call(ROUTINE + 4)).toThrow(EmulatorError);
    expect(chip.call(addressOf("fib"), [3])).toMatchObject({ kind: "returned" });
  });
});

test("stop ends a run under way, and only that", () => {
  const chip = withKernels();
  chip.stop();
  chip.core.at(5000, () => chip.stop());
  expect(chip.call(addressOf("fib"), [25])).toEqual({ kind: "stopped" });
  expect(chip.cycles).toBeLessThan(5010);
  expect(chip.call(addressOf("fib"), [3])).toMatchObject({ kind: "returned" });
});

test("flash: mapped from the start, followed when told, gone when unmapped", () => {
  const flash = new Uint8Array(0x200000);
  flash.set(KERNELS_IN_FLASH.bytes, KERNELS_IN_FLASH.address - 0x40200000);
  flash[0x100000] = 0xaa;
  const chip = new Chip({ flash });
  const fib = KERNELS_IN_FLASH.address + KERNEL.fib;
  expect(chip.call(fib, [10])).toMatchObject({ kind: "returned" });
  flash[KERNEL.fib + 0x1000] = 0;
  flash[KERNEL.fib + 0x1001] = 0;
  flash[KERNEL.fib + 0x1002] = 0;
  expect(chip.call(fib, [10])).toMatchObject({ kind: "returned" });
  chip.flashChanged(0x1000, 0x1000);
  expect(chip.call(fib, [10])).toMatchObject({ kind: "exception", cause: 0, epc1: fib });
  chip.mapFlash(0x100000);
  expect(chip.read(0x40200000, 1)[0]).toBe(0xaa);
  chip.unmapFlash();
  expect(chip.call(fib, [10])).toMatchObject({ kind: "exception", cause: 0 });
  expect(new Chip({ flash: Uint8Array.of(1) }).read(0x40200000, 3)).toEqual(Uint8Array.of(1, 0xff, 0xff));
});

test("a routine added later takes the place of code", () => {
  const chip = withKernels({ translateAfter: 2 });
  chip.call(addressOf("fib"), [12]);
  chip.addRoutine(addressOf("fib"), { name: "fib", run: (core) => core.set(2, 4711) });
  const result = chip.call(addressOf("fib"), [12]);
  expect(result.kind === "returned" && result.words(1)).toEqual([4711]);
});

test("a profile counts everything, by function, misses and routines included", () => {
  const flash = new Uint8Array(0x2000);
  flash.set(KERNELS_IN_FLASH.bytes, 0x1000);
  const chip = new Chip({ flash });
  const base = KERNELS_IN_FLASH.address;
  const profile = chip.startProfile([
    { name: "fib", address: base + KERNEL.fib, sizeBytes: KERNEL.quicksort - KERNEL.fib },
    { name: "deep", address: base + KERNEL.deep, sizeBytes: 0x20 },
  ]);
  chip.call(base + KERNEL.fib, [9]);
  chip.call(base + KERNEL.deep, [5]);
  const sum = (key: "instructions" | "cycles"): number => profile.entries.reduce((all, entry) => all + entry[key], 0);
  expect([sum("instructions"), sum("cycles")]).toEqual([chip.instructions, chip.cycles]);
  expect(profile.entries.map(({ name }) => name)).toEqual(["fib", "deep"]);
  // deep(5): 11 instructions for each of 5 levels, 2 for the last.
  expect(profile.entries[1]?.instructions).toBe(57);
  chip.stopProfile();
});

test("a trace tells every instruction and what it changed", () => {
  const { chip } = bench("movi a4, 2047", "nop.n", "addi a4, a2, 127");
  const lines: string[] = [];
  chip.onTrace = ({ pc, changed }) => lines.push(`${(pc - CODE_ADDRESS).toString()} ${JSON.stringify(changed)}`);
  chip.run({ maxInstructions: 3 });
  expect(lines).toEqual(["0 [[4,2047]]", "3 []", "5 [[4,127]]"]);
  chip.onTrace = undefined;
});

test("the stack's depth shows in what was written", () => {
  const chip = withKernels();
  chip.clearTouched();
  chip.call(addressOf("deep"), [10], { stack: 0x3fff8000 });
  // Ten frames of 16 bytes, the lower 8 of each are used.
  expect(chip.touched(0x3fff0000, 0x3fff8000)).toEqual({
    bytes: 80,
    lowest: 0x3fff8000 - 160,
    highest: 0x3fff8000 - 9,
  });
  expect(chip.touched(0x3fff8000)).toEqual({ bytes: 0 });
});

test("reset brings the core back, not RAM or time", () => {
  const chip = withKernels();
  chip.call(addressOf("deep"), [3], { stack: 0x3fff8000 });
  const { cycles } = chip;
  chip.registers[5] = 5;
  chip.reset();
  expect([chip.pc, chip.registers[5], chip.cycles]).toEqual([0x40000080, 0, cycles]);
  expect(chip.readWord(0x3fff8000 - 16 + 4)).toBe(3);
  expect(chip.seconds).toBe(cycles / 80e6);
});

test("the cost of a line from flash can be set", () => {
  const flash = new Uint8Array(0x2000);
  flash.set(KERNELS_IN_FLASH.bytes, 0x1000);
  const cyclesWith = (cacheMissCycles: number): number[] => {
    const chip = new Chip({ flash, cacheMissCycles });
    chip.call(KERNELS_IN_FLASH.address + KERNEL.deep, [3]);
    return [chip.cycles, chip.memory.cache.misses];
  };
  const [free = 0, misses = 0] = cyclesWith(0);
  expect(misses).toBeGreaterThan(0);
  expect(cyclesWith(1000)).toEqual([free + 1000 * misses, misses]);
});
