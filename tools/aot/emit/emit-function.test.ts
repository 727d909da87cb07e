import { describe, expect, it } from "vitest";
import { SeededRandom } from "../../../runtime/board/random.ts";
import { decode } from "../../lx106/decode.ts";
import { formatInstruction } from "../../lx106/format.ts";
import { listCode } from "../../lx106/listing.ts";
import { allocateRegisters } from "../allocate/allocate.ts";
import { CALLER_SAVED_MASK, type MachineFunction } from "../machine/machine-function.ts";
import { findDifference } from "../machine/testing/compare-runs.ts";
import { parseMachine } from "../machine/testing/parse-machine.ts";
import { type RandomShape, randomFunction } from "../machine/testing/random-function.ts";
import { emitFunction, type FunctionCode } from "./emit-function.ts";

function compile(text: string, more: Partial<MachineFunction> = {}): FunctionCode {
  const fn = parseMachine(text, more);
  return emitFunction(fn, allocateRegisters(fn, { verify: true }));
}

function listing(code: FunctionCode): string[] {
  return Array.from(listCode(code.bytes, 0), ({ text }) => text);
}

const FIB = `
b0:
  v16 = copy a2
  branch bgei v16 2 -> b2
  jump -> b1
b1:
  a2 = copy v16
  ret a2
b2:
  v17 = addi v16 -1
  a2 = copy v17
  a2 = call fn0 a2
  v18 = copy a2
  v19 = addi v16 -2
  a2 = copy v19
  a2 = call fn0 a2
  v20 = copy a2
  v21 = add v18 v20
  a2 = copy v21
  ret a2`;

describe("code of functions", () => {
  it("runs as the selected function does, whatever it is", () => {
    for (let seed = 0; seed < 200; seed++)
      expectSame(seed, { statements: 5 + (seed % 60), maxArgumentWords: 9, callPercent: (seed % 4) * 7 });
  });

  it("runs as the selected function does when there are few calls and many values", () => {
    for (let seed = 0; seed < 15; seed++) expectSame(seed, { statements: 400, maxArgumentWords: 6, callPercent: 1 });
  });

  it("makes no frame on a way that ends early", () => {
    const code = compile(FIB);
    expect(listing(code)[0]).toMatch(/^blti a2, 2, /);
    expect(listing(code)[1]).toBe("addi a1, a1, -16");
    expect(code.frameBytes).toBe(16);
    expect(code.calls.map(({ function: callee, isTail }) => [callee, isTail])).toEqual([
      [0, false],
      [0, false],
    ]);
  });

  it("leaves a function without calls without a frame, with the narrow forms", () => {
    const code = compile(`
b0:
  v16 = copy a2
  v17 = l32i v16 60
  v18 = l32i v16 64
  v19 = add v17 v18
  v20 = const 95
  v21 = const 96
  v22 = sub v20 v21
  v23 = addi v22 15
  v24 = addi v23 16
  s32i v24 v16 0
  a2 = copy v19
  ret a2`);
    const mnemonics = listing(code).map((line) => line.split(" ")[0]);
    expect(mnemonics).toEqual([
      "l32i.n",
      "l32i",
      "add.n",
      "movi.n",
      "movi",
      "sub",
      "addi.n",
      "addi",
      "s32i.n",
      "mov.n",
      "ret.n",
    ]);
    expect(code.frameBytes).toBe(0);
  });

  it("tests a loop at its end", () => {
    const code = compile(`
b0:
  v16 = copy a2
  v17 = const 0
  jump -> b1
b1: (depth 1)
  branch beqz v16 -> b3
  jump -> b2
b2: (depth 1)
  v17 = add v17 v16
  v16 = addi v16 -1
  jump -> b1
b3:
  a2 = copy v17
  ret a2`);
    expect(listing(code)).toEqual([
      "movi.n a3, 0",
      "beqz.n a2, 0xb",
      "add.n a3, a3, a2",
      "addi.n a2, a2, -1",
      "bnez a2, 0x4",
      "mov.n a2, a3",
      "ret.n",
    ]);
  });

  it("jumps to a callee whose results are its own", () => {
    const code = compile(`
b0:
  v16 = copy a2
  v17 = addi v16 1
  a2 = copy v17
  a2 = call fn7 a2
  v18 = copy a2
  a2 = copy v18
  ret a2`);
    expect(code.calls).toEqual([{ offset: 2, function: 7, isTail: true }]);
    expect(listing(code)).toHaveLength(2);
    expect(decode(code.bytes, 0, 2)?.mnemonic).toBe("j");
    expect(code.frameBytes).toBe(0);
  });

  it("shares one instruction of a trap at the end", () => {
    const code = compile(`
b0:
  v16 = copy a2
  v17 = copy a3
  branch beqz v16 trap(integer divide by zero)
  branch beq v16 v17 trap(integer divide by zero)
  branch bltz v17 trap(unreachable)
  a2 = copy v17
  ret a2`);
    expect(listing(code).map((line) => line.split(" ")[0])).toEqual([
      "beqz.n",
      "beq",
      "bltz",
      "mov.n",
      "ret.n",
      "ill.n",
      "ill.n",
    ]);
    expect(code.trapSites.map(({ trap }) => trap)).toEqual(["integer divide by zero", "unreachable"]);
    for (const { offset } of code.trapSites) expect(decode(code.bytes, 0, offset)?.mnemonic).toBe("ill.n");
  });

  it("puts a jump table behind the call over it", () => {
    const code = compile(`
b0:
  v16 = copy a2
  v17 = jump_table v16 -> b1 b2 b1
b1:
  a2 = const 1
  ret a2
b2:
  a2 = const 2
  ret a2`);
    const lines = listing(code);
    const call = lines.findIndex((line) => line.startsWith("call0"));
    expect(lines[call - 1]).toMatch(/^addx2 a(\d+), a2, a2$/);
    expect(lines.slice(call + 1, call + 4).every((line) => line.startsWith("j "))).toBe(true);
    expect(Number(lines[call]?.split(" ")[1]) % 4).toBe(0);
    expect(code.frameBytes).toBe(16);
  });

  it("reaches words of the stack beyond the range of a load", () => {
    const count = 300;
    const lines = Array.from(
      { length: count },
      (_, index) => `v${20 + index} = l32i v16 ${4 * (index % 256)}\nv16 = add v16 v17`,
    );
    const stores = Array.from({ length: count }, (_, index) => `s32i v${20 + index} v16 ${4 * (index % 256)}`);
    const text = `b0:\n v16 = copy a2\n v17 = copy a3\n${lines.join("\n")}\n a2 = call fn0 a2\n${stores.join("\n")}\n ret`;
    const code = compile(text);
    expect(code.frameBytes).toBeGreaterThan(1024);
    const signatures = [{ argumentWords: 1, resultWords: 1, clobbers: CALLER_SAVED_MASK }];
    const selected = { fn: parseMachine(text), signatures, argumentWords: 2, resultWords: 0 };
    expect(findDifference(selected, code, 2)).toBeUndefined();
  });

  it("ends in one way out where two are the same, and branches to that", () => {
    const code = compile(`
b0:
  v16 = copy a2
  v17 = copy a3
  branch beqz v16 -> b1
  jump -> b2
b1:
  v18 = const 7
  a2 = copy v18
  ret a2
b2:
  v20 = l32i v16 0
  branch beq v20 v17 -> b3
  jump -> b4
b3:
  v19 = const 7
  a2 = copy v19
  ret a2
b4:
  a2 = copy v20
  ret a2`);
    expect(listing(code).filter((line) => line === "movi.n a2, 7")).toHaveLength(1);
  });

  it("has blocks that are equal once, though each ends where others go on", () => {
    const code = compile(`
b0:
  v16 = copy a2
  v17 = const 1
  branch beqz v16 -> b1
  jump -> b2
b1:
  s32i v17 v16 40
  jump -> b5
b2:
  v18 = l32i v16 0
  branch beqz v18 -> b3
  jump -> b4
b3:
  s32i v17 v16 40
  jump -> b5
b4:
  s32i v18 v16 8
  jump -> b5
b5:
  v19 = l32i v16 4
  a2 = copy v19
  ret a2`);
    expect(listing(code).filter((line) => /^s32i.n a\d+, a2, 40$/.test(line))).toHaveLength(1);
    expect(listing(code).filter((line) => /^j /.test(line)).length).toBeLessThanOrEqual(1);
  });

  it("has the same last instructions once where that saves enough, not in a loop for a jump more", () => {
    const stores = (count: number, loop: string, after: string) => {
      const ending = Array.from({ length: count }, (_, index) => `s32i v16 v17 ${4 * index}`).join("\n");
      const code = compile(`
b0:
  v16 = copy a2
  v17 = copy a3
  jump -> b1
b1: ${loop}
  branch beqz v16 -> b2
  jump -> b3
b2: ${loop}
  v16 = addi v16 1
  ${ending}
  ${after}
b3: ${loop}
  v16 = addi v16 2
  ${ending}
  ${after}
b4:
  ret`);
      return listing(code).filter((line) => line.startsWith("s32i.n")).length;
    };
    expect(stores(1, "", "ret")).toBe(2);
    expect(stores(5, "", "ret")).toBe(5);
    expect(stores(5, "(depth 1)", "branch bgei v16 128 -> b4\njump -> b1")).toBe(10);
  });

  it("is the same every time", () => {
    const shape = { statements: 200, maxArgumentWords: 8, callPercent: 10 };
    expect(emitRandom(3, shape).code.bytes).toEqual(emitRandom(3, shape).code.bytes);
  });
});

function emitRandom(seed: number, shape: RandomShape) {
  const selected = randomFunction(new SeededRandom(seed), shape);
  const { fn } = randomFunction(new SeededRandom(seed), shape);
  return { selected, code: emitFunction(fn, allocateRegisters(fn, { verify: true })) };
}

function expectSame(seed: number, shape: RandomShape): void {
  const { selected, code } = emitRandom(seed, shape);
  const difference = findDifference(selected, code, 2);
  const text = () =>
    Array.from(listCode(code.bytes, 0), ({ instruction }) => instruction && formatInstruction(instruction)).join("\n");
  if (difference !== undefined) throw new Error(`seed ${seed}: ${difference}\n${text()}`);
}
