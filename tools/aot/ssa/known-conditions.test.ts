import { describe, expect, it } from "vitest";
import { Func } from "./ir.ts";
import { assume, type Conditions, isKnownTrue } from "./known-conditions.ts";
import { type Comparison, compare } from "./operations.ts";

const OPS: readonly Comparison[] = ["eq", "ne", "lt_s", "lt_u", "ge_s", "ge_u"];
const EDGES = [-0x80000000, -2, -1, 0, 1, 2, 0x7fffffff];

function setUp() {
  const func = new Func("f", 2, 0);
  const block = func.addBlock();
  const a = func.append(block, "param", [], 0);
  const b = func.append(block, "param", [], 1);
  return { func, block, a, b };
}

describe("what conditions say about others", () => {
  it("is never wrong for numbers, and is known where all values that are left agree", () => {
    const { func, block, a } = setUp();
    let known = 0;
    for (const op1 of OPS) {
      for (const c1 of EDGES) {
        for (const op2 of OPS) {
          for (const c2 of EDGES) {
            const first = func.newValue(block, op1, [a, func.constant(c1)]);
            const second = func.newValue(block, op2, [a, func.constant(c2)]);
            for (const holds of [true, false]) {
              const answer = isKnownTrue(assume(func, undefined, first, holds), second);
              const left = EDGES.flatMap((x) => [x - 1, x, x + 1]).filter((x) => compare(op1, x, c1) === holds);
              const answers = new Set(left.map((x) => compare(op2, x, c2)));
              if (answer === undefined) continue;
              known++;
              expect([...answers], `${op1} ${c1} is ${holds}: ${op2} ${c2}`).toEqual(left.length > 0 ? [answer] : []);
            }
          }
        }
      }
    }
    expect(known).toBeGreaterThan(1500);
  });

  it("is never wrong for two values", () => {
    const { func, block, a, b } = setUp();
    for (const op1 of OPS) {
      for (const op2 of OPS) {
        for (const isSwapped of [false, true]) {
          for (const holds of [true, false]) {
            const first = func.newValue(block, op1, [a, b]);
            const second = func.newValue(block, op2, isSwapped ? [b, a] : [a, b]);
            const answer = isKnownTrue(assume(func, undefined, first, holds), second);
            if (answer === undefined) continue;
            for (const x of EDGES) {
              for (const y of EDGES) {
                if (compare(op1, x, y) !== holds) continue;
                const actual = isSwapped ? compare(op2, y, x) : compare(op2, x, y);
                expect(actual, `${op1} is ${holds}: ${op2}, ${x}, ${y}`).toBe(answer);
              }
            }
          }
        }
      }
    }
  });

  it("adds up", () => {
    const { func, block, a } = setUp();
    const number = (n: number) => func.constant(n);
    let conditions: Conditions = assume(func, undefined, func.newValue(block, "lt_u", [a, number(10)]), true);
    conditions = assume(func, conditions, func.newValue(block, "ge_s", [a, number(9)]), true);
    expect(isKnownTrue(conditions, func.newValue(block, "eq", [a, number(9)]))).toBe(true);
    expect(isKnownTrue(conditions, func.newValue(block, "lt_s", [a, number(0)]))).toBe(false);
    expect(isKnownTrue(conditions, a)).toBe(true);
  });
});
