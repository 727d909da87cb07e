/** For tests: a chip with RAM for code, and instructions put there by their text from the fixture. */
import { Chip, type ChipOptions } from "../chip.ts";
import { decode } from "./decode.ts";
import { INSTRUCTION_ENCODINGS } from "./instruction-encodings.ts";
import type { Op } from "./operations.ts";

export const CODE_ADDRESS = 0x50001000;
export const DATA_ADDRESS = 0x3ffe9000;

/** The bytes of instructions, one behind the other. */
export function assemble(...texts: readonly string[]): Uint8Array {
  const bytes = texts.flatMap((text) => {
    const encoding = INSTRUCTION_ENCODINGS[text];
    if (encoding === undefined) throw new Error(`${text} is not in the fixture`);
    return [...Buffer.from(encoding, "hex")];
  });
  return Uint8Array.from(bytes);
}

export interface Bench {
  readonly chip: Chip;
  readonly firstOperation: () => Op;
}

/** The program counter is at the first instruction, interrupts and exceptions are enabled. */
export function benchWith(options: ChipOptions, ...texts: readonly string[]): Bench {
  const chip = new Chip({ engine: "interpreter", extraRam: [{ address: 0x50000000, sizeBytes: 0x10000 }], ...options });
  chip.write(CODE_ADDRESS, assemble(...texts));
  chip.pc = CODE_ADDRESS;
  chip.writeSpecial(230, 0);
  return { chip, firstOperation: () => decode(chip.readWord(CODE_ADDRESS), CODE_ADDRESS, 0).op };
}

export function bench(...texts: readonly string[]): Bench {
  return benchWith({}, ...texts);
}
