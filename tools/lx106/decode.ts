/**
 * Bytes to an instruction. Bits that the chip ignores (s of ret) are ignored here too; a word that is no instruction of
 * this core is undefined, with the width that the chip would take it for.
 *
 * Source: Xtensa ISA Reference Manual, section 7.3: op0 from 8 to 13 is a word of two bytes, 14 and 15 are no format of this
 * core.
 */
import type { Instruction } from "./encode.ts";
import { INSTRUCTIONS, type InstructionForm } from "./instruction-table.ts";
import { extractBits } from "./operands.ts";

const OP0_VALUES = 16;
const OP0_NARROW_FIRST = 8;
const OP0_UNKNOWN_FIRST = 14;

/** Forms by op0, and those of op0 = 0 (most of them) by op1 and op2. */
const BUCKETS: readonly (readonly InstructionForm[])[] = Array.from({ length: OP0_VALUES + 256 }, (_, bucket) => {
  const known = bucket < OP0_VALUES ? 0xf : 0xff000f;
  const bits = bucket < OP0_VALUES ? bucket : (bucket - OP0_VALUES) << 16;
  return [...INSTRUCTIONS.values()].filter((form) => ((form.match ^ bits) & form.mask & known) === 0);
});

/** The instruction at `offset`, which stands at `address`; undefined where there is none. */
export function decode(bytes: Uint8Array, address = 0, offset = 0): Instruction | undefined {
  const sizeBytes = widthAt(bytes, offset);
  if (offset + sizeBytes > bytes.length) return undefined;
  let word = 0;
  for (let index = 0; index < sizeBytes; index++) word |= (bytes[offset + index] ?? 0) << (8 * index);
  const op0 = word & 0xf;
  const forms = BUCKETS[op0 === 0 ? OP0_VALUES + (word >>> 16) : op0] ?? [];
  const form = forms.find((candidate) => ((word ^ candidate.match) & candidate.mask) === 0);
  if (form === undefined) return undefined;
  return {
    mnemonic: form.mnemonic,
    operands: form.operands.map((operand) => operand.fromBits(extractBits(operand.fields, word), address)),
  };
}

/** How many bytes the first byte announces; 1 where it announces nothing. */
export function widthAt(bytes: Uint8Array, offset: number): 1 | 2 | 3 {
  const op0 = (bytes[offset] ?? 0) & 0xf;
  if (op0 < OP0_NARROW_FIRST) return 3;
  return op0 < OP0_UNKNOWN_FIRST ? 2 : 1;
}
