/** `npm run soak`: a simulated week of power cuts, lost networks, restarts and kills, with the real server. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { openDataFolder } from "../../server/store/open-database.ts";
import { ENGINES, type Engine } from "../../tools/build/compile-program.ts";
import { buildSoakImages } from "./build-soak-images.ts";
import { simulate } from "./simulate.ts";
import { verify } from "./verify.ts";

const HELP = `Usage: npm run soak -- [options]

Boards with drifting clocks take a reading a minute for a simulated week. Power goes away, networks
break, the server is restarted and killed (SIGKILL). Then the server's database is compared with what
the sensors gave. Exit code 1 if a committed reading is missing, there twice, or out of order, or
if a time is further from the truth than it says.

  --devices N      (default: 20)
  --days N         (default: 7)
  --engine ENGINE  wasm (default), or lx106: the emulated chip
  --seed K         (default: 1)
  --json           the last line is JSON
  --help
`;

const WRONG_USE = 2;

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
  const [devices, days, seed] = [
    count("--devices", values.devices),
    count("--days", values.days),
    count("--seed", values.seed),
  ];
  const engine = engineOf(values.engine);
  const dataDir = mkdtempSync(join(tmpdir(), "lintel-soak-"));
  try {
    const images = await buildSoakImages(engine);
    const { boards, ...faults } = await simulate({
      images,
      engine,
      devices,
      days,
      seed,
      dataDir,
      onDay: (day) => {
        if (!values.json) console.log(`day ${day} of ${days}`);
      },
    });
    const folder = openDataFolder(dataDir);
    const figures = { devices, days, ...faults, ...verify(folder.databasePath, boards) };
    folder.release();
    if (values.json) console.log(JSON.stringify(figures));
    else for (const [name, value] of Object.entries(figures)) console.log(`${name}: ${value}`);
    if (figures.lost + figures.duplicated + figures.wrongTimes > 0) process.exitCode = 1;
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
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
