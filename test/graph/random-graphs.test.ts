/** The short form of `npm run graph:fuzz`. */
import { expect, test } from "vitest";
import { compareForms, differenceOf } from "./compare-forms.ts";

const GRAPHS = 400;
const SEED = 1;

test(`${GRAPHS} random graphs do the same optimised as plain`, () => {
  const { compared, active } = compareForms(GRAPHS, SEED);
  expect(compared).toBe(GRAPHS);
  // Neither form doing anything would be equal, too.
  expect(active).toBeGreaterThan(GRAPHS / 2);
});

/** Found by the long form, each a mistake at its time. */
const FOUND = [
  // A trigger that holds without a reading: its copy makes nothing, and what follows must not do more.
  {
    source: `when connected to controller { on connect { copy 0 => unbuffered 2; } }
      on count(unbuffered 2) < 1 { copy input 10 => buffered 1; copy => buffered 1; }`,
    seconds: 10,
    stimuli: ["0 input 10 = 8"],
    mocks: [],
  },
];

test.each(FOUND)("a graph that once did not: $source", (graph) => {
  expect(differenceOf(graph)).toBeUndefined();
});
