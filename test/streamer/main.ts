/** `npm run streamer`: the three shops of the tests for a simulated month, against the truth. */
import { parseArgs } from "node:util";
import { ENGINES, type Engine } from "../../tools/build/compile-program.ts";
import { compareShop } from "./compare-shop.ts";
import { SHOPS } from "./shops.ts";
import { StreamerWorld } from "./streamer-world.ts";

const HELP = `Usage: npm run streamer -- [options]

A fridge, a meter and a climate box, each a board with firmware/streamer, a graph from the real server and
simulated sensors, for a month of virtual time. Every reading that the server has is compared with what the
truth gives in the engine of tools/graph. Exit code 1 if one is missing, wrong or too many, or if a program
allocates memory after its start.

  --days N         (default: 30)
  --engine ENGINE  wasm (default), or lx106: the emulated chip
  --help
`;

const WRONG_USE = 2;
const DAY_S = 86_400;

async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      days: { type: "string", default: "30" },
      engine: { type: "string", default: "wasm" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return void process.stdout.write(HELP);
  const engine = ENGINES.find((name) => name === values.engine);
  const days = Number(values.days);
  if (engine === undefined || !Number.isInteger(days) || days < 1) {
    process.stderr.write(HELP);
    process.exitCode = WRONG_USE;
    return;
  }
  for (const name of Object.keys(SHOPS)) await run(name as keyof typeof SHOPS, engine, days);
}

async function run(name: keyof typeof SHOPS, engine: Engine, days: number): Promise<void> {
  const world = await StreamerWorld.open(engine);
  const startMs = performance.now();
  try {
    const { compared, findings } = await compareShop(world, SHOPS[name], days * DAY_S);
    const { polls, starts, crashes, allocationsAfterStart, heapUsedBytes } = world.device.figures;
    const figures = { polls, starts, crashes, allocationsAfterStart, heapUsedBytes };
    const seconds = Math.round((performance.now() - startMs) / 1000);
    console.log(JSON.stringify({ shop: name, engine, days, compared, findings: findings.length, ...figures, seconds }));
    for (const finding of findings) console.error(`${name}: ${finding}`);
    if (findings.length > 0 || crashes > 0 || allocationsAfterStart > 0) process.exitCode = 1;
  } finally {
    await world.close();
  }
}

await main(process.argv.slice(2));
