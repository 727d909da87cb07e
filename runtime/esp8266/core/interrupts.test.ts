import { describe, expect, test } from "vitest";
import { InterruptLine } from "../bus.ts";
import { Chip } from "../chip.ts";
import { SpecialRegister as SR } from "./special-registers.ts";
import { assemble, bench, CODE_ADDRESS } from "./test-bench.ts";

const KERNEL_VECTOR = 0x40000030;
const NMI_VECTOR = 0x40000020;

/** An endless loop of a nop.n and a jump back: 4 cycles, 2 instructions. */
const LOOP = Uint8Array.of(0x3d, 0xf0, 0x86, 0xfe, 0xff);

/** A chip in the loop; notes when an interrupt is taken, and returns from it. */
function looping(engine: "interpreter" | "translated", lower?: (chip: Chip) => void) {
  const taken: { at: number; pc: number; cause: number; instructions: number }[] = [];
  const chip: Chip = new Chip({
    engine,
    translateAfter: 2,
    extraRam: [{ address: 0x50000000, sizeBytes: 0x10000 }],
    routines: new Map(
      [KERNEL_VECTOR, NMI_VECTOR].map((vector) => [
        vector,
        {
          name: "handler",
          run: (core) => {
            const isNmi = vector === NMI_VECTOR;
            taken.push({
              at: chip.cycles,
              pc: chip.readSpecial(isNmi ? SR.EPC3 : SR.EPC1),
              cause: chip.readSpecial(SR.EXCCAUSE),
              instructions: chip.instructions,
            });
            lower?.(chip);
            chip.writeSpecial(SR.PS, isNmi ? chip.readSpecial(SR.EPS3) : chip.readSpecial(SR.PS) & ~0x10);
            core.jump(chip.readSpecial(isNmi ? SR.EPC3 : SR.EPC1));
          },
        },
      ]),
    ),
  });
  chip.write(CODE_ADDRESS, LOOP);
  chip.pc = CODE_ADDRESS;
  chip.writeSpecial(SR.PS, 0);
  return { chip, taken };
}

describe.each(["interpreter", "translated"] as const)("%s", (engine) => {
  test("CCOMPARE0 interrupts when CCOUNT gets there, before the next instruction", () => {
    const { chip, taken } = looping(engine, (one) =>
      one.writeSpecial(SR.CCOMPARE0, one.readSpecial(SR.CCOUNT) + 100_001),
    );
    chip.writeSpecial(SR.INTENABLE, 1 << InterruptLine.Ccompare);
    chip.writeSpecial(SR.CCOMPARE0, 100_001);
    chip.run({ maxInstructions: 200_000 });
    // The loop begins at multiples of 4; at 100,001 the nop has begun, the jump is next.
    expect(taken[0]).toEqual({ at: 100_004, pc: CODE_ADDRESS + 2, cause: 4, instructions: 50_001 });
    // Entering costs 3 cycles, the routine 3; then 100,001 cycles from its end's CCOUNT on: the jump, then whole loops.
    expect(taken.length).toBeGreaterThan(2);
    for (const [index, { at }] of taken.entries())
      if (index > 0) expect(at - (taken[index - 1]?.at ?? 0)).toBeLessThan(100_010);
  });

  test("an event runs at its cycle and may raise a line; a level stays pending until it is lowered", () => {
    const { chip, taken } = looping(engine, (one) => {
      if (taken.length === 3) one.core.lower(InterruptLine.Gpio);
    });
    chip.writeSpecial(SR.INTENABLE, 1 << InterruptLine.Gpio);
    chip.core.at(40_000, () => chip.core.raise(InterruptLine.Gpio));
    chip.run({ maxCycles: 100_000 });
    expect(taken.map(({ at }) => at)).toEqual([40_003, 40_009, 40_015]);
    expect(chip.cycles).toBeGreaterThanOrEqual(100_000);
    expect(chip.cycles).toBeLessThan(100_004);
  });

  test("an edge stays pending until INTCLEAR, though the line has fallen", () => {
    const { chip, taken } = looping(engine, (one) => {
      if (taken.length === 2) one.writeSpecial(SR.INTCLEAR, 1 << InterruptLine.Frc1);
    });
    chip.writeSpecial(SR.INTENABLE, 1 << InterruptLine.Frc1);
    chip.core.raise(InterruptLine.Frc1);
    chip.core.lower(InterruptLine.Frc1);
    chip.run({ maxInstructions: 1000 });
    expect(taken.length).toBe(2);
  });

  test("a software interrupt is set by INTSET and cleared by INTCLEAR", () => {
    const { chip, taken } = looping(engine, (one) => one.writeSpecial(SR.INTCLEAR, 1 << InterruptLine.Soft));
    chip.writeSpecial(SR.INTENABLE, 0x7fff);
    chip.writeSpecial(SR.INTERRUPT, -1);
    expect(chip.readSpecial(SR.INTERRUPT)).toBe(1 << InterruptLine.Soft);
    chip.run({ maxInstructions: 1000 });
    expect(taken.length).toBe(1);
  });

  test("the level masks: PS.INTLEVEL 1 and PS.EXCM keep interrupts out, but not the NMI", () => {
    for (const ps of [0x01, 0x10, 0x0f]) {
      const { chip, taken } = looping(engine);
      chip.writeSpecial(SR.PS, ps);
      chip.writeSpecial(SR.INTENABLE, 0x3fff);
      chip.core.raise(InterruptLine.Uart);
      chip.run({ maxInstructions: 1000 });
      expect(taken).toEqual([]);
      chip.core.raise(InterruptLine.Nmi);
      chip.run({ maxInstructions: 1000 });
      expect(taken.length).toBe(1);
    }
  });

  test("a cancelled event does not run", () => {
    const { chip } = looping(engine);
    let runs = 0;
    const cancel = chip.core.at(5000, () => runs++);
    chip.core.at(4000, cancel);
    chip.core.at(5000, () => (runs += 10));
    chip.run({ maxCycles: 10_000 });
    expect(runs).toBe(10);
  });

  test("maxInstructions is exact", () => {
    const { chip } = looping(engine);
    for (const count of [1, 2, 3, 1001, 77_777, 500_000]) {
      const before = chip.instructions;
      expect(chip.run({ maxInstructions: count })).toEqual({ kind: "limit" });
      expect(chip.instructions - before).toBe(count);
    }
    if (engine === "translated") expect(chip.translated.regions).toBeGreaterThan(0);
  });
});

test("CCOUNT counts cycles and can be set; its interrupt is pending until CCOMPARE0 is written", () => {
  const { chip } = bench(
    "rsr.ccount a4",
    "nop",
    "nop",
    "rsr.ccount a4",
    "wsr.ccount a3",
    "rsr.ccount a4",
    "nop",
    "nop",
  );
  chip.run({ maxInstructions: 1 });
  expect(chip.registers[4]).toBe(0);
  chip.run({ maxInstructions: 3 });
  expect(chip.registers[4]).toBe(3);
  chip.registers[3] = -1;
  chip.writeSpecial(SR.CCOMPARE0, 1);
  chip.run({ maxInstructions: 2 });
  expect(chip.registers[4]).toBe(0);
  expect(chip.readSpecial(SR.INTERRUPT)).toBe(0);
  chip.run({ maxInstructions: 2 });
  chip.run({ maxInstructions: 1 });
  expect(chip.readSpecial(SR.INTERRUPT)).toBe(1 << InterruptLine.Ccompare);
  chip.writeSpecial(SR.CCOMPARE0, 1000);
  expect(chip.readSpecial(SR.INTERRUPT)).toBe(0);
});

test("waiti sleeps until an interrupt, and nothing runs meanwhile", () => {
  const { chip, taken } = looping("interpreter");
  chip.write(CODE_ADDRESS, assemble("waiti 2"));
  chip.writeSpecial(SR.INTENABLE, 1 << InterruptLine.Frc2);
  expect(chip.run({ maxInstructions: 1000 })).toEqual({ kind: "waiting" });
  expect(chip.instructions).toBe(1);
  expect(chip.readSpecial(SR.PS)).toBe(2);

  const other = looping("interpreter", (one) => one.writeSpecial(SR.INTCLEAR, -1));
  other.chip.write(CODE_ADDRESS, Uint8Array.of(0x00, 0x70, 0x00, 0x06, 0xff, 0xff)); // waiti 0, j to itself
  other.chip.writeSpecial(SR.INTENABLE, 1 << InterruptLine.Frc2);
  other.chip.core.at(123_456, () => other.chip.core.raise(InterruptLine.Frc2));
  other.chip.run({ maxCycles: 123_600 });
  expect(other.taken).toEqual([{ at: 123_459, pc: CODE_ADDRESS + 3, cause: 4, instructions: 1 }]);
  expect(other.chip.pc).toBe(CODE_ADDRESS + 3);
  expect(taken).toEqual([]);
});

test("a sleep that nothing ends does not run for ever", () => {
  const { chip } = looping("interpreter");
  chip.write(CODE_ADDRESS, assemble("waiti 2"));
  const again = (): void => {
    chip.core.at(chip.cycles + 10, again);
  };
  again();
  expect(chip.run({ maxInstructions: 1000 })).toEqual({ kind: "limit" });
  expect(chip.run({ maxCycles: 5000 })).toEqual({ kind: "limit" });
});
