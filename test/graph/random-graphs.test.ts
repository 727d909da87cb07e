/** The short form of `npm run graph:fuzz`. */
import { expect, test } from "vitest";
import { compareForms } from "./compare-forms.ts";

const GRAPHS = 400;
const SEED = 1;

test(`${GRAPHS} random graphs do the same optimised as plain`, () => {
  const { compared, active } = compareForms(GRAPHS, SEED);
  expect(compared).toBe(GRAPHS);
  // Neither form doing anything would be equal, too.
  expect(active).toBeGreaterThan(GRAPHS / 2);
});
