/** Each mistake in turn: built, then searched for in its scenarios until the first finding. */
import { ScenarioError } from "./explore.ts";
import { MUTANTS, type Mutant } from "./mutants.ts";
import { buildImages } from "./programs.ts";
import { shareOut } from "./share-out.ts";

const TORN = 8;
const PAIRS = 8;
const SEED = 1;

export interface MutantResult {
  name: string;
  /** The scenario that shows it, and how; undefined: not caught. */
  caughtBy: string | undefined;
}

export async function runMutants(jobs: number, onResult: (result: MutantResult) => void): Promise<MutantResult[]> {
  const results: MutantResult[] = [];
  for (const mutant of MUTANTS) {
    const result = { name: mutant.name, caughtBy: await catchMutant(mutant, jobs) };
    onResult(result);
    results.push(result);
  }
  return results;
}

async function catchMutant(mutant: Mutant, jobs: number): Promise<string | undefined> {
  const images = await buildImages("wasm", mutant.edit);
  for (const scenario of mutant.scenarios) {
    const order = { images, scenario, torn: TORN, pairs: PAIRS, seed: SEED, stopsAtFirst: true };
    try {
      const { findings } = await shareOut(
        mutant.mistake === undefined ? order : { ...order, mistake: mutant.mistake },
        jobs,
      );
      const [first] = findings;
      if (first !== undefined) return `${scenario}, ${first.what}: ${JSON.stringify(first.verdict)}`;
    } catch (error) {
      if (!(error instanceof Error) || error.name !== ScenarioError.name) throw error;
      return `${scenario}, without a cut`;
    }
  }
  return undefined;
}
