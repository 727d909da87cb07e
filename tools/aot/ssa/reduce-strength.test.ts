import { describe, expect, it } from "vitest";
import { interpret } from "./interpret.ts";
import type { Block, Func } from "./ir.ts";
import { optimise } from "./optimise.ts";
import { parseFunc } from "./parse.ts";
import { verify } from "./verify.ts";

/** The innermost loop that is left: a block that leads to itself. */
function innermost(func: Func): string[] {
  const block = func.blocks.find((candidate) => candidate.predecessors.includes(candidate)) as Block;
  return block.values.filter(({ op }) => op !== "phi" && op !== "const").map(({ op }) => op);
}

function optimised(text: string): Func {
  const func = parseFunc(text);
  verify(func);
  optimise(func);
  verify(func);
  return func;
}

function run(func: Func, params: number[], words: number[] = []): { words: number[]; memory: number[] } {
  const memory = new Int32Array(64);
  memory.set(words);
  const outcome = interpret(func, params, {
    memory: new Uint8Array(memory.buffer),
    globals: new Uint8Array(),
    constants: new Uint8Array(),
    call: () => [],
    stepsMax: 100_000,
  });
  if (outcome.kind !== "return") throw new Error(outcome.kind);
  return { words: outcome.words, memory: [...memory] };
}

/** c = a * b of n x n words, as asc writes it: indices computed from the counters each time. */
const PRODUCT = `func product(4) -> 0 {
b0:
  v0 = param 0
  v1 = param 1
  v2 = param 2
  v3 = param 3
  jump b1
b1: <- b0, b8
  v10 = phi 0, v19
  v11 = lt_s v10, v3
  branch v11, b2, b9
b2:
  jump b3
b3: <- b2, b7
  v12 = phi 0, v18
  v13 = lt_s v12, v3
  branch v13, b4, b8
b4:
  jump b5
b5: <- b4, b6
  v14 = phi 0, v17
  v15 = phi 0, v16
  v20 = lt_s v14, v3
  branch v20, b6, b7
b6:
  v21 = mul v10, v3
  v22 = add v21, v14
  v23 = shl v22, 2
  v24 = add v0, v23
  v25 = load32 memory[v24]
  v26 = mul v14, v3
  v27 = add v26, v12
  v28 = shl v27, 2
  v29 = add v1, v28
  v30 = load32 memory[v29]
  v31 = mul v25, v30
  v16 = add v15, v31
  v17 = add v14, 1
  jump b5
b7:
  v32 = mul v10, v3
  v33 = add v32, v12
  v34 = shl v33, 2
  v35 = add v2, v34
  store32 memory[v35], v15
  v18 = add v12, 1
  jump b3
b8:
  v19 = add v10, 1
  jump b1
b9:
  return
}`;

/** Over i from `start`: what stands in for BODY, then i + STEP, while TEST. */
const loop = (start: string, step: number, test: string, body: string): string => `func f(3) -> 1 {
b0:
  v0 = param 0
  v1 = param 1
  v2 = param 2
  jump b1
b1: <- b0, b2
  v3 = phi ${start}, v9
  v4 = phi 0, v8
  v5 = ${test}
  branch v5, b2, b3
b2:
${body}
  v8 = add v4, v7
  v9 = add v3, ${step}
  jump b1
b3:
  return v4
}`;
const ELEMENT = "  v10 = shl v3, 2\n  v11 = add v0, v10\n  v7 = load32 memory[v11]";

describe("addresses that grow", () => {
  it("are pointers in a matrix product: loads, mul, sum, two pointers, one test", () => {
    const func = optimised(PRODUCT);
    expect(innermost(func).sort()).toEqual(["add", "add", "add", "load32", "load32", "mul", "ne"]);
    const { memory } = run(func, [0, 16, 32, 2], [1, 2, 3, 4, 5, 6, 7, 8]);
    expect(memory.slice(8, 12)).toEqual([19, 22, 43, 50]);
    expect(run(func, [0, 16, 32, 0], [1]).memory.slice(0, 9)).toEqual([1, 0, 0, 0, 0, 0, 0, 0, 0]);
  });

  it("end the loop, so that the counter goes", () => {
    const func = optimised(loop("0", 1, "lt_u v3, v1", ELEMENT));
    expect(innermost(func).sort()).toEqual(["add", "add", "load32", "ne"]);
    expect(run(func, [8, 3, 0], [1, 2, 3, 4, 5, 6]).words).toEqual([12]);
    expect(run(func, [8, 0, 0], [1, 2, 3]).words).toEqual([0]);
  });

  it("go down as well", () => {
    const func = optimised(loop("v1", -1, "ge_s v3, 0", ELEMENT));
    expect(innermost(func).sort()).toEqual(["add", "add", "load32", "ne"]);
    expect(run(func, [4, 2, 0], [9, 1, 2, 3, 4]).words).toEqual([6]);
    expect(run(func, [4, -5, 0], [9, 1, 2, 3, 4]).words).toEqual([0]);
  });

  it("count turns in steps of 4, which need not divide", () => {
    const func = optimised(loop("0", 4, "lt_u v3, v1", ELEMENT.replace("shl v3, 2", "shl v3, 0")));
    expect(innermost(func).sort()).toEqual(["add", "add", "load32", "ne"]);
    const words = [1, 2, 4, 8, 16, 32];
    for (const [bytes, sum] of [0, 1, 3, 4, 5, 8, 9, 12].map((n) => [n, 2 ** Math.ceil(n / 4) - 1] as const)) {
      expect(run(func, [0, bytes, 0], words).words, `${bytes} bytes`).toEqual([sum]);
    }
  });

  it("share a pointer with what differs by a constant", () => {
    const body = `${ELEMENT.replace("v7", "v12")}\n  v13 = add v3, 1\n  v14 = shl v13, 2\n  v15 = add v0, v14\n  v16 = load32 memory[v15]\n  v7 = mul v12, v16`;
    const func = optimised(loop("0", 1, "lt_u v3, v1", body));
    expect(innermost(func).sort()).toEqual(["add", "add", "load32", "load32", "mul", "ne"]);
    expect(run(func, [0, 3, 0], [1, 2, 3, 4]).words).toEqual([20]);
  });

  it("become pointers without a load too, where a multiplication goes", () => {
    const func = optimised(loop("0", 1, "lt_u v3, v1", "  v10 = mul v3, v2\n  v7 = xor v10, v1"));
    expect(innermost(func)).not.toContain("mul");
    expect(run(func, [0, 4, 10]).words).toEqual([4 + (10 ^ 4) + (20 ^ 4) + (30 ^ 4)]);
  });
});

describe("the counter stays", () => {
  const ending = (test: string, start = "0", step = 1, body = ELEMENT) =>
    innermost(optimised(loop(start, step, test, body)));

  it("where the number of turns would take a division", () => {
    expect(ending("lt_u v3, v1", "0", 3)).toContain("lt_u");
  });

  it("where nothing says that it begins below the bound", () => {
    const text = `func f(2) -> 1 {
b0:
  v0 = param 0
  v1 = param 1
  jump b1
b1: <- b0, b1
  v2 = phi 0, v7
  v3 = phi 0, v6
  v4 = shl v2, 2
  v5 = load32 memory[v4]
  v6 = add v3, v5
  v7 = add v2, 1
  v8 = lt_u v7, v1
  branch v8, b1, b2
b2:
  return v6
}`;
    // 1 <u n is not known before the first turn: with n = 0 there is one, and `!=` would never end it.
    const func = optimised(text);
    expect(run(func, [0, 0], [5, 6]).words).toEqual([5]);
    expect(run(func, [0, 2], [5, 6]).words).toEqual([11]);
  });

  it("where the pointer could come round before the counter", () => {
    // Nothing is accessed there, so nothing bounds how far it goes.
    const values = ending("lt_u v3, v1", "0", 1, "  v10 = mul v3, 40000\n  v7 = xor v10, v1");
    expect(values).toContain("lt_u");
  });

  it("where its value is used", () => {
    expect(ending("lt_u v3, v1", "0", 1, `${ELEMENT.replace("v7", "v12")}\n  v7 = mul v12, v3`)).toContain("lt_u");
  });

  it("exact with numbers, steps that do not divide included", () => {
    for (const [start, step, test, expected] of [
      [0, 2, "lt_u v3, 5", [0, 2, 4]],
      [1, 3, "lt_s v3, 11", [1, 4, 7, 10]],
      [9, -4, "ge_s v3, 0", [9, 5, 1]],
      [3, 1, "ne v3, 6", [3, 4, 5]],
    ] as const) {
      const func = optimised(loop(String(start), step, test, ELEMENT));
      const words = Array.from({ length: 16 }, (_, index) => 2 ** index);
      const sum = (expected as readonly number[]).reduce((total, index) => total + 2 ** index, 0);
      expect(run(func, [0, 0, 0], words).words, test).toEqual([sum]);
      expect(innermost(func).sort(), test).toEqual(["add", "add", "load32", "ne"]);
    }
  });
});
