/** `npm run powercut`: power goes away before, inside and after every flash operation of what a device does. */
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { ENGINES, type Engine } from "../../tools/build/compile-program.ts";
import type { Finding, Tally } from "./explore.ts";
import { MUTANTS } from "./mutants.ts";
import { buildImages } from "./programs.ts";
import { type MutantResult, runMutants } from "./run-mutants.ts";
import { SCENARIOS } from "./scenarios.ts";
import { shareOut, type WorkOrder } from "./share-out.ts";

const HELP = `Usage: npm run powercut -- [options]

Each scenario is played once, then again with the power cut before, inside (several torn
states) and after every flash operation, and in samples more than once. After each cut the
board starts again: it must run a good program, finish what it began, keep that when power
goes away once more, lose no reading, and run no command twice. Exit code 1 if it does not.

  --scenario NAME  one of them, or all (default): ${SCENARIOS.map(({ name }) => name).join(", ")}
  --engine ENGINE  wasm (default), or lx106: the emulated chip
  --torn N         torn states inside each operation (default: 8)
  --pairs N        lives with more cuts, for each operation (default: 10)
  --operations N   at most so many operations of each scenario, spread evenly
  --seed K         (default: 1)
  --jobs N         processes (default: one a processor, at most 8)
  --mutants        instead: put known mistakes into the sources, one by one; each must be found
  --mutant TEXT    with --mutants: those whose name contains the text
  --json           the last line is {"scenarios":[{"scenario","operations","cuts","bricks","lostAcked","lostCommitted","duplicated","violations"}]},
                   or {"mutants":..,"caught":..}
  --help
`;

const WRONG_USE = 2;
const JOBS_MAX = 8;
const FINDINGS_SHOWN = 5;

class UsageError extends Error {}

async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      scenario: { type: "string", default: "all" },
      engine: { type: "string", default: "wasm" },
      torn: { type: "string", default: "8" },
      pairs: { type: "string", default: "10" },
      operations: { type: "string" },
      seed: { type: "string", default: "1" },
      jobs: { type: "string" },
      mutants: { type: "boolean", default: false },
      mutant: { type: "string" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return void process.stdout.write(HELP);
  const jobs = values.jobs === undefined ? Math.min(JOBS_MAX, availableParallelism()) : count("--jobs", values.jobs);
  if (jobs < 1) throw new UsageError("--jobs takes a number above zero");
  if (values.mutants) return mutants(values.mutant ?? "", jobs, values.json);
  const order: Omit<WorkOrder, "scenario"> = {
    images: await buildImages(engineOf(values.engine)),
    torn: count("--torn", values.torn),
    pairs: count("--pairs", values.pairs),
    seed: count("--seed", values.seed),
    ...(values.operations === undefined ? {} : { operationsMax: count("--operations", values.operations) }),
  };
  const startMs = performance.now();
  const tallies: Tally[] = [];
  for (const name of scenariosOf(values.scenario)) {
    const tally = await shareOut({ ...order, scenario: name }, jobs);
    tallies.push(tally);
    console.log(values.json ? JSON.stringify(figures(tally)) : line(tally));
    for (const finding of tally.findings.slice(0, FINDINGS_SHOWN)) console.error(describe(finding));
  }
  const cuts = tallies.reduce((sum, tally) => sum + tally.cuts, 0);
  if (values.json) console.log(JSON.stringify({ scenarios: tallies.map(figures) }));
  else console.log(`${cuts} cuts in ${((performance.now() - startMs) / 1000).toFixed(0)} s`);
  if (tallies.some(({ findings }) => findings.length > 0)) process.exitCode = 1;
}

async function mutants(filter: string, jobs: number, isJson: boolean): Promise<void> {
  const chosen = MUTANTS.filter(({ name }) => name.includes(filter));
  if (chosen.length === 0) throw new UsageError(`no mistake has "${filter}" in its name`);
  const startMs = performance.now();
  const results = await runMutants(chosen, jobs, (result) => console.log(describeMutant(result)));
  const caught = results.filter(({ scenario }) => scenario !== undefined);
  const uncut = caught.filter(({ needsCut }) => !needsCut).length;
  if (isJson) console.log(JSON.stringify({ mutants: results.length, caught: caught.length }));
  else {
    const seconds = ((performance.now() - startMs) / 1000).toFixed(0);
    console.log(
      `${caught.length} of ${results.length} mistakes caught, ${uncut} of them without a cut, in ${seconds} s`,
    );
  }
  if (caught.length < results.length) process.exitCode = 1;
}

function describeMutant({ name, scenario, needsCut, how }: MutantResult): string {
  if (scenario === undefined) return `NOT CAUGHT: ${name} (${how})`;
  return `caught: ${name} (${scenario}, ${needsCut ? "" : "without a cut, "}${how})`;
}

function figures({ findings: _, ...tally }: Tally): Omit<Tally, "findings"> {
  return tally;
}

function line({ scenario, operations, cuts, bricks, lostAcked, lostCommitted, duplicated, violations }: Tally): string {
  return (
    `${scenario}: ${operations} operations, ${cuts} cuts; ${bricks} bricks, lost ${lostAcked} acknowledged ` +
    `and ${lostCommitted} committed, ${duplicated} duplicated, ${violations} other violations`
  );
}

function describe({ operation, what, verdict }: Finding): string {
  return `  operation ${operation}: ${what}: ${JSON.stringify(verdict)}`;
}

function scenariosOf(name: string): string[] {
  const names = SCENARIOS.map((scenario) => scenario.name);
  if (name === "all") return names;
  if (!names.includes(name)) throw new UsageError(`there is no scenario ${name}; there are: ${names.join(", ")}`);
  return [name];
}

function engineOf(text: string): Engine {
  const engine = ENGINES.find((name) => name === text);
  if (engine === undefined) throw new UsageError(`--engine is one of: ${ENGINES.join(", ")}`);
  return engine;
}

function count(name: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new UsageError(`${name} takes a whole number, not "${text}"`);
  return Number(text);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  const isUsage = error instanceof UsageError || (error instanceof TypeError && "code" in error);
  if (!isUsage) throw error;
  console.error(`error: ${(error as Error).message}; see npm run powercut -- --help`);
  process.exitCode = WRONG_USE;
}
