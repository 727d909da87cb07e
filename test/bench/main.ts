/** `npm run bench -- <what>`: measurements of the real thing, never part of the tests. */
import { benchEmulator, EMULATOR_HELP } from "./emulator.ts";
import { benchFlash, FLASH_HELP } from "./flash.ts";
import { benchFleet, FLEET_HELP } from "./fleet.ts";
import { benchGraph, GRAPH_HELP } from "./graph.ts";
import { benchIngest, INGEST_HELP } from "./ingest.ts";
import { benchNative, NATIVE_HELP } from "./native.ts";
import { benchQuery, QUERY_HELP } from "./query.ts";
import { benchUpdate, UPDATE_HELP } from "./update.ts";

interface Bench {
  summary: string;
  help: string;
  run(args: string[]): Promise<void>;
}

const BENCHES: Record<string, Bench> = {
  ingest: { summary: "readings from MQTT to disk", help: INGEST_HELP, run: benchIngest },
  emulator: { summary: "speed of the emulated chip, beside QEMU", help: EMULATOR_HELP, run: benchEmulator },
  flash: { summary: "life of the flash, and days without a network", help: FLASH_HELP, run: benchFlash },
  fleet: { summary: "thousands of devices on one server, an update, a restart", help: FLEET_HELP, run: benchFleet },
  graph: { summary: "size and speed of the sensor graph engine", help: GRAPH_HELP, run: benchGraph },
  query: { summary: "questions to a year of readings, and deleting them", help: QUERY_HELP, run: benchQuery },
  update: { summary: "bytes and time of an update, full and as a patch", help: UPDATE_HELP, run: benchUpdate },
  native: { summary: "our native code beside gcc's", help: NATIVE_HELP, run: benchNative },
};

const HELP = `Usage: npm run bench -- <what> [options]

${Object.entries(BENCHES)
  .map(([name, bench]) => `  ${name.padEnd(10)} ${bench.summary}`)
  .join("\n")}

  npm run bench -- <what> --help   its options
`;

async function main(args: string[]): Promise<void> {
  const [name, ...rest] = args;
  if (name === undefined || name === "--help" || name === "-h") {
    process.stdout.write(HELP);
    if (name === undefined) process.exitCode = 1;
    return;
  }
  const bench = Object.hasOwn(BENCHES, name) ? BENCHES[name] : undefined;
  if (bench === undefined) throw new Error(`no bench "${name}"; choose one of: ${Object.keys(BENCHES).join(", ")}`);
  if (rest.includes("--help") || rest.includes("-h")) process.stdout.write(bench.help);
  else await bench.run(rest);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
