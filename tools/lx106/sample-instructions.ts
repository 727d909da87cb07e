/** Instructions for tests: every form with its operands at their extremes and at random, seeded. */
import type { RandomSource } from "../../runtime/board/random.ts";
import type { Instruction } from "./encode.ts";
import type { InstructionForm } from "./instruction-table.ts";
import type { OperandKind } from "./operands.ts";

function combinationsOf(kind: OperandKind): number {
  return 2 ** kind.fields.reduce((sum, field) => sum + field.widthBits, 0);
}

/** All values of a kind, where they are few enough. */
export function valuesOf(kind: OperandKind): number[] {
  return Array.from({ length: combinationsOf(kind) }, (_, bits) => kind.fromBits(bits, 0));
}

/** What stands in the fields of each operand; a target's meaning depends on the address, so that comes later. */
type OperandBits = number[];

/** Each operand at the ends of its bits and at both sides of its sign while the others are random, then all random. */
export function sampleBits(form: InstructionForm, random: RandomSource, randomCount: number): OperandBits[] {
  if (form.operands.length === 0) return [[]];
  const draw = (): OperandBits => form.operands.map((kind) => random.integer(0, combinationsOf(kind) - 1));
  const atExtremes = form.operands.flatMap((kind, index) => {
    const count = combinationsOf(kind);
    return [0, 1, count / 2 - 1, count / 2, count - 2, count - 1].map((bits) => draw().with(index, bits));
  });
  return [...atExtremes, ...Array.from({ length: randomCount }, draw)].filter((bits) => !isRefused(form, bits));
}

export function instructionOf(form: InstructionForm, bits: OperandBits, address: number): Instruction {
  return {
    mnemonic: form.mnemonic,
    operands: form.operands.map((kind, index) => kind.fromBits(bits[index] ?? 0, address)),
  };
}

/** extui of bits beyond bit 31 has a word, but encode and `as` refuse it; the bits of the width are one less than it. */
function isRefused({ mnemonic }: InstructionForm, [, , shift = 0, widthBits = 0]: OperandBits): boolean {
  return mnemonic === "extui" && shift + widthBits + 1 > 32;
}
