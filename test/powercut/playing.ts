/** Plays a scenario: from its beginning and without a cut, or on from a world in which an operation was cut. */
import { type Cut, Flash, type FlashOperation } from "../../runtime/board/flash.ts";
import { PowerCut } from "../../runtime/board/power.ts";
import { SeededRandom } from "../../runtime/board/random.ts";
import { anyCut } from "./cuts.ts";
import { isClean, judge, probeReadings, type Verdict } from "./judge.ts";
import type { ServerStep } from "./model-server.ts";
import type { Programs } from "./programs.ts";
import { isCutWhole, limitMsOf, outageMsOf, regionBytesOf, type Scenario } from "./scenario.ts";
import { scenarioOf } from "./scenarios.ts";
import { freshState } from "./server-state.ts";
import { compare } from "./truth.ts";
import { Life, type LifeOptions, type Surroundings, type World } from "./world.ts";

const START_UNIX_MS = 1_790_000_000_000;
/** Power goes away once more when the goal is reached: that must outlast it. */
const RESTARTS = 1;

const LOG_LINES_SHOWN = 60;
/** Of a scenario; a board that goes round in circles makes more. */
const OPERATIONS_MAX = 4000;

export interface Stage {
  scenario: Scenario;
  programs: Programs;
  seed: number;
  /** A mistake in the surroundings. */
  mistake: Partial<Surroundings>;
}

/** A flash operation, and the world right before it. */
export interface Point {
  operation: FlashOperation;
  world: World;
}

export interface Played {
  start: World;
  points: Point[];
  /** Steps of the server that it could die at. */
  steps: number;
}

/** The uncut run did not reach its goal: the programs are wrong, or the scenario. */
export class ScenarioError extends Error {
  override name = "ScenarioError";
}

export async function playOnce(stage: Stage): Promise<Played> {
  const { scenario, seed } = stage;
  const start = await beginning(stage);
  const points: Point[] = [];
  let steps = 0;
  const life = newLife(stage, start, {
    seed,
    cutAt: (operation, world) => {
      if (points.length < OPERATIONS_MAX)
        points.push({ operation: { ...operation, data: operation.data.slice() }, world: world() });
      return undefined;
    },
    killsServerAt: () => {
      steps++;
      return false;
    },
  });
  const verdict = await finish(life, stage, 0);
  if (!isClean(verdict) || points.length === OPERATIONS_MAX) {
    throw new ScenarioError(`${scenario.name} fails without a cut: ${JSON.stringify(verdict)}\n${life.tail}`);
  }
  return { start, points, steps };
}

/** A fresh board, one that has spoken with its server, or one in the middle of another scenario. */
async function beginning(stage: Stage): Promise<World> {
  const { scenario, programs, seed } = stage;
  const fresh: World = {
    flash: programs.flash(regionBytesOf(scenario)),
    server: freshState(),
    taken: [],
    started: new Set(),
    ran: [],
    wrongs: [],
    hasNewWifi: false,
    unixMs: START_UNIX_MS,
  };
  if (scenario.isFresh === true) return fresh;
  const { from } = scenario;
  const named = scenarioOf(from?.name ?? "first-boot");
  const first = { ...named, begin: from?.begin ?? named.begin, queueSectors: scenario.queueSectors };
  const before = { ...stage, scenario: first };
  const world = from === undefined ? fresh : await beginning(before);
  const life = newLife(before, world, { seed });
  const until = from?.until ?? first.isReached;
  if (!(await life.run((running) => until(running, programs), limitMsOf(first)))) {
    throw new ScenarioError(`the beginning of ${scenario.name} was not reached\n${life.tail}`);
  }
  const reached = life.world();
  scenario.begin(reached.server, programs);
  return {
    ...reached,
    flash: scenario.prepare?.(reached.flash) ?? reached.flash,
    unixMs: reached.unixMs + outageMsOf(scenario),
  };
}

export interface LifeHooks {
  /** Absent: one. */
  restarts?: number;
  /** The flash operation, counted from the first cut, that is cut too. */
  cutAt?: number;
  flickersMs?: readonly number[];
  /** The step of the server at which it is killed. */
  killAt?: number;
}

/** Goes on from a world to the goal, and through restarts after it; `cuts` are those of flash operations in this life. */
export async function liveOn(
  stage: Stage,
  world: World,
  { seed, cutAt, flickersMs, killAt, restarts = RESTARTS }: LifeHooks & { seed: number },
): Promise<{ verdict: Verdict; cuts: number }> {
  let operations = 0;
  let steps = 0;
  const random = new SeededRandom(seed).fork(3);
  const life = newLife(stage, world, {
    seed,
    ...(cutAt === undefined
      ? {}
      : {
          cutAt: (operation) =>
            operations++ === cutAt ? anyCut(operation, random, isCutWhole(stage.scenario)) : undefined,
        }),
    ...(flickersMs === undefined ? {} : { flickersMs }),
    ...(killAt === undefined ? {} : { killsServerAt: (_step: ServerStep) => steps++ === killAt }),
  });
  const verdict = await finish(life, stage, restarts);
  return { verdict, cuts: life.cuts };
}

class LoggedLife extends Life {
  readonly lines: string[] = [];

  get tail(): string {
    return this.lines.slice(-LOG_LINES_SHOWN).join("\n");
  }
}

function newLife(
  { scenario, programs, mistake }: Stage,
  world: World,
  hooks: Pick<LifeOptions, "seed" | "cutAt" | "flickersMs" | "killsServerAt">,
): LoggedLife {
  const lines: string[] = [];
  const life = new LoggedLife(world, {
    engine: programs.engine,
    shelf: scenario.shelf?.(programs) ?? programs.shelf,
    fit: programs.fit,
    surroundings: { ...scenario.surroundings?.(world), ...mistake },
    outageMs: outageMsOf(scenario),
    ...(scenario.stuck === undefined ? {} : { stuck: scenario.stuck }),
    log: (line) => void lines.push(line),
    ...hooks,
  });
  return Object.assign(life, { lines });
}

/** Runs until the goal is reached, and again after each restart; then judges. */
async function finish(life: Life, stage: Stage, restarts: number): Promise<Verdict> {
  const { scenario } = stage;
  let isReached = await reach(life, stage, 0);
  life.flash.onOperation = undefined;
  for (let restart = 0; restart < restarts && isReached; restart++) {
    const hellos = life.server.hellos;
    await life.time.runFor(outageMsOf(scenario));
    isReached = await reach(life, stage, hellos + 1);
  }
  return judge({ ...life, isReached }, scenario.mayDrop ?? false, scenario.allows ?? []);
}

/** Until the goal is reached and every reading that was committed by then is on the server. */
function reach(life: Life, { scenario, programs }: Stage, hellos: number): Promise<boolean> {
  let wanted: number | undefined;
  return life.run(({ server, taken }) => {
    if (wanted === undefined) {
      if (server.hellos < hellos || !scenario.isReached(life, programs)) return false;
      wanted = taken.findLastIndex(({ isCommitted }) => isCommitted);
    }
    const stored = probeReadings(server).map(({ value }) => value);
    return (compare(taken, stored).places.at(-1) ?? -1) >= wanted;
  }, limitMsOf(scenario));
}

/** The world after a cut: the flash as the cut leaves it, everything else as it was. */
export function cutWorld({ operation, world }: Point, scenario: Scenario, cut: Cut, seed: number): World {
  const flash = Flash.from(world.flash, new SeededRandom(seed).fork(4));
  flash.onOperation = () => cut;
  try {
    if (operation.kind === "erase") flash.erase(operation.offset);
    else flash.write(operation.offset, operation.data);
  } catch (error) {
    if (!(error instanceof PowerCut)) throw error;
  }
  flash.onOperation = undefined;
  return { ...world, flash: flash.snapshot(), unixMs: world.unixMs + outageMsOf(scenario) };
}
