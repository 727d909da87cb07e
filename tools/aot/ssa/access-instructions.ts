/** The load and store instructions of WebAssembly (core specification 5.4.6) as accesses of words. */
import type { LoadOp, StoreOp } from "./ir.ts";

/** By opcode: the width of the access, what becomes of the high word, and the words that are stored. */
export const LOADS: Record<number, { width: LoadOp; high?: "zero" | "sign" | "next"; isSigned8?: boolean }> = {
  0x28: { width: "load32" },
  0x29: { width: "load32", high: "next" },
  0x2a: { width: "load32" },
  0x2b: { width: "load32", high: "next" },
  0x2c: { width: "load8_u", isSigned8: true },
  0x2d: { width: "load8_u" },
  0x2e: { width: "load16_s" },
  0x2f: { width: "load16_u" },
  0x30: { width: "load8_u", isSigned8: true, high: "sign" },
  0x31: { width: "load8_u", high: "zero" },
  0x32: { width: "load16_s", high: "sign" },
  0x33: { width: "load16_u", high: "zero" },
  0x34: { width: "load32", high: "sign" },
  0x35: { width: "load32", high: "zero" },
};
export const STORES: Record<number, { width: StoreOp; words: 1 | 2 }> = {
  0x36: { width: "store32", words: 1 },
  0x37: { width: "store32", words: 2 },
  0x38: { width: "store32", words: 1 },
  0x39: { width: "store32", words: 2 },
  0x3a: { width: "store8", words: 1 },
  0x3b: { width: "store16", words: 1 },
  0x3c: { width: "store8", words: 1 },
  0x3d: { width: "store16", words: 1 },
  0x3e: { width: "store32", words: 1 },
};
