/**
 * Causes of exceptions (register EXCCAUSE) and where the core goes on. Source: Xtensa ISA Reference Manual, section 4.4.1,
 * and the offsets of the LX106 configuration (core-isa.h, published with the Arduino core for ESP8266).
 */
export enum ExceptionCause {
  IllegalInstruction = 0,
  Syscall = 1,
  /** A fetch from where no instruction can come from. */
  InstructionFetchError = 2,
  /** A byte or half-word access to flash, IRAM or a peripheral; an access to where there is no memory. */
  LoadStoreError = 3,
  Level1Interrupt = 4,
  LoadStoreAlignment = 9,
  InstructionFetchProhibited = 20,
  LoadProhibited = 28,
  StoreProhibited = 29,
}

/** Offsets from VECBASE. */
export const VECTOR_DEBUG = 0x10;
export const VECTOR_NMI = 0x20;
export const VECTOR_KERNEL = 0x30;
export const VECTOR_USER = 0x50;
export const VECTOR_DOUBLE = 0x70;

/** Bits of PS. This core has no windows and one ring, so the other fields do not exist. */
export const PS_INTLEVEL_MASK = 0xf;
export const PS_EXCM = 0x10;
export const PS_UM = 0x20;
export const PS_MASK = 0x3f;

export const EXCM_LEVEL = 1;
export const DEBUG_LEVEL = 2;
export const NMI_LEVEL = 3;

/** Bits of DEBUGCAUSE that the core sets here. */
export const DEBUGCAUSE_BREAK = 0x08;
export const DEBUGCAUSE_BREAK_N = 0x10;
