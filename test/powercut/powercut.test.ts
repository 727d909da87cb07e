/** The short form of `npm run powercut`: every scenario, cut at a sample of its operations, and a few mistakes. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { PACKAGE_ROOT } from "../../tools/build/package-root.ts";
import { explore } from "./explore.ts";
import { MUTANTS } from "./mutants.ts";
import { buildPayloads, type Payloads, replaceOnce } from "./payloads.ts";
import { imagesOf, type Programs, programsOf } from "./programs.ts";
import { catchMutant } from "./run-mutants.ts";
import { SCENARIOS, scenarioOf } from "./scenarios.ts";

const OPERATIONS = 12;
/** Full of readings, and so slow to empty. */
const HEAVY_OPERATIONS = 2;
const EASY_MUTANTS = ["the server acknowledges before it has stored", "a command is noted after it has run"];

let payloads: Payloads;
let programs: Programs;

beforeAll(async () => {
  payloads = await buildPayloads("wasm");
  programs = programsOf(imagesOf("wasm", payloads));
}, 120_000);

test.each(SCENARIOS.map((scenario) => [scenario.name, scenario] as const))("%s", async (name, scenario) => {
  const operationsMax = name === "queue-wrap" ? HEAVY_OPERATIONS : OPERATIONS;
  const tally = await explore(scenario, programs, { torn: 2, pairs: 1, seed: 1, part: 0, parts: 1, operationsMax });
  expect(tally.findings).toEqual([]);
  expect(tally.cuts).toBeGreaterThan(operationsMax);
});

test.each(MUTANTS.map((mutant) => [mutant.name, mutant] as const))("sources in which %s", (_name, mutant) => {
  expect(mutant.scenarios.map((name) => scenarioOf(name).name)).toEqual(mutant.scenarios);
  const { device } = mutant;
  if (device === undefined) return;
  const source = readFileSync(join(PACKAGE_ROOT, device.file), "utf8");
  expect(replaceOnce(source, device.from, device.to)).not.toBe(source);
});

test.each(EASY_MUTANTS)("it shows that %s", async (name) => {
  const mutant = MUTANTS.find((candidate) => candidate.name === name);
  if (mutant === undefined) throw new Error("There is no such mistake.");
  expect(await catchMutant({ mutant, base: payloads })).toMatchObject({ needsCut: true });
});
