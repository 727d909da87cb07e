/** Steps over the immediates of an instruction that cannot be reached (core specification 5.4). */
import { UnsupportedError } from "../errors.ts";
import type { ByteReader } from "../read/byte-reader.ts";
import { describeOpcode, describePrefixed } from "./unsupported-instructions.ts";

export function skipInstruction(opcode: number, reader: ByteReader): void {
  if (opcode >= 0x28 && opcode <= 0x3e) {
    reader.u32();
    reader.u32();
    return;
  }
  switch (opcode) {
    case 0x0c:
    case 0x0d:
    case 0x10:
    case 0x20:
    case 0x21:
    case 0x22:
    case 0x23:
    case 0x24:
      reader.u32();
      return;
    case 0x0e:
      reader.list(() => reader.u32());
      reader.u32();
      return;
    case 0x11:
      reader.u32();
      reader.u32();
      return;
    case 0x1c:
      reader.list(() => reader.s33());
      return;
    case 0x3f:
    case 0x40:
      reader.byte();
      return;
    case 0x41:
      reader.s32();
      return;
    case 0x42:
      reader.s64();
      return;
    case 0x43:
      reader.word();
      return;
    case 0x44:
      reader.word();
      reader.word();
      return;
    case 0xfc:
      return skipPrefixed(reader.u32(), reader);
    default:
      if (opcode <= 0x01 || opcode === 0x0f || opcode === 0x1a || opcode === 0x1b) return;
      if (opcode >= 0x45 && opcode <= 0xc4) return;
      throw new UnsupportedError(describeOpcode(opcode));
  }
}

function skipPrefixed(number: number, reader: ByteReader): void {
  if (number <= 7) return;
  if (number === 10 || number === 11) {
    reader.byte();
    if (number === 10) reader.byte();
    return;
  }
  throw new UnsupportedError(describePrefixed(number));
}
