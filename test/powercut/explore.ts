/**
 * One scenario, cut everywhere. It is played once without a cut, and the world is kept as it is at every flash operation;
 * then it goes on from each of these worlds with that operation cut before, inside and after; and, in a sample of these
 * lives, with a second cut at a random later operation. The n-th case is the same on every run, so cases can be shared out.
 */
import type { Cut, FlashOperation } from "../../runtime/board/flash.ts";
import { Flash } from "../../runtime/board/flash.ts";
import { PowerCut } from "../../runtime/board/power.ts";
import { SeededRandom } from "../../runtime/board/random.ts";
import { anyCut, cutsAt } from "./cuts.ts";
import { isClean, judge, probeReadings, type Verdict } from "./judge.ts";
import { freshState, type ServerStep } from "./model-server.ts";
import type { Programs } from "./programs.ts";
import { limitMsOf, regionBytesOf, type Scenario, scenarioOf } from "./scenarios.ts";
import { compare } from "./truth.ts";
import { Life, type Surroundings, type World } from "./world.ts";

const START_UNIX_MS = 1_790_000_000_000;
const OUTAGE_MS = 1500;

export interface ExploreOptions {
  /** Torn states inside each operation. */
  torn: number;
  /** Lives with a second cut, for each operation. */
  pairs: number;
  seed: number;
  /** Takes the cases whose number is `part` modulo `parts`. */
  part: number;
  parts: number;
  /** Most operations that are cut, spread evenly; absent: all. */
  operationsMax?: number;
  /** A mistake in the surroundings. */
  mistake?: Partial<Surroundings>;
  /** Ends with the first finding. */
  stopsAtFirst?: boolean;
}

export interface Finding {
  scenario: string;
  operation: number;
  what: string;
  verdict: Verdict;
}

export interface Tally extends Verdict {
  scenario: string;
  operations: number;
  cuts: number;
  findings: Finding[];
}

interface Point {
  operation: FlashOperation;
  world: World;
}

/** The uncut run did not reach its goal: the programs are wrong, or the scenario. */
export class ScenarioError extends Error {}

export async function explore(scenario: Scenario, programs: Programs, options: ExploreOptions): Promise<Tally> {
  const played = await playOnce(scenario, programs, options);
  const tally: Tally = {
    scenario: scenario.name,
    operations: played.points.length,
    cuts: 0,
    bricks: 0,
    lostAcked: 0,
    lostCommitted: 0,
    duplicated: 0,
    findings: [],
  };
  const count = (operation: number, what: string, verdict: Verdict) => {
    tally.bricks += verdict.bricks;
    tally.lostAcked += verdict.lostAcked;
    tally.lostCommitted += verdict.lostCommitted;
    tally.duplicated += verdict.duplicated;
    if (!isClean(verdict)) tally.findings.push({ scenario: scenario.name, operation, what, verdict });
  };
  const stride = Math.max(1, Math.ceil(played.points.length / (options.operationsMax ?? Number.POSITIVE_INFINITY)));
  for (const [index, point] of played.points.entries()) {
    if (index % stride !== 0 || (index / stride) % options.parts !== options.part) continue;
    const random = new SeededRandom(options.seed).fork(index);
    for (const [which, cut] of cutsAt(point.operation, random, options.torn).entries()) {
      const seed = random.integer(1, 0x7fffffff);
      const life = await liveOn(scenario, programs, options, cutWorld(point, cut, seed), { seed });
      tally.cuts += 1 + life.cuts;
      count(index, `${describe(point.operation, cut)}, ${which}`, life.verdict);
    }
    for (let pair = 0; pair < options.pairs; pair++) {
      const cut = anyCut(point.operation, random);
      const seed = random.integer(1, 0x7fffffff);
      // Of the life that follows, an operation soon after the first cut is as likely as one late in the scenario.
      const reach = random.integer(0, 1) === 0 ? 12 : played.points.length;
      const second = random.integer(0, reach);
      const life = await liveOn(scenario, programs, options, cutWorld(point, cut, seed), { seed, cutAt: second });
      tally.cuts += 1 + life.cuts;
      count(index, `${describe(point.operation, cut)}, then operation ${second}`, life.verdict);
    }
    if (options.stopsAtFirst === true && tally.findings.length > 0) return tally;
  }
  if (scenario.killsServer === true && options.part === 0) {
    for (let step = 0; step < played.steps; step++) {
      const life = await liveOn(scenario, programs, options, played.start, { seed: step + 1, killAt: step });
      tally.cuts++;
      count(-1, `the server is killed at step ${step}`, life.verdict);
    }
  }
  return tally;
}

interface Played {
  start: World;
  points: Point[];
  /** Steps of the server that it could die at. */
  steps: number;
}

async function playOnce(scenario: Scenario, programs: Programs, options: ExploreOptions): Promise<Played> {
  const start = await beginning(scenario, programs, options);
  const points: Point[] = [];
  let steps = 0;
  const life = newLife(scenario, programs, options, start, {
    seed: options.seed,
    cutAt: (operation, world) => {
      points.push({ operation: { ...operation, data: operation.data.slice() }, world: world() });
      return undefined;
    },
    killsServerAt: () => {
      steps++;
      return false;
    },
  });
  const verdict = await finish(life, scenario, programs);
  if (!isClean(verdict)) {
    throw new ScenarioError(`${scenario.name} fails without a cut: ${JSON.stringify(verdict)}\n${life.tail}`);
  }
  return { start, points, steps };
}

/** A fresh board, one that has spoken with its server, or one in the middle of another scenario. */
async function beginning(scenario: Scenario, programs: Programs, options: ExploreOptions): Promise<World> {
  const fresh: World = {
    flash: programs.flash(regionBytesOf(scenario)),
    server: freshState(),
    taken: [],
    unixMs: START_UNIX_MS,
  };
  if (scenario.isFresh === true) return fresh;
  const { from } = scenario;
  const first = scenarioOf(from?.name ?? "first-boot");
  const world = from === undefined ? fresh : await beginning(first, programs, options);
  if (from !== undefined) first.begin(world.server, programs);
  const life = newLife(first, programs, options, world, { seed: options.seed });
  const until = from?.until ?? ((running: Life) => first.isReached(running, programs));
  if (!(await life.run(until, limitMsOf(first)))) {
    throw new ScenarioError(`the beginning of ${scenario.name} was not reached\n${life.tail}`);
  }
  const reached = life.world();
  reached.unixMs += OUTAGE_MS;
  if (from === undefined) scenario.begin(reached.server, programs);
  return reached;
}

interface SecondCut {
  seed: number;
  /** The flash operation, counted from the first cut, that is cut too. */
  cutAt?: number;
  /** The step of the server at which it is killed. */
  killAt?: number;
}

async function liveOn(
  scenario: Scenario,
  programs: Programs,
  options: ExploreOptions,
  world: World,
  { seed, cutAt, killAt }: SecondCut,
): Promise<{ verdict: Verdict; cuts: number }> {
  let operations = 0;
  let steps = 0;
  const random = new SeededRandom(seed).fork(3);
  const life = newLife(scenario, programs, options, world, {
    seed,
    ...(cutAt === undefined
      ? {}
      : { cutAt: (operation) => (operations++ === cutAt ? anyCut(operation, random) : undefined) }),
    ...(killAt === undefined ? {} : { killsServerAt: (_step: ServerStep) => steps++ === killAt }),
  });
  const verdict = await finish(life, scenario, programs);
  return { verdict, cuts: life.cuts };
}

class LoggedLife extends Life {
  readonly lines: string[] = [];

  get tail(): string {
    return this.lines.slice(-60).join("\n");
  }
}

function newLife(
  scenario: Scenario,
  programs: Programs,
  options: ExploreOptions,
  world: World,
  hooks: Pick<ConstructorParameters<typeof Life>[1], "seed" | "cutAt" | "killsServerAt">,
): LoggedLife {
  const lines: string[] = [];
  const life = new LoggedLife(world, {
    engine: programs.engine,
    shelf: scenario.shelf?.(programs) ?? programs.shelf,
    surroundings: { ...scenario.surroundings?.(world), ...options.mistake },
    log: (line) => void lines.push(line),
    ...hooks,
  });
  life.lines.push(...lines);
  return Object.assign(life, { lines });
}

/** Runs until the goal is reached and every reading that was committed by then is on the server. */
async function finish(life: Life, scenario: Scenario, programs: Programs): Promise<Verdict> {
  let wanted: number | undefined;
  const isReached = await life.run((running) => {
    if (wanted === undefined) {
      if (!scenario.isReached(running, programs)) return false;
      wanted = running.taken.findLastIndex(({ isCommitted }) => isCommitted);
    }
    return (compare(running.taken, probeReadings(running.server)).places.at(-1) ?? -1) >= wanted;
  }, limitMsOf(scenario));
  return judge(isReached, life.server, life.taken, scenario.mayDrop ?? false);
}

/** The world after a cut: the flash as the cut leaves it, everything else as it was. */
function cutWorld({ operation, world }: Point, cut: Cut, seed: number): World {
  const flash = Flash.from(world.flash, new SeededRandom(seed).fork(4));
  flash.onOperation = () => cut;
  try {
    if (operation.kind === "erase") flash.erase(operation.offset);
    else flash.write(operation.offset, operation.data);
  } catch (error) {
    if (!(error instanceof PowerCut)) throw error;
  }
  flash.onOperation = undefined;
  return { ...world, flash: flash.snapshot(), unixMs: world.unixMs + OUTAGE_MS };
}

function describe({ kind, offset }: FlashOperation, cut: Cut): string {
  return `${kind} at 0x${offset.toString(16)} cut ${JSON.stringify(cut)}`;
}
