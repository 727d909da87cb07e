import { describe, expect, it } from "vitest";
import type { PureOp } from "./ir.ts";
import { evaluate, fitsAccess } from "./operations.ts";

describe("results of operations", () => {
  // From the definitions in the WebAssembly core specification, 4.3.2; the last ones from the comments of ir.ts.
  it.each<[Exclude<PureOp, "const">, number[], number]>([
    ["add", [0x7fffffff, 1], -0x80000000],
    ["sub", [0, 1], -1],
    ["mul", [0x10001, 0x10001], 0x20001],
    ["shl", [1, 33], 2],
    ["shr_u", [-1, 28], 15],
    ["shr_s", [-16, 2], -4],
    ["rotr", [1, 1], -0x80000000],
    ["rotr", [5, 32], 5],
    ["lt_s", [-1, 0], 1],
    ["lt_u", [-1, 0], 0],
    ["ge_u", [-1, 1], 1],
    ["clz", [0], 32],
    ["clz", [0x00ffffff], 8],
    ["select", [2, 7, 9], 7],
    ["select", [0, 7, 9], 9],
    ["add_lt_u", [10, 1, 2], 11],
    ["add_lt_u", [10, -1, 2], 10],
    ["sub_lt_u", [10, 1, 2], 9],
    ["funnel", [0x12345678, -0x65432110, 8], 0x789abcde],
    ["funnel", [0x12345678, 0x1abcdef0, 32], 0x1abcdef0],
  ])("%s of %j is %i", (op, args, expected) => {
    expect(evaluate(op, args)).toBe(expected);
  });
});

describe("offsets of accesses", () => {
  it("are multiples of the size, as l32i, l16ui and l8ui have them", () => {
    expect([0, 4, 1020, 1024, 2, -4].map((offset) => fitsAccess("load32", offset))).toEqual([
      true,
      true,
      true,
      false,
      false,
      false,
    ]);
    expect([510, 512, 1].map((offset) => fitsAccess("store16", offset))).toEqual([true, false, false]);
    expect([255, 256].map((offset) => fitsAccess("load8_u", offset))).toEqual([true, false]);
  });
});
