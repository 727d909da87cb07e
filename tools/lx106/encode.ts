/** An instruction to its bytes. Operands that do not fit are refused with what would fit (EncodeError). */
import { INSTRUCTIONS, type InstructionForm, type Mnemonic } from "./instruction-table.ts";
import { insertBits, type OperandKind } from "./operands.ts";

export interface Instruction {
  mnemonic: Mnemonic;
  /** In the order of the text form; a branch, call or l32r has the address that it reaches. */
  operands: readonly number[];
}

/** The instruction does not exist on this core, or an operand does not fit. */
export class EncodeError extends Error {}

const WORD_BITS = 32;

/** The bytes of an instruction that stands at `address`. */
export function encode({ mnemonic, operands }: Instruction, address = 0): Uint8Array {
  const form = findForm(mnemonic);
  if (operands.length !== form.operands.length) {
    const names = form.operands.map((operand) => operand.name).join(", ") || "none";
    throw new EncodeError(
      `${mnemonic} takes ${form.operands.length} operands (${names}), ${operands.length} are given`,
    );
  }
  let word = form.match;
  for (const [index, operand] of form.operands.entries()) {
    const value = operands[index] ?? Number.NaN;
    const bits = operand.toBits(value, address);
    if (bits === undefined) throw new EncodeError(describeMisfit(mnemonic, operand, value, address));
    word |= insertBits(operand.fields, bits);
  }
  if (mnemonic === "extui") checkExtract(operands);
  return Uint8Array.from({ length: form.sizeBytes }, (_, index) => (word >>> (8 * index)) & 0xff);
}

export function sizeOf(mnemonic: Mnemonic): 2 | 3 {
  return findForm(mnemonic).sizeBytes;
}

function findForm(mnemonic: string): InstructionForm {
  const form = INSTRUCTIONS.get(mnemonic);
  if (form === undefined) throw new EncodeError(`the LX106 has no instruction ${mnemonic}`);
  return form;
}

function describeMisfit(mnemonic: string, operand: OperandKind, value: number, address: number): string {
  const must = `it must be ${operand.range}`;
  if (operand.kind !== "target" || value >>> 0 !== value) return `${mnemonic}: ${operand.name} is ${value}, ${must}`;
  const hex = (number: number) => `0x${number.toString(16)}`;
  return `${mnemonic} at ${hex(address)}: ${operand.name} ${hex(value)} is ${(value - address) | 0} bytes away, ${must}`;
}

/** Taking bits above bit 31 has no meaning; the assembler of binutils refuses it too. */
function checkExtract([, , shift = 0, width = 0]: readonly number[]): void {
  if (shift + width <= WORD_BITS) return;
  throw new EncodeError(`extui: shift ${shift} + width ${width} is ${shift + width}, it must be at most ${WORD_BITS}`);
}
