/**
 * An instruction as text, as objdump of binutils writes it: the same names, order and numbers (decimal from -255 to 255,
 * otherwise hexadecimal as 32 bits; addresses always hexadecimal), with a space after the name where objdump has a tab.
 */
import type { Instruction } from "./encode.ts";
import { INSTRUCTIONS } from "./instruction-table.ts";

const DECIMAL_LIMIT = 256;

export function formatInstruction({ mnemonic, operands }: Instruction): string {
  const kinds = INSTRUCTIONS.get(mnemonic)?.operands ?? [];
  const texts = operands.map((value, index) => {
    const kind = kinds[index]?.kind;
    if (kind === "register") return `a${value}`;
    if (kind === "immediate" && Math.abs(value) < DECIMAL_LIMIT) return String(value);
    return `0x${(value >>> 0).toString(16)}`;
  });
  return texts.length === 0 ? mnemonic : `${mnemonic} ${texts.join(", ")}`;
}
