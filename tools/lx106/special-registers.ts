/**
 * Special registers of the LX106: number and what may be done with each (read rsr, write wsr, exchange xsr).
 *
 * Source: Xtensa ISA Reference Manual, section 5.3, cut down to the registers that the configuration in Debian's
 * binutils-xtensa-lx106 has. 176 and 208 are the words CONFIGID0 and CONFIGID1 of the manual; the tools know them by number.
 */
export const SPECIAL_REGISTERS = {
  sar: [3, "rwx"],
  litbase: [5, "rwx"],
  mmid: [89, "w"],
  ibreakenable: [96, "rwx"],
  ddr: [104, "rwx"],
  ibreaka0: [128, "rwx"],
  dbreaka0: [144, "rwx"],
  dbreakc0: [160, "rwx"],
  "176": [176, "rw"],
  epc1: [177, "rwx"],
  epc2: [178, "rwx"],
  epc3: [179, "rwx"],
  depc: [192, "rwx"],
  eps2: [194, "rwx"],
  eps3: [195, "rwx"],
  "208": [208, "r"],
  excsave1: [209, "rwx"],
  excsave2: [210, "rwx"],
  excsave3: [211, "rwx"],
  /** One number: read as interrupt, written as intset. */
  interrupt: [226, "r"],
  intset: [226, "w"],
  intclear: [227, "w"],
  intenable: [228, "rwx"],
  ps: [230, "rwx"],
  vecbase: [231, "rwx"],
  exccause: [232, "rwx"],
  debugcause: [233, "rwx"],
  ccount: [234, "rwx"],
  prid: [235, "r"],
  icount: [236, "rwx"],
  icountlevel: [237, "rwx"],
  excvaddr: [238, "rwx"],
  ccompare0: [240, "rwx"],
} as const satisfies Record<string, readonly [number, string]>;
