/**
 * Special registers of this core by number, and what may be done with each; any other access is an illegal instruction.
 * Source: Xtensa ISA Reference Manual, section 5.3, for the options of this configuration (core-isa.h, published with the
 * Arduino core for ESP8266).
 */
export enum SpecialRegister {
  SAR = 3,
  LITBASE = 5,
  MMID = 89,
  IBREAKENABLE = 96,
  DDR = 104,
  IBREAKA0 = 128,
  DBREAKA0 = 144,
  DBREAKC0 = 160,
  CONFIGID0 = 176,
  EPC1 = 177,
  EPC2 = 178,
  EPC3 = 179,
  DEPC = 192,
  EPS2 = 194,
  EPS3 = 195,
  CONFIGID1 = 208,
  EXCSAVE1 = 209,
  EXCSAVE2 = 210,
  EXCSAVE3 = 211,
  /** Read: the pending interrupts. Written: INTSET. */
  INTERRUPT = 226,
  INTCLEAR = 227,
  INTENABLE = 228,
  PS = 230,
  VECBASE = 231,
  EXCCAUSE = 232,
  DEBUGCAUSE = 233,
  CCOUNT = 234,
  PRID = 235,
  ICOUNT = 236,
  ICOUNTLEVEL = 237,
  EXCVADDR = 238,
  CCOMPARE0 = 240,
}

const READ = 1;
const WRITE = 2;
/** Exchange (xsr) needs both and is missing where reading and writing mean different things. */
const EXCHANGE = 4;
const ALL = READ | WRITE | EXCHANGE;

const ACCESS = new Map<number, number>([
  [SpecialRegister.MMID, WRITE],
  [SpecialRegister.CONFIGID0, READ | WRITE],
  [SpecialRegister.CONFIGID1, READ],
  [SpecialRegister.INTERRUPT, READ | WRITE],
  [SpecialRegister.INTCLEAR, WRITE],
  [SpecialRegister.PRID, READ],
]);

function allowed(register: number, access: number): boolean {
  if (SpecialRegister[register] === undefined) return false;
  return ((ACCESS.get(register) ?? ALL) & access) !== 0;
}

export const canRead = (register: number): boolean => allowed(register, READ);
export const canWrite = (register: number): boolean => allowed(register, WRITE);
export const canExchange = (register: number): boolean => allowed(register, EXCHANGE);

/** CONFIGID0 and CONFIGID1 of the ESP8266's core. Source: core-isa.h, XCHAL_HW_CONFIGID0 and 1. */
export const CONFIGID0_VALUE = 0xc28cdafa;
export const CONFIGID1_VALUE = 0x1082b6f6;
