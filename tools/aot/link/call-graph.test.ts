import { expect, test } from "vitest";
import { bottomUp, deepestStack } from "./call-graph.ts";

test("callees come before their callers", () => {
  expect(bottomUp([[1, 2], [3], [3], []])).toEqual([3, 1, 2, 0]);
});

test("a cycle does not hang", () => {
  expect(bottomUp([[1], [2], [0, 3], []])).toEqual([3, 2, 1, 0]);
});

test("a chain of a hundred thousand does not overflow", () => {
  const callees = Array.from({ length: 100_000 }, (_, index) => (index < 99_999 ? [index + 1] : []));
  expect(bottomUp(callees)[0]).toBe(99_999);
  expect(
    deepestStack(
      [0],
      callees,
      callees.map(() => 16),
    ).bytes,
  ).toBe(1_600_000);
});

test("the deepest stack is that of the heaviest chain, not of the longest", () => {
  const callees = [[1, 2], [3], [], []];
  expect(deepestStack([0], callees, [16, 16, 100, 32])).toEqual({ bytes: 116, chain: [0, 2] });
});

test("of several entries the worst counts", () => {
  expect(deepestStack([0, 1], [[], [2], []], [16, 16, 48])).toEqual({ bytes: 64, chain: [1, 2] });
});

test("recursion has no worst case: its functions are named", () => {
  expect(deepestStack([0], [[1], [2], [1]], [16, 16, 16])).toEqual({ bytes: undefined, chain: [1, 2] });
});
