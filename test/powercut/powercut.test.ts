/** The short form of `npm run powercut`: every scenario, cut at a sample of its operations. */
import { beforeAll, expect, test } from "vitest";
import { explore } from "./explore.ts";
import { buildImages, type Programs, programsOf } from "./programs.ts";
import { SCENARIOS } from "./scenarios.ts";

const OPERATIONS = 12;
/** Full of readings, and so slow to empty. */
const HEAVY_OPERATIONS = 2;

let programs: Programs;

beforeAll(async () => {
  programs = programsOf(await buildImages("wasm"));
}, 120_000);

test.each(SCENARIOS.map((scenario) => [scenario.name, scenario] as const))("%s", async (name, scenario) => {
  const operationsMax = name === "queue-wrap" ? HEAVY_OPERATIONS : OPERATIONS;
  const tally = await explore(scenario, programs, { torn: 2, pairs: 1, seed: 1, part: 0, parts: 1, operationsMax });
  expect(tally.findings).toEqual([]);
  expect(tally.cuts).toBeGreaterThan(operationsMax);
});
