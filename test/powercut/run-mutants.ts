/** Each mistake in turn: built, then searched for in its scenarios until the first finding. Workers take them one by one. */
import { explore } from "./explore.ts";
import type { Mutant, MutantOrder } from "./mutant.ts";
import { buildPayloads, buildWithMistake, type Payloads } from "./payloads.ts";
import { ScenarioError } from "./playing.ts";
import { imagesOf, programsOf } from "./programs.ts";
import { scenarioOf } from "./scenarios.ts";
import { runWorker } from "./share-out.ts";

const ENGINE = "wasm";
const TORN = 8;
const PAIRS = 24;
const SEED = 1;
/** A program that runs in circles without a host call cannot be interrupted. */
const SEARCH_MAX_MS = 300_000;

export interface MutantResult {
  name: string;
  /** The scenario that shows it; undefined: not caught. */
  scenario: string | undefined;
  /** It showed only after a cut. */
  needsCut: boolean;
  /** How it showed. */
  how: string;
}

export async function runMutants(
  mutants: readonly Mutant[],
  jobs: number,
  onResult: (result: MutantResult) => void,
): Promise<MutantResult[]> {
  const base = await buildPayloads(ENGINE);
  const results: MutantResult[] = [];
  const waiting = mutants.slice();
  const work = async () => {
    for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
      const result = await runWorker<MutantResult>({ mutant, base }, SEARCH_MAX_MS).catch((error) =>
        missed(mutant, String(error)),
      );
      onResult(result);
      results.push(result);
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  return results;
}

/** Runs in a worker. */
export async function catchMutant({ mutant, base }: MutantOrder): Promise<MutantResult> {
  const { name, scenarios, device, server } = mutant;
  const payloads = device === undefined ? base : await buildWithMistake(ENGINE, base, device);
  const programs = programsOf(imagesOf(ENGINE, payloads));
  const options = { torn: TORN, pairs: PAIRS, seed: SEED, part: 0, parts: 1, stopsAtFirst: true };
  for (const scenario of scenarios) {
    try {
      const { findings } = await explore(
        scenarioOf(scenario),
        programs,
        server === undefined ? options : { ...options, mistake: server },
      );
      const [first] = findings;
      if (first === undefined) continue;
      return { name, scenario, needsCut: true, how: `${first.what}: ${JSON.stringify(first.verdict)}` };
    } catch (error) {
      if (!(error instanceof ScenarioError)) throw error;
      return { name, scenario, needsCut: false, how: error.message.split("\n")[0] ?? "" };
    }
  }
  return missed(mutant, `not in ${scenarios.join(", ")}`);
}

function missed({ name }: Mutant, how: string): MutantResult {
  return { name, scenario: undefined, needsCut: false, how };
}
