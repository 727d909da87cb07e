/** What instructions can hold as an immediate: asked of the encodings, so that each range is written once. */
import { OPERANDS, type OperandKind } from "../../lx106/operands.ts";

export const ADDMI_STEP = 256;
export const ADDI_MIN = OPERANDS.simm8.fromBits(0x80, 0);
export const ADDMI_MIN = OPERANDS.simm8x256.fromBits(0x80, 0);
export const ADDMI_MAX = OPERANDS.simm8x256.fromBits(0x7f, 0);

const fits =
  ({ toBits }: OperandKind) =>
  (value: number): boolean =>
    toBits(value, 0) !== undefined;

export const fitsAddi = fits(OPERANDS.simm8);
export const fitsAddmi = fits(OPERANDS.simm8x256);
export const fitsNarrowAddi = fits(OPERANDS.ai4const);
export const fitsMovi = fits(OPERANDS.simm12);
export const fitsNarrowMovi = fits(OPERANDS.simm7);
export const fitsSrli = fits(OPERANDS.shiftRight);
/** Width of the field that extui takes. */
export const fitsExtui = fits(OPERANDS.extractWidth);
/** beqi, bnei, blti, bgei */
export const fitsSignedBranch = fits(OPERANDS.b4const);
/** bltui, bgeui */
export const fitsUnsignedBranch = fits(OPERANDS.b4constu);
/** l32i.n, s32i.n */
export const fitsNarrowOffset = fits(OPERANDS.uimm4x4);

const OFFSETS = { 1: fits(OPERANDS.uimm8), 2: fits(OPERANDS.uimm8x2), 4: fits(OPERANDS.uimm8x4) };

/** The offset of a load or store of so many bytes. */
export function fitsOffset(offset: number, accessBytes: 1 | 2 | 4): boolean {
  return OFFSETS[accessBytes](offset);
}
