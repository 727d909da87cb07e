/**
 * A block of machine code as lines, one an instruction. Data between code cannot be told from code; a word that is no
 * instruction becomes a `.byte` line of the width that its first byte announces, as objdump goes on.
 */
import { decode, widthAt } from "./decode.ts";
import type { Instruction } from "./encode.ts";
import { formatInstruction } from "./format.ts";

export interface ListingLine {
  address: number;
  bytes: Uint8Array;
  /** Undefined where the bytes are no instruction. */
  instruction?: Instruction;
  /** As objdump: l32r has the value that it loads behind it, where that is inside of the block. */
  text: string;
}

export function* listCode(code: Uint8Array, startAddress: number): Generator<ListingLine> {
  let offset = 0;
  while (offset < code.length) {
    const address = startAddress + offset;
    const bytes = code.subarray(offset, offset + widthAt(code, offset));
    const instruction = decode(code, address, offset);
    if (instruction === undefined) {
      yield { address, bytes, text: `.byte ${Array.from(bytes, (byte) => `0x${hex(byte, 2)}`).join(", ")}` };
    } else {
      yield { address, bytes, instruction, text: formatInstruction(instruction) + loadedValue(instruction) };
    }
    offset += bytes.length;
  }

  function loadedValue({ mnemonic, operands }: Instruction): string {
    const at = (operands[1] ?? 0) - startAddress;
    if (mnemonic !== "l32r" || at < 0 || at + 4 > code.length) return "";
    const view = new DataView(code.buffer, code.byteOffset, code.byteLength);
    return ` (0x${view.getUint32(at, true).toString(16)})`;
  }
}

/** As in the manual's words: the last byte first. */
export function formatLine({ address, bytes, text }: ListingLine): string {
  const word = Array.from(bytes, (byte) => hex(byte, 2))
    .reverse()
    .join("");
  return `${hex(address, 8)}: ${word.padEnd(7)} ${text}`;
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, "0");
}
