/** Which constants the instructions of the LX106 can hold themselves (Xtensa ISA RM, chapter 8). */
import type { Value } from "./ir.ts";

const SIGNED_BRANCH: ReadonlySet<number> = new Set([-1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 16, 32, 64, 128, 256]);
const UNSIGNED_BRANCH: ReadonlySet<number> = new Set([
  0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 16, 32, 64, 128, 256, 32768, 65536,
]);

/** What movi can load; anything else is a literal. */
export function isSmall(constant: Value): boolean {
  return constant.symbol === undefined && constant.imm >= -2048 && constant.imm <= 2047;
}

/** addi or addmi, one of them. */
export function isOneAdd(imm: number): boolean {
  return (imm >= -128 && imm <= 127) || (imm % 256 === 0 && imm >= -32768 && imm <= 32512);
}

/** Whether the user needs no register for this argument, or would have it moved into place anyway. */
export function needsNoRegister(user: Value, index: number): boolean {
  const constant = user.args[index] as Value;
  const { imm } = constant;
  switch (user.op) {
    case "phi":
    case "call":
    case "call_pointer":
      return true;
    case "add":
      return constant.symbol === undefined && isOneAdd(imm);
    case "shl":
    case "shr_u":
    case "shr_s":
    case "rotr":
      return index === 1;
    case "funnel":
      return index === 2;
    case "sub":
      return index === 0 && imm === 0 && constant.symbol === undefined;
    case "and":
      // extui, and tests of one bit.
      return (imm > 0 && imm <= 0xffff && (imm & (imm + 1)) === 0) || (imm & (imm - 1)) === 0;
    case "eq":
    case "ne":
    case "lt_s":
    case "ge_s":
      return index === 1 && constant.symbol === undefined && SIGNED_BRANCH.has(imm);
    case "lt_u":
    case "ge_u":
      return index === 1 && constant.symbol === undefined && UNSIGNED_BRANCH.has(imm);
    case "select":
      return index > 0 && isSmall(constant);
    default:
      return false;
  }
}
