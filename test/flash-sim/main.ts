/** `npm run flash:sim`: a blank emulated board of each kind, from the bag to the first counts. */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { SeededRandom } from "../../runtime/board/random.ts";
import { OPEN_HOUSE } from "../../server/access/open-house.ts";
import { startServer } from "../../server/app.ts";
import { silentLogger } from "../../server/logger.ts";
import { boardNames, readBoard } from "../../tools/build/board.ts";
import { BuildError } from "../../tools/build/build-error.ts";
import { noise, pull } from "./disturbance.ts";
import { type FlashCase, type FlashRow, flashOne } from "./flash-one.ts";

const HELP = `Usage: npm run flash:sim -- [options]

A blank emulated chip of each board is flashed by esptool-js through its ROM loader and
stub, resets, boots, joins, and counts at a real server. Then one board without the stub,
at other speeds, with 5 % of the bytes damaged, and with the cable pulled midway: a clear
error, and the next attempt succeeds. Exit code 1 if anything is not as it should be.

  --board NAME  only this one: ${boardNames().join(", ")}
  --json        the last line is {"boards":[{"board","bytes","verified","online","readings",..}]}
  --help
`;

const WRONG_USE = 2;
const BAUD = 460_800;
const NOISE_ONE_IN = 20;
/** In the middle of the program: stub, host and boot program have gone through. */
const PULL_AFTER_BYTES = 45_000;

type Case = Omit<FlashCase, "index"> & { name: string };

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      board: { type: "string" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return void process.stdout.write(HELP);
  const say = values.json ? console.error : console.log;
  const dataDir = await mkdtemp(join(tmpdir(), "lintel-flash-"));
  const server = await startServer({
    ...OPEN_HOUSE,
    dataDir,
    host: "127.0.0.1",
    mqttPort: 0,
    httpPort: 0,
    logger: silentLogger,
  });
  const rows: FlashRow[] = [];
  try {
    for (const { name, ...options } of casesOf(values.board)) {
      const row = await flashOne(server, { ...options, index: rows.length + 1 });
      rows.push({ ...row, board: name });
      say(describe({ ...row, board: name }));
      if (values.json) console.log(JSON.stringify({ ...row, board: name }));
    }
  } finally {
    await server.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
  if (values.json) console.log(JSON.stringify({ boards: rows }));
  const failed = rows.filter((row) => !isGood(row));
  say(`${rows.length - failed.length} of ${rows.length} came online and counted everybody`);
  process.exit(failed.length === 0 ? 0 : 1);
}

function casesOf(only: string | undefined): Case[] {
  const names = only === undefined ? boardNames() : [only];
  const usual = { baudRate: BAUD, useStub: true };
  const [first = ""] = only === undefined ? ["wemos-d1-mini"] : names;
  const board = readBoard(first);
  return [
    ...names.map((name) => ({ ...usual, board: readBoard(name), name })),
    { ...usual, board, name: `${first}, without the stub`, useStub: false },
    { ...usual, board, name: `${first}, 115200 baud`, baudRate: 115_200 },
    { ...usual, board, name: `${first}, 921600 baud`, baudRate: 921_600 },
    {
      ...usual,
      board,
      name: `${first}, 5 % of the bytes damaged`,
      disturbance: noise(new SeededRandom(5), NOISE_ONE_IN),
    },
    { ...usual, board, name: `${first}, cable pulled`, disturbance: pull(PULL_AFTER_BYTES) },
  ];
}

function isGood({ verified, online, readings, visitorsCounted, visitorsSimulated }: FlashRow): boolean {
  return verified && online && readings > 0 && visitorsCounted === visitorsSimulated;
}

function describe(row: FlashRow): string {
  const { board, bytes, verified, online, readings, visitorsCounted, visitorsSimulated, seconds, error } = row;
  const facts = [
    `${bytes} bytes ${verified ? "as they should be" : "NOT as they should be"}`,
    online ? "online" : "NOT online",
    `${readings} readings, ${visitorsCounted} of ${visitorsSimulated} visitors`,
    `${seconds} s`,
  ];
  return `${board}: ${facts.join("; ")}${error === undefined ? "" : `\n  first attempt: ${error}`}`;
}

try {
  await main();
} catch (error) {
  const isUse = error instanceof BuildError || (error instanceof TypeError && "code" in error);
  if (!isUse) throw error;
  console.error(`flash:sim: ${(error as Error).message}`);
  process.exit(WRONG_USE);
}
