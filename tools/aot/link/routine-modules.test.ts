/** What the compiler for the LX106 counts on in the modules of routines. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { ByteReader } from "../read/byte-reader.ts";
import type { FunctionBody, Module } from "../read/module.ts";
import { readModule } from "../read/read-module.ts";
import { skipInstruction } from "../ssa/skip-instruction.ts";
import { GENERATED_PATH, generatedText } from "./generate-routines.ts";
import { ROM_ROUTINES } from "./rom-routines.ts";
import { JUDGED_ROUTINES, JUDGED_TRAPS } from "./routine-judge.ts";
import { routineModules } from "./routine-modules.ts";

/** Opcodes (core specification 5.4). Blocks, branches, calls, locals. */
const CONTROL = new Set([0x02, 0x03, 0x04, 0x05, 0x0b, 0x0c, 0x0d, 0x0f, 0x10, 0x1b, 0x20, 0x21, 0x22]);
/** clz, add, sub, mul, and, or, xor, shl, shr_s, shr_u. */
const I32_ARITHMETIC = [0x67, 0x6a, 0x6b, 0x6c, 0x71, 0x72, 0x73, 0x74, 0x75, 0x76];
/** Constants, comparisons, conversions between i32 and i64, and of i64 what is a few instructions on words. */
const ON_WORDS = new Set([
  ...[0x41, 0x42, ...range(0x45, 0x5a), ...I32_ARITHMETIC],
  ...[0x7c, 0x7d, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0xa7, 0xac, 0xad],
]);
/** i32: load, load8_u, store, store8. */
const ON_MEMORY = new Set([0x28, 0x2d, 0x36, 0x3a]);

const I64_CONST = 0x42;
const I64_SHIFTS = [0x86, 0x87, 0x88];
const CALL = 0x10;
const WORD_ACCESSES = [0x28, 0x36];

const pure = readModule(routineModules().pure);
const memory = readModule(routineModules().memory);

interface Instruction {
  opcode: number;
  /** Of a call: the function called. */
  target: number;
}

function instructionsOf(module: Module, body: FunctionBody): Instruction[] {
  const reader = new ByteReader(module.bytes, body.start, body.end);
  const found: Instruction[] = [];
  while (!reader.isAtEnd) {
    const opcode = reader.byte();
    if (opcode === CALL) {
      found.push({ opcode, target: reader.u32() });
      continue;
    }
    found.push({ opcode, target: -1 });
    if (opcode >= 0x02 && opcode <= 0x04) reader.s33();
    else if (opcode !== 0x05 && opcode !== 0x0b) skipInstruction(opcode, reader);
  }
  return found;
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

function exportedFunctions(module: Module): string[] {
  return module.exports.filter(({ kind }) => kind === "function").map(({ name }) => name);
}

test("the committed modules are those of the sources; if not: npm run generate", async () => {
  expect(readFileSync(GENERATED_PATH, "utf8")).toBe(await generatedText());
});

test("each instruction that needs one has its routine", () => {
  const names = [...JUDGED_ROUTINES, ...JUDGED_TRAPS].map(({ name }) => name);
  expect(exportedFunctions(pure).sort()).toEqual([...names, "f32_compare", "f64_compare", "i32_mul_wide_u"].sort());
});

test("the ROM's routines stand for some of them", () => {
  expect(exportedFunctions(pure)).toEqual(expect.arrayContaining([...ROM_ROUTINES.keys()]));
});

describe("the pure module", () => {
  test("is functions alone", () => {
    expect(pure).toMatchObject({
      functionImports: [],
      tables: [],
      memory: undefined,
      globals: [],
      data: [],
      elements: [],
    });
    expect(pure.start).toBeUndefined();
  });

  test("uses no instruction that would need a routine, or a trap", () => {
    const foreign: string[] = [];
    for (const body of pure.functions) {
      const instructions = instructionsOf(pure, body);
      for (const [index, { opcode }] of instructions.entries()) {
        const isVariableShift = I64_SHIFTS.includes(opcode) && instructions[index - 1]?.opcode !== I64_CONST;
        const isKnown = CONTROL.has(opcode) || ON_WORDS.has(opcode);
        if (!isKnown || isVariableShift) foreign.push(`${body.name}: 0x${opcode.toString(16)}`);
      }
    }
    expect(foreign).toEqual([]);
  });

  test("has no recursion", () => {
    const callees = pure.functions.map((body) =>
      instructionsOf(pure, body)
        .filter(({ opcode }) => opcode === CALL)
        .map(({ target }) => target),
    );
    const depths = callees.map((_, index) => depth(index, []));
    expect(Math.max(...depths)).toBeLessThan(callees.length);

    function depth(index: number, path: number[]): number {
      if (path.includes(index)) return Number.POSITIVE_INFINITY;
      return 1 + Math.max(0, ...(callees[index] ?? []).map((callee) => depth(callee, [...path, index])));
    }
  });

  test("names its functions", () => {
    expect(pure.functions.map(({ name }) => name)).toContain("pack/packF64");
  });
});

describe("the memory module", () => {
  test("exports its routines, and needs nothing", () => {
    expect(exportedFunctions(memory).sort()).toEqual([
      ...["load16_unaligned", "load32_unaligned", "memory_copy", "memory_fill", "store16_unaligned"],
      "store32_unaligned",
    ]);
    expect(memory).toMatchObject({ functionImports: [], tables: [], globals: [], data: [], elements: [] });
  });

  test("reads and writes bytes and words, and only bytes where an address may be unaligned", () => {
    for (const body of memory.functions) {
      const opcodes = instructionsOf(memory, body).map(({ opcode }) => opcode);
      for (const opcode of opcodes) {
        expect(CONTROL.has(opcode) || ON_WORDS.has(opcode) || ON_MEMORY.has(opcode), `0x${opcode.toString(16)}`).toBe(
          true,
        );
      }
      if (body.name.endsWith("_unaligned")) {
        expect(opcodes.filter((opcode) => WORD_ACCESSES.includes(opcode))).toEqual([]);
      }
    }
  });
});
