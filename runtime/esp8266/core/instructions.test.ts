import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { INSTRUCTION_CASES } from "./instruction-cases.ts";
import { INSTRUCTION_ENCODINGS } from "./instruction-encodings.ts";
import { Op } from "./operations.ts";
import { assemble, bench, CODE_ADDRESS, DATA_ADDRESS } from "./test-bench.ts";

const START: Readonly<Record<string, number>> = { a2: DATA_ADDRESS, a4: 0xdeadbeef, a15: 0x12345678 };

function state(chip: ReturnType<typeof bench>["chip"]): Record<string, number> {
  const entries = Array.from(chip.registers, (value, index): [string, number] => [`a${index}`, value >>> 0]);
  return Object.fromEntries([...entries, ["sar", chip.core.sar], ["pc", chip.pc - CODE_ADDRESS]]);
}

describe.each(INSTRUCTION_CASES.map((one, index) => ({ ...one, index })))(
  "$text ($index)",
  ({ text, before, after }) => {
    test("changes what the manual says and nothing else", () => {
      const { chip } = bench(text);
      chip.write(DATA_ADDRESS, Uint8Array.of(0x11, 0x22, 0x33, 0x84, 0x55, 0x66, 0x77, 0x88));
      chip.writeWord(CODE_ADDRESS - 8, 0xc0ffee11);
      for (const [name, value] of Object.entries({ ...START, ...before })) {
        if (name === "sar") chip.core.sar = value;
        else chip.registers[Number(name.slice(1))] = value;
      }
      const expected = { ...state(chip), pc: assemble(text).length, ...after };
      expect(chip.step()).toEqual({ kind: "limit" });
      expect(state(chip)).toEqual(expected);
      expect(chip.instructions).toBe(1);
      const stalls = expected.pc === assemble(text).length ? 0 : 2;
      expect(chip.cycles).toBe(1 + stalls);
    });
  },
);

test.each([
  ["s32i a4, a2, 4", [0, 0, 0, 0, 0xef, 0xbe, 0xad, 0xde]],
  ["s32i.n a4, a2, 4", [0, 0, 0, 0, 0xef, 0xbe, 0xad, 0xde]],
  ["s16i a4, a2, 2", [0, 0, 0xef, 0xbe, 0, 0, 0, 0]],
  ["s8i a4, a2, 1", [0, 0xef, 0, 0, 0, 0, 0, 0]],
])("%s stores", (text, bytes) => {
  const { chip } = bench(text);
  chip.registers[2] = DATA_ADDRESS;
  chip.registers[4] = 0xdeadbeef;
  chip.memory.clearTouched();
  chip.step();
  expect([...chip.read(DATA_ADDRESS, 8)]).toEqual(bytes);
  expect([...chip.memory.touched.subarray(DATA_ADDRESS - 0x3ffe8000).subarray(0, 8)]).toEqual(
    bytes.map((byte) => (byte ? 1 : 0)),
  );
});

test("every instruction of the fixture is known, and every operation but those of the decoder itself is in it", () => {
  const seen = new Set(Object.keys(INSTRUCTION_ENCODINGS).map((text) => bench(text).firstOperation()));
  const missing = Object.values(Op).filter((op): op is Op => typeof op === "number" && !seen.has(op));
  expect(missing.map((op) => Op[op])).toEqual(["End"]);
});

test("the interpreter's case numbers are those of Op", () => {
  const source = readFileSync(new URL("./interpreter.ts", import.meta.url), "utf8");
  const cases = [...source.matchAll(/case (\d+):(?: \{)?\s*\/\/ (\w+)/g)];
  expect(cases.length).toBeGreaterThan(80);
  for (const [, number, name] of cases) expect(Op[Number(number)]).toBe(name);
});

test("a word that is no instruction raises cause 0", () => {
  for (const word of [
    0x000000, 0x0000f0, 0x0020e0, 0xe20000, 0x820001, 0x000036, 0xc20000, 0x230000, 0x00b002, 0x000004,
  ]) {
    const { chip } = bench("nop");
    chip.write(CODE_ADDRESS, Uint8Array.of(word & 0xff, (word >>> 8) & 0xff, word >>> 16));
    const result = chip.run({ maxInstructions: 1, stopOnException: true });
    // l32r begins with 1 in its lowest bits: 0x820001 is one, of a literal that is not there.
    if ((word & 15) === 1) expect(result).toMatchObject({ kind: "exception", cause: 3 });
    else expect([word.toString(16), result]).toMatchObject([word.toString(16), { kind: "exception", cause: 0 }]);
  }
});
