/** Encoding and decoding against each other, and against words from the manual's own pages. */
import { isDeepStrictEqual } from "node:util";
import { describe, expect, test } from "vitest";
import { SeededRandom } from "../../runtime/board/random.ts";
import { decode } from "./decode.ts";
import { EncodeError, encode, type Instruction } from "./encode.ts";
import { formatInstruction } from "./format.ts";
import { INSTRUCTIONS, type Mnemonic } from "./instruction-table.ts";
import { instructionOf, sampleBits, valuesOf } from "./sample-instructions.ts";

const ADDRESS = 0x40210002;
const SEED = 106;

function hex(instruction: Instruction, address = 0): string {
  return Buffer.from(encode(instruction, address)).toString("hex");
}

function errorOf(mnemonic: string, operands: number[], address = 0): string {
  try {
    encode({ mnemonic: mnemonic as Mnemonic, operands }, address);
  } catch (error) {
    if (error instanceof EncodeError) return error.message;
    throw error;
  }
  return "no error";
}

describe("every instruction", () => {
  test("comes back from its bytes", () => {
    const random = new SeededRandom(SEED);
    const lost: string[] = [];
    let count = 0;
    for (const form of INSTRUCTIONS.values()) {
      for (const address of [0, ADDRESS, ADDRESS + 1, 0xfffffffc]) {
        for (const bits of sampleBits(form, random, 100)) {
          const instruction = instructionOf(form, bits, address);
          const bytes = encode(instruction, address);
          const isSame = isDeepStrictEqual(decode(bytes, address), instruction) && bytes.length === form.sizeBytes;
          if (!isSame) lost.push(`${formatInstruction(instruction)} at ${address}`);
          count++;
        }
      }
    }
    expect(lost).toEqual([]);
    expect(count).toBeGreaterThan(80_000);
  });

  test("has bits of its own: no word is two of them", () => {
    const forms = [...INSTRUCTIONS.values()];
    for (const [index, form] of forms.entries()) {
      expect(form.match & ~form.mask).toBe(0);
      for (const other of forms.slice(index + 1)) {
        if (other.sizeBytes !== form.sizeBytes) continue;
        const differing = (form.match ^ other.match) & form.mask & other.mask;
        expect(differing, `${form.mnemonic} and ${other.mnemonic}`).not.toBe(0);
      }
    }
  });

  test("refuses every immediate that has no bits, up to 300 beyond its ends", () => {
    const taken: string[] = [];
    for (const form of INSTRUCTIONS.values()) {
      for (const [index, kind] of form.operands.entries()) {
        if (kind.kind === "target") continue;
        const values = new Set(valuesOf(kind));
        const operands = form.operands.map((operand) => operand.fromBits(0, 0));
        const [least, most] = [Math.min(...values), Math.max(...values)];
        for (let value = least - 300; value <= most + 300; value += most > 2000 ? 1 + (value & 6) : 1) {
          if (values.has(value)) continue;
          const message = errorOf(form.mnemonic, operands.with(index, value));
          if (!message.includes(`${kind.name} is ${value}, it must be`)) taken.push(`${form.mnemonic} ${value}`);
        }
        for (const value of [0.5, Number.NaN, Infinity]) {
          if (errorOf(form.mnemonic, operands.with(index, value)) === "no error")
            taken.push(`${form.mnemonic} ${value}`);
        }
      }
    }
    expect(taken).toEqual([]);
  });
});

// Worked out by hand from the format tables of the ISA manual.
test.each<[string, string, Mnemonic, number[], number]>([
  ["RRR", "304180", "add", [4, 1, 3], 0],
  ["RRI8, negative", "12c1f0", "addi", [1, 1, -16], 0],
  ["RRI8, scaled", "2222ff", "l32i", [2, 2, 1020], 0],
  ["RRI8, split immediate", "22a800", "movi", [2, -2048], 0],
  ["RI16, the word before", "21ffff", "l32r", [2, 0x40200000], 0x40200004],
  ["CALL, the next aligned word", "050000", "call0", [0x40200008], 0x40200006],
  ["BRI12", "16f2ff", "beqz", [2, 0x40200003], 0x40200000],
  ["BRI8, bit above 15", "f77300", "bbci", [3, 31, 4], 0],
  ["RRRN", "4821", "l32i.n", [4, 1, 8], 0],
  ["RI7, negative", "7cf2", "movi.n", [2, -1], 0],
  ["RI6", "9cf2", "beqz.n", [2, 35], 0],
  ["special register", "20e603", "rsr.ps", [2], 0],
])("%s: %s is %s %j", (_, bytes, mnemonic, operands, address) => {
  expect(hex({ mnemonic, operands }, address)).toBe(bytes);
});

test("a word outside of the instruction set, or cut short, is unknown", () => {
  const unknown = ["009000", "000006", "000003", "d0e003", "040000", "4df0", "0e", "0f0000", "0021", "2a", ""];
  for (const bytes of unknown) expect(decode(Buffer.from(bytes, "hex")), bytes).toBeUndefined();
});

test("text is written as objdump writes it", () => {
  const text = (mnemonic: Mnemonic, ...operands: number[]) => formatInstruction({ mnemonic, operands });
  expect(text("ret.n")).toBe("ret.n");
  expect(text("addi", 1, 1, -16)).toBe("addi a1, a1, -16");
  expect(text("addmi", 1, 2, -256)).toBe("addmi a1, a2, 0xffffff00");
  expect(text("l32i", 3, 1, 1020)).toBe("l32i a3, a1, 0x3fc");
  expect(text("beqi", 3, 10, 0x40200010)).toBe("beqi a3, 10, 0x40200010");
  expect(text("rsr.epc1", 4)).toBe("rsr.epc1 a4");
});

describe("errors name the operand, its range and the value", () => {
  test.each<[string, number[], string]>([
    ["addi", [1, 2, 128], "addi: imm is 128, it must be -128 to 127"],
    ["l32i", [1, 2, 6], "l32i: offset is 6, it must be 0 to 1020 in steps of 4"],
    ["addmi", [1, 2, 100], "addmi: imm is 100, it must be -32768 to 32512 in steps of 256"],
    ["add", [1, 16, 2], "add: as is 16, it must be a register, 0 to 15"],
    ["beqi", [1, 9, 4], "beqi: imm is 9, it must be one of -1, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 16, 32, 64, 128, 256"],
    ["slli", [1, 2, 0], "slli: shift is 0, it must be 1 to 32"],
    ["extui", [1, 2, 31, 2], "extui: shift 31 + width 2 is 33, it must be at most 32"],
    ["add", [1, 2], "add takes 3 operands (ar, as, at), 2 are given"],
    ["memw", [1], "memw takes 0 operands (none), 1 are given"],
    ["sext", [1, 2, 7], "the LX106 has no instruction sext"],
    ["wsr.prid", [1], "the LX106 has no instruction wsr.prid"],
    ["beq", [1, 2, -4], "beq: target is -4, it must be -124 to 131 bytes away"],
  ])("%s %j", (mnemonic, operands, message) => {
    expect(errorOf(mnemonic, operands)).toBe(message);
  });

  test.each<[string, number[], number, number, number]>([
    ["beq", [1, 2], 0, -124, 131],
    ["beqz", [1], 0, -2044, 2051],
    ["beqz.n", [1], 0, 4, 67],
    ["j", [], 0, -131068, 131075],
    ["call0", [], 0, -524284, 524288],
    ["l32r", [1], 0, -262144, -4],
  ])("%s reaches exactly as far as the message says", (mnemonic, others, offset, least, most) => {
    const address = 0x40240000 + offset;
    const step = mnemonic === "call0" || mnemonic === "l32r" ? 4 : 1;
    for (const distance of [least, most]) {
      expect(errorOf(mnemonic, [...others, address + distance], address)).toBe("no error");
    }
    for (const distance of [least - step, most + step]) {
      const message = errorOf(mnemonic, [...others, address + distance], address);
      expect(message).toContain(`${mnemonic} at 0x40240000`);
      expect(message).toContain(`${distance} bytes away, it must be`);
      expect(message).toMatch(new RegExp(`${least}|${Math.abs(most)} to ${Math.abs(least)} bytes before`));
    }
    if (step === 4) expect(errorOf(mnemonic, [...others, address - 6], address)).toContain("multiple of 4");
  });
});
