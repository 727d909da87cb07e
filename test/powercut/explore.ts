/**
 * One scenario, cut everywhere. It is played once without a cut, and the world is kept as it is at every flash operation;
 * then it goes on from each of these worlds with that operation cut before, inside and after; and, in a sample of these
 * lives, with a second cut at a random later operation, or with power that comes and goes. The n-th case is the same on every run, so cases can be shared out.
 */
import type { Cut, FlashOperation } from "../../runtime/board/flash.ts";
import { type RandomSource, SeededRandom } from "../../runtime/board/random.ts";
import { anyCut, cutsAt } from "./cuts.ts";
import { type Figures, isClean, type Verdict } from "./judge.ts";
import { cutWorld, type LifeHooks, liveOn, type Played, type Point, playOnce, type Stage } from "./playing.ts";
import type { Programs } from "./programs.ts";
import { flickersOf, isCutWhole, type Scenario } from "./scenario.ts";
import type { Surroundings } from "./world.ts";

/** More than there are attempts of a program or a configuration on trial. */
const MANY_RESTARTS = 5;
/** Operations within a start or two. */
const SOON = 12;
/** Power that comes and goes stays for so long; the longest takes the board to its server. */
const FLICKER_MIN_MS = 300;
const FLICKER_MAX_MS = 4000;

export interface ExploreOptions {
  /** Torn states inside each operation. */
  torn: number;
  /** Lives with more cuts, for each operation. */
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

export interface Tally extends Figures {
  scenario: string;
  operations: number;
  cuts: number;
  findings: Finding[];
}

export async function explore(scenario: Scenario, programs: Programs, options: ExploreOptions): Promise<Tally> {
  const stage: Stage = { scenario, programs, seed: options.seed, mistake: options.mistake ?? {} };
  const played = await playOnce(stage);
  const tally = new Counter(scenario.name, played.points.length);
  for await (const life of livesOf(stage, played, options)) {
    tally.count(life);
    if (options.stopsAtFirst === true && tally.findings.length > 0) break;
  }
  return tally;
}

interface LifeLived {
  /** -1: none was cut. */
  operation: number;
  what: string;
  verdict: Verdict;
  cuts: number;
}

/** This part's lives. */
async function* livesOf(stage: Stage, played: Played, options: ExploreOptions): AsyncGenerator<LifeLived> {
  const { part, parts, operationsMax = Number.POSITIVE_INFINITY } = options;
  const { points } = played;
  if (part === 0) yield* wholeLives(stage, played);
  const stride = Math.max(1, Math.ceil(points.length / operationsMax));
  for (const [index, point] of points.entries()) {
    if (index % stride === 0 && (index / stride) % parts === part)
      yield* livesFrom(stage, options, played, point, index);
  }
}

/** Those in which no flash operation is cut. */
async function* wholeLives(stage: Stage, { start, steps }: Played): AsyncGenerator<LifeLived> {
  const { scenario, seed } = stage;
  const { verdict } = await liveOn(stage, start, { seed, restarts: MANY_RESTARTS });
  yield { operation: -1, what: `power goes away ${MANY_RESTARTS} times afterwards`, verdict, cuts: MANY_RESTARTS };
  if (scenario.killsServer !== true) return;
  for (let step = 0; step < steps; step++) {
    const { verdict } = await liveOn(stage, start, { seed: step + 1, killAt: step });
    yield { operation: -1, what: `the server is killed at step ${step}`, verdict, cuts: 1 };
  }
}

/** Every life that begins with a cut of this operation. */
async function* livesFrom(
  stage: Stage,
  { torn, pairs, seed }: ExploreOptions,
  { points }: Played,
  point: Point,
  index: number,
): AsyncGenerator<LifeLived> {
  const { scenario } = stage;
  const { operation } = point;
  const random = new SeededRandom(seed).fork(index);
  const live = async (cut: Cut, name: string, more: LifeHooks = {}): Promise<LifeLived> => {
    const lifeSeed = random.integer(1, 0x7fffffff);
    const world = cutWorld(point, scenario, cut, lifeSeed);
    const { verdict, cuts } = await liveOn(stage, world, { seed: lifeSeed, ...more });
    return { operation: index, what: `${describe(operation, cut)}, ${name}`, verdict, cuts: 1 + cuts };
  };
  const whole = isCutWhole(scenario);
  for (const [which, cut] of cutsAt(operation, random, whole ? 0 : torn).entries())
    yield await live(cut, String(which));
  for (let pair = 0; pair < pairs; pair++) {
    const cut = anyCut(operation, random, whole);
    const more = pair % 2 === 0 ? secondCut(random, points.length) : flicker(random, flickersOf(scenario));
    yield await live(cut, `then ${JSON.stringify(more)}`, more);
  }
}

/** Of the life that follows, an operation soon after the first cut is as likely as one late in the scenario. */
function secondCut(random: RandomSource, operations: number): LifeHooks {
  const reach = random.integer(0, 1) === 0 ? SOON : operations;
  return { cutAt: random.integer(0, reach) };
}

/** Weak cells may read differently at each start. */
function flicker(random: RandomSource, count: number): LifeHooks {
  return { flickersMs: Array.from({ length: count }, () => random.integer(FLICKER_MIN_MS, FLICKER_MAX_MS)) };
}

class Counter implements Tally {
  cuts = 0;
  bricks = 0;
  lostAcked = 0;
  lostCommitted = 0;
  duplicated = 0;
  violations = 0;
  findings: Finding[] = [];

  constructor(
    readonly scenario: string,
    readonly operations: number,
  ) {}

  count({ operation, what, verdict, cuts }: LifeLived): void {
    this.cuts += cuts;
    this.bricks += verdict.bricks;
    this.lostAcked += verdict.lostAcked;
    this.lostCommitted += verdict.lostCommitted;
    this.duplicated += verdict.duplicated;
    this.violations += verdict.violations;
    if (!isClean(verdict)) this.findings.push({ scenario: this.scenario, operation, what, verdict });
  }
}

function describe({ kind, offset }: FlashOperation, cut: Cut): string {
  return `${kind} at 0x${offset.toString(16)} cut ${JSON.stringify(cut)}`;
}
