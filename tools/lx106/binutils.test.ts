/** Encodings, text and listings word for word against Debian's assembler and disassembler for this core. */
import { describe, expect, test } from "vitest";
import { SeededRandom } from "../../runtime/board/random.ts";
import { assembleWithGas, disassembleWithObjdump, hasBinutils, refusedByGas } from "./binutils.ts";
import { decode } from "./decode.ts";
import { encode, type Instruction } from "./encode.ts";
import { formatInstruction } from "./format.ts";
import { INSTRUCTIONS, type InstructionForm, type Mnemonic } from "./instruction-table.ts";
import { listCode } from "./listing.ts";
import { instructionOf, sampleBits, valuesOf } from "./sample-instructions.ts";

const SEED = 20260106;
const CODE_ADDRESS = 0x40200000;
const FORMS = [...INSTRUCTIONS.values()];

/**
 * Where a line of objdump and ours differ on purpose:
 * - objdump prints `excw` for each word that is no instruction, for its decoder's answer to those is opcode number 0, and
 *   that is excw. The true excw is the one word 0x002080; the others are `.byte` lines here.
 * - objdump prints bytes of `.byte` lines without leading zeros, one a line at the end of a block; here they stay together.
 * Where the two tools differ between themselves we do as each: objdump reads an extui that reaches beyond bit 31, `as` and
 * encode refuse it. Both know rer and wer without operands only.
 */
const OBJDUMP_UNKNOWN = /^(excw|\.byte .*)$/;

/** An instruction with its target given as a distance from itself, for text that does not know its address. */
function gasText(instruction: Instruction, form: InstructionForm, address: number): string {
  const index = form.operands.findIndex((kind) => kind.kind === "target");
  const text = formatInstruction(instruction);
  if (index < 0) return text;
  const distance = ((instruction.operands[index] ?? 0) - address) | 0;
  return text.replace(/0x[0-9a-f]+$/, `. + (${distance})`);
}

/** Compares a listing of ours with objdump's; the numbers of lines with and without an instruction. */
function compareListings(code: Uint8Array): { known: number; unknown: number } {
  const ours = [...listCode(code, CODE_ADDRESS)];
  const theirs = new Map(disassembleWithObjdump(code, CODE_ADDRESS).map(({ address, text }) => [address, text]));
  const differing = ours.filter((line) => {
    const text = theirs.get(line.address) ?? "no line";
    return line.instruction === undefined ? !OBJDUMP_UNKNOWN.test(text) : text !== line.text;
  });
  expect(differing.slice(0, 10).map((line) => [line.text, theirs.get(line.address)])).toEqual([]);
  const unknown = ours.filter((line) => line.instruction === undefined).length;
  return { known: ours.length - unknown, unknown };
}

describe.skipIf(!hasBinutils("LX106 encodings"))("encodings against binutils", () => {
  test("as makes the same bytes of every instruction, at extremes and at random", () => {
    const random = new SeededRandom(SEED);
    const lines: string[] = [];
    const expected: Uint8Array[] = [];
    let address = 0;
    for (const form of FORMS) {
      for (const bits of sampleBits(form, random, 60)) {
        // Each at its own address, as alignment matters to call0 and l32r.
        const instruction = instructionOf(form, bits, address);
        lines.push(gasText(instruction, form, address));
        expected.push(encode(instruction, address));
        address += form.sizeBytes;
      }
    }
    const theirs = assembleWithGas(lines);
    let offset = 0;
    const differing = lines.filter((_, index) => {
      const bytes = expected[index] ?? new Uint8Array();
      const isSame = Buffer.compare(bytes, theirs.subarray(offset, offset + bytes.length)) === 0;
      offset += bytes.length;
      return !isSame;
    });
    console.log(`binutils: ${lines.length} instructions of ${FORMS.length} forms assembled by as and by us`);
    expect(differing.slice(0, 10)).toEqual([]);
    expect(theirs.length).toBe(offset);
    expect(lines.length).toBeGreaterThan(10_000);
  });

  test("as refuses the immediates that encode refuses, and takes all others", () => {
    const lines: string[] = [];
    const isOurs: boolean[] = [];
    for (const form of FORMS) {
      for (const [index, kind] of form.operands.entries()) {
        if (kind.kind !== "immediate") continue;
        const values = valuesOf(kind);
        const first = Math.min(...values);
        const last = Math.max(...values);
        const near = [first - 257, first - 2, first - 1, first, last, last + 1, last + 2, last + 257];
        for (const value of new Set([...near, -1, 0, 1, 2, 3, 9, 11, 32])) {
          const operands = form.operands.map((operand) => operand.fromBits(0, 0)).with(index, value);
          lines.push(gasText({ mnemonic: form.mnemonic, operands }, form, 0));
          isOurs.push(values.includes(value));
        }
      }
    }
    const refused = refusedByGas(lines);
    const differing = lines.filter((_, index) => refused.has(index) === isOurs[index]);
    expect(differing).toEqual([]);
    expect(lines.length).toBeGreaterThan(300);
  });

  test("as has none of the instructions that the core lacks", () => {
    const lacking = [
      ["sext", "a1, a2, 7"],
      ["min", "a1, a2, a3"],
      ["maxu", "a1, a2, a3"],
      ["clamps", "a1, a2, 7"],
      ["muluh", "a1, a2, a3"],
      ["quou", "a1, a2, a3"],
      ["loop", "a1, ."],
      ["entry", "a1, 32"],
      ["retw", ""],
      ["call4", "."],
      ["s32c1i", "a1, a2, 0"],
      ["l32ai", "a1, a2, 0"],
      ["l32e", "a1, a2, -4"],
      ["andb", "b0, b1, b2"],
      ["add.s", "f0, f1, f2"],
      ["mula.aa.ll", "a1, a2"],
      ["rsr.lend", "a1"],
      ["rsr.intset", "a1"],
      ["wsr.prid", "a1"],
    ] as const;
    const refused = refusedByGas(lacking.map((words) => words.join(" ")));
    for (const [index, [mnemonic]] of lacking.entries()) {
      expect(refused.has(index), mnemonic).toBe(true);
      expect(() => encode({ mnemonic: mnemonic as Mnemonic, operands: [] }), mnemonic).toThrow("has no instruction");
    }
  });

  test("objdump reads every word of two bytes as we do", () => {
    const words = Array.from({ length: 0x10000 }, (_, word) => word).filter((word) =>
      [8, 9, 10, 11, 12, 13].includes(word & 15),
    );
    const { known, unknown } = compareListings(Uint8Array.from(words.flatMap((word) => [word & 255, word >> 8])));
    console.log(`binutils: all ${known + unknown} words of two bytes read, ${unknown} unknown to both`);
    expect(known + unknown).toBe(words.length);
  });

  test("objdump reads random words of three bytes as we do, in every place of the opcode maps", () => {
    const random = new SeededRandom(SEED);
    const words: number[] = [];
    // op0 = 0: each pair of op1 and op2; the nibbles r, s, t select further, so each r is met.
    for (let place = 0; place < 256; place++) {
      for (let r = 0; r < 16; r++) {
        for (let draw = 0; draw < 12; draw++) {
          const s = draw < 4 ? draw : random.integer(0, 15);
          words.push((place << 16) | (r << 12) | (s << 8) | (random.integer(0, 15) << 4));
        }
      }
    }
    // Special registers by number.
    for (const operation of [0x030000, 0x130000, 0x610000]) {
      for (let number = 0; number < 256; number++) words.push(operation | (number << 8) | (random.integer(0, 15) << 4));
    }
    for (let op0 = 1; op0 < 8; op0++) {
      for (let draw = 0; draw < 6000; draw++) words.push(op0 | (random.integer(0, 0xfffff) << 4));
    }
    const { known, unknown } = compareListings(
      Uint8Array.from(words.flatMap((word) => [word & 255, (word >> 8) & 255, word >> 16])),
    );
    console.log(`binutils: ${known + unknown} words of three bytes read, ${unknown} unknown to both`);
    expect(known + unknown).toBe(words.length);
  });

  test("objdump goes through random bytes in the same steps", () => {
    const random = new SeededRandom(SEED);
    for (const sizeBytes of [1, 2, 3, 4, 5, 60_001]) {
      const code = new Uint8Array(sizeBytes);
      random.fill(code);
      compareListings(code);
    }
  });

  test("the text that we print assembles back to the word", () => {
    const random = new SeededRandom(SEED);
    const instructions: Instruction[] = [];
    const words: Uint8Array[] = [];
    while (instructions.length < 3000) {
      const word = new Uint8Array(3);
      random.fill(word);
      const instruction = decode(word);
      // Targets need the place; words with ignored bits set do not come back.
      const form = INSTRUCTIONS.get(instruction?.mnemonic ?? "");
      if (instruction === undefined || form === undefined || form.operands.some((kind) => kind.kind === "target"))
        continue;
      if (form.mnemonic === "extui" && (instruction.operands[2] ?? 0) + (instruction.operands[3] ?? 0) > 32) continue;
      instructions.push(instruction);
      words.push(encode(instruction));
    }
    const theirs = assembleWithGas(instructions.map(formatInstruction));
    expect(Buffer.compare(theirs, Buffer.concat(words))).toBe(0);
  });
});
