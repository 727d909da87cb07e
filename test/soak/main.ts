/** `npm run soak`: a simulated week of power cuts, lost networks, restarts and kills, with the real server. */
import { parseArgs } from "node:util";
import { ENGINES, type Engine } from "../../tools/build/compile-program.ts";
import { buildSoakImages } from "./build-soak-images.ts";
import { soak } from "./soak.ts";

const HELP = `Usage: npm run soak -- [options]

Boards with drifting clocks take a reading a minute for a simulated week. Power goes away, also inside
flash operations; networks break, two of them for days; the server, a process of its own, is restarted
and killed (SIGKILL). Then its database is compared with what the sensors gave. Exit code 1 if a
committed reading is missing, there twice or out of order, if a full queue dropped another number of
readings than the server tells, or if a time is further from the truth than it says.

  --devices N      (default: 20)
  --days N         (default: 7)
  --engine ENGINE  wasm (default), or lx106: the emulated chip
  --seed K         (default: 1)
  --json           the last line is JSON: {"devices","days","readings","powerCuts","partitions",
                   "brokerRestarts","serverKills","lost","duplicated","outOfOrder","dropped",
                   "droppedReported","clockErrorMaxS","clockErrorMedianS","clockBoundViolations",...}
  --help
`;

const WRONG_USE = 2;
const FINDINGS_SHOWN = 20;
const HOURS_PER_DAY = 24;

class UsageError extends Error {}

async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      devices: { type: "string", default: "20" },
      days: { type: "string", default: "7" },
      engine: { type: "string", default: "wasm" },
      seed: { type: "string", default: "1" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return void process.stdout.write(HELP);
  const devices = count("--devices", values.devices);
  const days = count("--days", values.days);
  const seed = count("--seed", values.seed);
  const images = await buildSoakImages(engineOf(values.engine));
  const startMs = performance.now();
  const passedS = () => Math.round((performance.now() - startMs) / 1000);
  const { figures, findings } = await soak({
    images,
    devices,
    days,
    seed,
    onProgress: ({ powerCuts, partitions, brokerRestarts, serverKills }, hour) => {
      if (hour % HOURS_PER_DAY !== 0) return;
      console.log(
        `day ${hour / HOURS_PER_DAY} of ${days}, after ${passedS()} s: ${powerCuts} power cuts, ` +
          `${partitions} partitions, ${brokerRestarts} restarts and ${serverKills} kills of the server`,
      );
    },
  });
  for (const finding of findings.slice(0, FINDINGS_SHOWN)) console.error(finding);
  if (findings.length > FINDINGS_SHOWN) console.error(`and ${findings.length - FINDINGS_SHOWN} more`);
  const told = { ...figures, findings: findings.length, seconds: passedS() };
  if (values.json) console.log(JSON.stringify(told));
  else for (const [name, value] of Object.entries(told)) console.log(`${name}: ${value}`);
  if (findings.length > 0) process.exitCode = 1;
}

function engineOf(text: string): Engine {
  const engine = ENGINES.find((name) => name === text);
  if (engine === undefined) throw new UsageError(`--engine is one of: ${ENGINES.join(", ")}`);
  return engine;
}

function count(name: string, text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new UsageError(`${name} takes a whole number above zero, not "${text}"`);
  return Number(text);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  const isUsage = error instanceof UsageError || (error instanceof TypeError && "code" in error);
  if (!isUsage) throw error;
  console.error(`error: ${(error as Error).message}; see npm run soak -- --help`);
  process.exitCode = WRONG_USE;
}
