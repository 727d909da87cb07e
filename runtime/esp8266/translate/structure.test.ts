import { expect, test } from "vitest";
import { SeededRandom } from "../../board/random.ts";
import { type Item, structure } from "./structure.ts";

const flat = (items: readonly Item[]): number[] =>
  items.flatMap((item) => (typeof item === "number" ? [item] : flat(item.items)));

/** Every edge must go forward in its scope, or back to the header of a loop it is in; a loop is entered where it says. */
function check(successors: readonly (readonly number[])[], entries: readonly number[], items: readonly Item[]): void {
  expect(flat(items).sort((a, b) => a - b)).toEqual(successors.map((_, index) => index));
  const walk = (scope: readonly Item[], headers: readonly number[]): void => {
    const place = new Map<number, number>();
    scope.forEach((item, index) => {
      for (const block of typeof item === "number" ? [item] : item.blocks) place.set(block, index);
    });
    for (const [block, index] of place)
      for (const next of successors[block] ?? []) {
        const to = place.get(next);
        if (to === undefined || headers.includes(next)) continue;
        const item = scope[to] as Item;
        const isInside = typeof item !== "number" && item.blocks.has(block);
        if (isInside) continue;
        expect(to, `${block} to ${next}`).toBeGreaterThan(index);
        if (typeof item !== "number") expect([item.header, ...item.otherEntries]).toContain(next);
      }
    for (const item of scope)
      if (typeof item !== "number") {
        for (const entry of entries)
          if (item.blocks.has(entry)) expect([item.header, ...item.otherEntries]).toContain(entry);
        expect(item.items[0]).toBe(item.header);
        walk(item.items, [...headers, item.header]);
      }
  };
  walk(items, []);
}

test("a straight line has no loop", () => {
  expect(structure([[1], [2], []], [0])).toEqual([0, 1, 2]);
});

test("a loop in a loop", () => {
  const items = structure([[1], [2], [2, 3], [1, 4], []], [0]);
  expect(items[0]).toBe(0);
  expect(items[1]).toMatchObject({ header: 1, otherEntries: [], items: [1, { header: 2, items: [2] }, 3] });
  expect(items[2]).toBe(4);
});

test("a loop with two entries says so", () => {
  const items = structure([[1, 2], [2], [1]], [0]);
  expect(items[1]).toMatchObject({ otherEntries: [expect.any(Number)] });
});

test("random graphs, reducible or not, with several entries", () => {
  const random = new SeededRandom(7);
  for (let round = 0; round < 300; round++) {
    const size = random.integer(1, 25);
    const successors = Array.from({ length: size }, () =>
      Array.from({ length: random.integer(0, 2) }, () => random.integer(0, size - 1)),
    );
    const entries = [0, ...Array.from({ length: random.integer(0, 3) }, () => random.integer(0, size - 1))];
    check(successors, entries, structure(successors, entries));
  }
});
