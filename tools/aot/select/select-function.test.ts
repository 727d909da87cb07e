/** Which instructions a piece of SSA becomes: the forms that one would write by hand, in the registers of the convention. */
import { describe, expect, test } from "vitest";
import { decode, widthAt } from "../../lx106/decode.ts";
import { formatInstruction } from "../../lx106/format.ts";
import { allocateRegisters } from "../allocate/allocate.ts";
import { emitFunction } from "../emit/emit-function.ts";
import { CALLER_SAVED_MASK } from "../machine/machine-function.ts";
import { parseFunc } from "../ssa/parse.ts";
import { selectFunction } from "./select-function.ts";

/** The instructions of a function, without the return at its end; literals and callees are not filled in. */
function assemblyOf(text: string): string[] {
  const func = parseFunc(text);
  const machine = selectFunction(func, {
    index: 0,
    keepsTailCalls: false,
    clobbersOf: () => CALLER_SAVED_MASK,
    hostTableAddress: 0x3ffe8000,
  });
  const { bytes } = emitFunction(machine, allocateRegisters(machine));
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += widthAt(bytes, at)) {
    const instruction = decode(bytes, at, at);
    lines.push(instruction === undefined ? "?" : formatInstruction(instruction));
  }
  return lines.at(-1) === "ret.n" ? lines.slice(0, -1) : lines;
}

/** A function of two parameters that returns the last value. */
function expression(...values: string[]): string[] {
  const last = /^v\d+/.exec(values.at(-1) ?? "")?.[0];
  return assemblyOf(
    ["func f(2) -> 1 {", "b0:", "v0 = param 0", "v1 = param 1", ...values, `return ${last}`, "}"].join("\n"),
  );
}

function condition(value: string): string[] {
  return assemblyOf(
    `func f(2) -> 1 {
     b0:
       v0 = param 0
       v1 = param 1
       ${value}
       branch v9, b1, b2
     b1: <- b0
       return 1
     b2: <- b0
       return 2
     }`,
  ).slice(0, 1);
}

describe("arithmetic", () => {
  test.each([
    [["v2 = add v0, 5"], ["addi.n a2, a2, 5"]],
    [["v2 = add v0, 512"], ["addmi a2, a2, 0x200"]],
    [["v2 = add v0, 1000"], ["movi a3, 0x3e8", "add.n a2, a2, a3"]],
    [["v2 = shl v0, 2", "v3 = add v2, v1"], ["addx4 a2, a2, a3"]],
    [["v2 = shl v1, 3", "v3 = sub v2, v0"], ["subx8 a2, a3, a2"]],
    [["v2 = sub 0, v0"], ["neg a2, a2"]],
    [["v2 = and v0, 255"], ["extui a2, a2, 0, 8"]],
    [["v2 = shr_u v0, 13", "v3 = and v2, 7"], ["extui a2, a2, 13, 3"]],
    [["v2 = shr_u v0, 15"], ["srli a2, a2, 15"]],
    [["v2 = shr_u v0, 16"], ["extui a2, a2, 16, 16"]],
    [["v2 = shr_s v0, 31"], ["srai a2, a2, 31"]],
    [["v2 = shl v0, v1"], ["ssl a3", "sll a2, a2"]],
    [["v2 = rotr v0, 7"], ["ssai 7", "src a2, a2, a2"]],
    [
      ["v2 = shl v0, 12", "v3 = shr_u v1, 20", "v4 = or v2, v3"],
      ["ssai 20", "src a2, a2, a3"],
    ],
    [["v2 = and v0, 65535", "v3 = and v1, 65535", "v4 = mul v2, v3"], ["mul16u a2, a2, a3"]],
    [["v2 = mul v0, v1"], ["mull a2, a2, a3"]],
    [["v2 = clz v0"], ["nsau a2, a2"]],
    [["v2 = lt_s v0, 0", "v3 = sub 0, v0", "v4 = select v2, v3, v0"], ["abs a2, a2"]],
  ])("%j is %j", (values, expected) => {
    expect(expression(...values)).toEqual(expected);
  });
});

describe("comparisons as values", () => {
  test.each([
    ["v2 = lt_s v0, 0", ["extui a2, a2, 31, 1"]],
    ["v2 = eq v0, 0", ["nsau a2, a2", "srli a2, a2, 5"]],
    ["v2 = lt_u v0, v1", ["movi.n a4, 1", "bltu a2, a3, 0x7", "movi.n a4, 0", "mov.n a2, a4"]],
  ])("%s is %j", (value, expected) => {
    expect(expression(value)).toEqual(expected);
  });

  test("a comparison that is a branch and a value tests its operands in both places", () => {
    const lines = assemblyOf(
      `func f(2) -> 1 {
       b0:
         v0 = param 0
         v1 = param 1
         v2 = ge_u v0, v1
         branch v2, b1, b2
       b1: <- b0
         store32 memory[v0], v2
         return v2
       b2: <- b0
         return v2
       }`,
    );
    expect(lines.filter((line) => /^b(geu|ltu) a2, a3/.test(line)).length).toBeGreaterThan(0);
  });
});

describe("conditions of branches", () => {
  test.each([
    ["v9 = eq v0, 0", /^b(eq|ne)z(\.n)? a2, /],
    ["v9 = eq v0, 10", /^b(eq|ne)i a2, 10, /],
    ["v9 = lt_s v0, v1", /^b(lt|ge) a2, a3, /],
    ["v9 = lt_s v0, 0", /^b(ltz|gez) a2, /],
    ["v9 = lt_s 7, v0", /^b(gei|lti) a2, 8, /],
    ["v9 = lt_u v0, 256", /^b(ltui|geui) a2, 0x100, /],
    ["v9 = lt_u v0, 1", /^b(eq|ne)z(\.n)? a2, /],
    ["v9 = and v0, 8", /^bb[cs]i a2, 3, /],
    ["v9 = and v0, v1", /^b(any|none) a2, a3, /],
  ])("%s", (value, expected) => {
    expect(condition(value)[0]).toMatch(expected);
  });

  test("all bits of a mask", () => {
    const lines = assemblyOf(
      `func f(2) -> 1 {
       b0:
         v0 = param 0
         v1 = param 1
         v2 = and v0, v1
         v3 = eq v2, v1
         branch v3, b1, b2
       b1: <- b0
         return 1
       b2: <- b0
         return 2
       }`,
    );
    expect(lines[0]).toMatch(/^b(all|nall) a2, a3, /);
  });
});

describe("memory", () => {
  test.each([
    [["v2 = load32 memory[v0 + 1020]"], ["l32i a2, a2, 0x3fc"]],
    [["v2 = load16_s memory[v0 + 10]"], ["l16si a2, a2, 10"]],
    [
      ["v2 = add v0, 256", "v3 = load8_u memory[v2 + 44]"],
      ["addmi a2, a2, 0x100", "l8ui a2, a2, 44"],
    ],
    [
      ["v2 = add v0, -8", "v3 = load32 memory[v2]"],
      ["addi a2, a2, -8", "l32i.n a2, a2, 0"],
    ],
  ])("%j is %j", (values, expected) => {
    expect(expression(...values)).toEqual(expected);
  });

  test("stores", () => {
    const lines = assemblyOf(
      `func f(2) -> 0 {
       b0:
         v0 = param 0
         v1 = param 1
         store8 memory[v0], v1
         store16 memory[v0 + 6], v1
         store32 memory[v0 + 64], v1
         return
       }`,
    );
    expect(lines).toEqual(["s8i a3, a2, 0", "s16i a3, a2, 6", "s32i a3, a2, 64"]);
  });
});

describe("control", () => {
  const switchOf = (cases: number) =>
    assemblyOf(
      [
        "func f(1) -> 1 {",
        "b0:",
        "v0 = param 0",
        `switch v0, [${Array.from({ length: cases }, (_, index) => `b${index + 2}`).join(", ")}], b1`,
        ...Array.from({ length: cases + 1 }, (_, index) => [
          `b${index + 1}: <- b0`,
          `return ${100 + 13 * index}`,
        ]).flat(),
        "}",
      ].join("\n"),
    );

  test("a small switch compares", () => {
    const lines = switchOf(3);
    expect(lines.some((line) => line.startsWith("call0"))).toBe(false);
    expect(lines.filter((line) => /^b(eq|ne)/.test(line)).length).toBe(3);
  });

  test("a large one jumps through a table, after a check of its range", () => {
    const lines = switchOf(9);
    expect(lines.filter((line) => line.startsWith("j ")).length).toBeGreaterThanOrEqual(9);
    expect(lines.some((line) => /^b(geu|ltu|geui|ltui) a2/.test(line))).toBe(true);
    expect(lines.some((line) => line.startsWith("jx"))).toBe(true);
  });

  test("phis that swap their values in a loop", () => {
    const lines = assemblyOf(
      `func f(3) -> 1 {
       b0:
         v0 = param 0
         v1 = param 1
         v2 = param 2
         jump b1
       b1: <- b0, b1
         v3 = phi v0, v4
         v4 = phi v1, v3
         v5 = phi v2, v6
         v6 = add v5, -1
         branch v6, b1, b2
       b2: <- b1
         return v3
       }`,
    );
    // Three moves through a register that is free, no store.
    expect(lines.filter((line) => line.startsWith("mov.n")).length).toBeLessThanOrEqual(5);
    expect(lines.some((line) => line.startsWith("s32i"))).toBe(false);
  });
});

describe("calls", () => {
  test("a host function is reached through its slot in the host's table", () => {
    const lines = assemblyOf(
      `func f(1) -> 1 {
       b0:
         v0 = param 0
         v1 = call host5(v0):1
         v2 = add v1, 1
         return v2
       }`,
    );
    expect(lines.filter((line) => /^(l32r|l32i.n a\d+, a\d+, 20|callx0)/.test(line)).length).toBe(3);
  });

  test("eight arguments: two go onto the stack", () => {
    const values = Array.from({ length: 8 }, (_, index) => `v${index} = param ${index}`).join("\n");
    const lines = assemblyOf(
      `func f(8) -> 1 {
       b0:
         ${values}
         v8 = call f3(v7, v6, v5, v4, v3, v2, v1, v0):1
         v9 = add v8, 1
         return v9
       }`,
    );
    const frame = Number(/addi a1, a1, -(\d+)/.exec(lines.join("\n"))?.[1]);
    expect(frame).toBeGreaterThanOrEqual(12);
    // The incoming ones stand above the frame.
    expect(lines.some((line) => line.includes(`a1, ${frame}`) && line.startsWith("l32i"))).toBe(true);
    expect(lines.some((line) => /^s32i(\.n)? a\d+, a1, 0$/.test(line))).toBe(true);
    expect(lines.some((line) => /^s32i(\.n)? a\d+, a1, 4$/.test(line))).toBe(true);
  });
});
