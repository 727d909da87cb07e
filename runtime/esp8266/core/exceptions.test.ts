import { expect, test } from "vitest";
import type { Chip } from "../chip.ts";
import { EmulatorError } from "../emulator-error.ts";
import { SpecialRegister as SR } from "./special-registers.ts";
import { bench, benchWith, CODE_ADDRESS, DATA_ADDRESS } from "./test-bench.ts";

const VECTORS = 0x50002000;

/** Runs one instruction with the vectors in RAM. */
function raise(text: string, registers: Record<number, number> = {}, ps = 0): Chip {
  const { chip } = bench(text);
  chip.writeSpecial(SR.VECBASE, VECTORS);
  chip.writeSpecial(SR.PS, ps);
  for (const [register, value] of Object.entries(registers)) chip.registers[Number(register)] = value;
  chip.step();
  return chip;
}

test.each([
  ["ill", {}, 0, 0],
  ["ill.n", {}, 0, 0],
  ["syscall", {}, 1, 0],
  ["l32i a4, a2, 4", { 2: 0x3ffe9001 }, 9, 0x3ffe9005],
  ["l32i.n a4, a2, 4", { 2: 0x3ffe9002 }, 9, 0x3ffe9006],
  ["l16ui a4, a2, 2", { 2: 0x40200001 }, 9, 0x40200003],
  ["l16si a4, a2, 2", { 2: 0x40200000 }, 3, 0x40200002],
  ["l8ui a4, a2, 7", { 2: 0x40100000 }, 3, 0x40100007],
  ["s8i a4, a2, 1", { 2: 0x40100000 }, 3, 0x40100001],
  ["s16i a4, a2, 2", { 2: 0x40108000 }, 3, 0x40108002],
  ["s16i a4, a2, 2", { 2: 0x3ffe9001 }, 9, 0x3ffe9003],
  ["s32i a4, a2, 4", { 2: 0x40200000 }, 3, 0x40200004],
  ["s32i a4, a2, 4", { 2: 0x40000000 }, 3, 0x40000004],
  ["l32i a4, a2, 4", { 2: 0 }, 28, 4],
  ["l32i a4, a2, 4", { 2: -8 }, 28, 0xfffffffc],
  ["s32i a4, a2, 4", { 2: 0 }, 29, 4],
  ["s8i a4, a2, 1", { 2: 0x80000000 }, 29, 0x80000001],
])("%s with %o raises cause %i at %i", (text, registers, cause, excvaddr) => {
  const before = { 4: 0x11223344, ...registers };
  const chip = raise(text, before);
  expect(chip.readSpecial(SR.EXCCAUSE)).toBe(cause);
  expect(chip.readSpecial(SR.EXCVADDR)).toBe(excvaddr);
  expect(chip.readSpecial(SR.EPC1)).toBe(CODE_ADDRESS);
  expect(chip.readSpecial(SR.PS)).toBe(0x10);
  expect(chip.pc).toBe(VECTORS + 0x30);
  expect(chip.instructions).toBe(0);
  expect((chip.registers[4] as number) >>> 0).toBe(0x11223344);
});

test("the bytes of the mask ROM are not emulated: loud", () => {
  expect(() => raise("l32i a4, a2, 4", { 2: 0x3ffffffc })).toThrow("mask ROM");
});

test("PS.UM chooses the user vector", () => {
  expect(raise("syscall", {}, 0x20).pc).toBe(VECTORS + 0x50);
});

test("an exception while PS.EXCM is set goes to the double exception vector and leaves EPC1 alone", () => {
  const chip = raise("syscall", {}, 0x30);
  expect(chip.pc).toBe(VECTORS + 0x70);
  expect(chip.readSpecial(SR.DEPC)).toBe(CODE_ADDRESS);
  expect(chip.readSpecial(SR.EPC1)).toBe(0);
});

test.each([
  [0x3ffe9000, 2],
  [0x30000000, 2],
  [0, 20],
  [0x80000000, 20],
])("a fetch from %i raises cause %i", (address, cause) => {
  const { chip } = bench("nop");
  chip.pc = address;
  expect(chip.run({ maxInstructions: 1, stopOnException: true })).toEqual({
    kind: "exception",
    cause,
    pc: address,
    excvaddr: address,
  });
});

test("code reaches the mask ROM where nothing is: loud", () => {
  const { chip } = bench("syscall");
  expect(() => chip.run({ maxInstructions: 10 })).toThrow("0x40000030");
});

test("rfe goes back to EPC1 and clears PS.EXCM, rfde goes to DEPC and does not", () => {
  const { chip } = bench("rfe");
  chip.writeSpecial(SR.PS, 0x30);
  chip.writeSpecial(SR.EPC1, 0x50001010);
  chip.step();
  expect([chip.pc, chip.readSpecial(SR.PS)]).toEqual([0x50001010, 0x20]);

  const other = bench("rfde").chip;
  other.writeSpecial(SR.PS, 0x30);
  other.writeSpecial(SR.DEPC, 0x50001020);
  other.step();
  expect([other.pc, other.readSpecial(SR.PS)]).toEqual([0x50001020, 0x30]);
});

test.each([
  ["rfi 2", SR.EPC2, SR.EPS2],
  ["rfi 3", SR.EPC3, SR.EPS3],
])("%s restores pc and PS of its level", (text, epc, eps) => {
  const { chip } = bench(text);
  chip.writeSpecial(epc, 0x50001030);
  chip.writeSpecial(eps, 0x22);
  chip.step();
  expect([chip.pc, chip.readSpecial(SR.PS)]).toEqual([0x50001030, 0x22]);
});

test.each([
  ["break 1, 2", 0x08],
  ["break.n 3", 0x10],
])("%s goes to the debug vector, unless that level is masked", (text, cause) => {
  const chip = raise(text, {}, 0x20);
  expect(chip.pc).toBe(VECTORS + 0x10);
  expect(chip.readSpecial(SR.DEBUGCAUSE)).toBe(cause);
  expect(chip.readSpecial(SR.EPC2)).toBe(CODE_ADDRESS);
  expect(chip.readSpecial(SR.EPS2)).toBe(0x20);
  expect(chip.readSpecial(SR.PS)).toBe(0x32);

  const masked = raise(text, {}, 0x22);
  expect(masked.pc).toBe(CODE_ADDRESS + (text === "break.n 3" ? 2 : 3));
  expect(masked.readSpecial(SR.DEBUGCAUSE)).toBe(0);
});

test("rsil gives the old PS and sets the level", () => {
  const chip = raise("rsil a4, 3", {}, 0x21);
  expect([chip.registers[4], chip.readSpecial(SR.PS)]).toEqual([0x21, 0x23]);
});

test("special registers: read, write, exchange", () => {
  const { chip } = bench("wsr.epc1 a3", "rsr.epc1 a4", "xsr.excsave1 a3", "rsr.prid a4", "rsr.176 a4", "rsr.208 a4");
  chip.registers[3] = 0x87654321;
  chip.writeSpecial(SR.EXCSAVE1, 77);
  chip.run({ maxInstructions: 3 });
  expect(chip.readSpecial(SR.EPC1)).toBe(0x87654321);
  expect((chip.registers[4] as number) >>> 0).toBe(0x87654321);
  expect([chip.registers[3], chip.readSpecial(SR.EXCSAVE1)]).toEqual([77, 0x87654321]);
  const words = [0, 1, 2].map(() => {
    chip.step();
    return (chip.registers[4] as number) >>> 0;
  });
  expect(words).toEqual([0, 0xc28cdafa, 0x1082b6f6]);
});

test("LITBASE moves the literals of l32r", () => {
  const { chip } = bench("wsr.litbase a3", "l32r a4, . - 8");
  chip.writeWord(0x50008000 - 8, 0x13572468);
  chip.registers[3] = 0x50008001;
  chip.run({ maxInstructions: 2 });
  // The word holds -2 words, counted from LITBASE.
  expect(chip.registers[4]).toBe(0x13572468);
});

test("region protection: what is written comes back, what the emulator cannot do is loud", () => {
  const { chip } = bench("wdtlb a4, a2", "rdtlb1 a4, a2", "ritlb0 a4, a2", "pdtlb a4, a2", "witlb a4, a2");
  chip.registers[2] = 0x40001234;
  chip.registers[4] = 0x40000004;
  const words = [0, 1, 2, 3].map(() => {
    chip.step();
    return (chip.registers[4] as number) >>> 0;
  });
  expect(words).toEqual([0x40000004, 0x40000004, 0x40000000, 0x40000001]);
  chip.registers[4] = 15;
  expect(() => chip.step()).toThrow(EmulatorError);
});

test("simcall goes to its handler, and is loud without one", () => {
  const seen: number[] = [];
  const { chip } = benchWith({ onSimcall: (one) => seen.push(one.registers[2] as number, one.pc) }, "simcall", "nop");
  chip.registers[2] = 4;
  chip.run({ maxInstructions: 2 });
  expect(seen).toEqual([4, CODE_ADDRESS]);
  expect(() => bench("simcall").chip.step()).toThrow("simcall");
});

test.each(["rer", "rfdo 1"])("%s is not emulated, and the error says where", (text) => {
  const { chip } = bench("nop", text);
  try {
    chip.run({ maxInstructions: 2 });
  } catch (error) {
    expect(error).toMatchObject({ code: "not-emulated", pc: CODE_ADDRESS + 3 });
    return;
  }
  throw new Error("nothing was thrown");
});

test("a breakpoint in hardware is not emulated: loud", () => {
  const { chip } = bench("wsr.ibreakenable a3");
  chip.registers[3] = 1;
  expect(() => chip.step()).toThrow("IBREAKENABLE");
});

test("an access to a peripheral that nobody emulates is loud and names pc and address", () => {
  const { chip } = bench("nop.n", "l32i a4, a2, 4");
  chip.registers[2] = 0x60000100;
  try {
    chip.run({ maxInstructions: 2 });
  } catch (error) {
    expect(error).toMatchObject({ code: "not-emulated", pc: CODE_ADDRESS + 2, address: 0x60000104 });
    return;
  }
  throw new Error("nothing was thrown");
});

test("data in DRAM is no code, though a debugger may write there", () => {
  const { chip } = bench("jx a3");
  chip.registers[3] = DATA_ADDRESS;
  expect(chip.run({ maxInstructions: 5, stopOnException: true })).toMatchObject({
    kind: "exception",
    cause: 2,
    pc: DATA_ADDRESS,
  });
});
