/**
 * `bench flash`: how long the flash of a board lives, and how many days of readings it holds without a server. Measured on
 * virtual boards that run the counter: a reading a minute, its total once an hour, and a power cut a day.
 *
 * Life: erases of the most erased sector of the whole region, against the cycles that its data sheet promises. It is taken when
 * every sector of the queue's ring has had the same number of turns, so the ring's worst sector is not ahead of the others.
 */
import { parseArgs } from "node:util";
import {
  FLASH_QUEUE_OFFSET,
  FLASH_REGION_BYTES,
  FLASH_REGION_MAX_BYTES,
  FLASH_SECTOR_BYTES,
} from "../../runtime/contract/flash-map.ts";
import { ENGINES, type Engine } from "../../tools/build/compile-program.ts";
import { buildCounter, type CounterImages } from "./counter-images.ts";
import { FlashBoard } from "./flash-board.ts";

export const FLASH_HELP = `Usage: npm run bench -- flash [options]

  --turns <n>   times that every sector of the queue is erased (4)
  --engine <e>  wasm (default), or lx106: slower, with the same answer
  --json        the last line is {"boards":[{"flashMiB","days","readingsPerDay","queueErases","otherErases",
                "lifeYears","offlineReadings","offlineDays"}]}
`;

/** W25Q32JV data sheet, section 2: at least so many program and erase cycles of a sector. */
const CYCLES = 100_000;
const DAYS_PER_YEAR = 365.25;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const OFF_MS = 1000;
/** The head of the queue has room for a few readings only. */
const HEAD_FULL_BYTES = FLASH_SECTOR_BYTES - 64;
const FIRST_OF_QUEUE = FLASH_QUEUE_OFFSET / FLASH_SECTOR_BYTES;
const BOARDS = [
  { flashMiB: 1, regionBytes: FLASH_REGION_BYTES },
  { flashMiB: 4, regionBytes: FLASH_REGION_MAX_BYTES },
];

interface Wear {
  days: number;
  readingsPerDay: number;
  /** Of the most erased sector. */
  queueErases: number;
  otherErases: number;
  lifeYears: number;
}

interface Offline {
  offlineReadings: number;
  offlineDays: number;
}

export async function benchFlash(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      turns: { type: "string", default: "4" },
      engine: { type: "string", default: "wasm" },
      json: { type: "boolean", default: false },
    },
  });
  const turns = Number(values.turns);
  if (!Number.isInteger(turns) || turns < 1)
    throw new Error(`--turns takes a whole number from 1, not ${values.turns}`);
  const engine = ENGINES.find((each) => each === values.engine);
  if (engine === undefined) throw new Error(`--engine is one of ${ENGINES.join(", ")}, not ${values.engine}`);
  const images = await buildCounter(engine);
  const boards: ({ flashMiB: number } & Wear & Offline)[] = [];
  for (const { flashMiB, regionBytes } of BOARDS) {
    boards.push({ flashMiB, ...(await measure(images, engine, regionBytes, turns)) });
  }
  const terminal = values.json ? process.stderr : process.stdout;
  terminal.write(table(boards));
  if (values.json) console.log(JSON.stringify({ boards }));
}

async function measure(images: CounterImages, engine: Engine, regionBytes: number, turns: number) {
  const board = new FlashBoard(images, engine, regionBytes);
  const before = board.flash.sectorErases.slice();
  board.device.powerOn();
  const wear = await wearDown(board, before, turns);
  const offline = await fill(board);
  board.device.stop();
  return { ...wear, ...offline };
}

/** Until every sector of the ring was erased so many times. */
async function wearDown(board: FlashBoard, before: Uint32Array, turns: number): Promise<Wear> {
  const { time, device, flash, server } = board;
  const erases = () => flash.sectorErases.map((after, sector) => after - (before[sector] ?? 0));
  while (Math.min(...erases().subarray(FIRST_OF_QUEUE)) < turns) {
    await time.runFor(HOUR_MS);
    // The model server keeps every reading as an object.
    server.readings.length = 0;
    if (time.nowMs() % DAY_MS !== 0) continue;
    device.powerCut();
    await time.runFor(OFF_MS);
    device.powerOn();
    await time.run(time.nowMs() + HOUR_MS - OFF_MS);
  }
  const days = time.nowMs() / DAY_MS;
  const queueErases = Math.max(...erases().subarray(FIRST_OF_QUEUE));
  const otherErases = Math.max(...erases().subarray(0, FIRST_OF_QUEUE));
  return {
    days: round(days),
    readingsPerDay: Math.round(board.watermark / days),
    queueErases,
    otherErases,
    lifeYears: Math.floor((CYCLES / Math.max(queueErases, otherErases)) * (days / DAYS_PER_YEAR)),
  };
}

/**
 * Without a server until the first reading is dropped. At the worst moment: the sector under way is full of readings that
 * were acknowledged. What the server is told afterwards must be the same story.
 */
async function fill(board: FlashBoard): Promise<Offline> {
  const { time, server } = board;
  while (board.headBytes < HEAD_FULL_BYTES) await time.runFor(MINUTE_MS);
  board.isServerUp = false;
  const startMs = time.nowMs();
  const known = board.watermark;
  const { dropped } = board.lastHeader;
  while (board.lastHeader.dropped === dropped) await time.runFor(HOUR_MS);
  const { atMs, first } = board.lastHeader;
  board.isServerUp = true;
  await time.runFor(DAY_MS);
  const [gap, ...more] = server.gaps;
  const lost = board.lastHeader.dropped - dropped;
  if (gap === undefined || more.length > 0 || gap.from !== known + 1 || gap.to - gap.from + 1 !== lost) {
    throw new Error(
      `${lost} readings from ${known + 1} were dropped; the server knows of ${JSON.stringify(server.gaps)}`,
    );
  }
  if (server.readings.length < first - gap.to) throw new Error("readings of the outage are missing");
  return { offlineReadings: first - 1 - known, offlineDays: round((atMs - startMs) / DAY_MS) };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function table(boards: readonly ({ flashMiB: number } & Wear & Offline)[]): string {
  const row = (...[first = "", ...rest]: string[]) =>
    `${first.padEnd(8)}${rest.map((cell) => cell.padStart(13)).join("")}\n`;
  return [
    row("flash", "days", "readings/day", "erases", "elsewhere", "life, years", "offline", "days"),
    ...boards.map((board) =>
      row(
        `${board.flashMiB} MB`,
        `${board.days}`,
        `${board.readingsPerDay}`,
        `${board.queueErases}`,
        `${board.otherErases}`,
        `${board.lifeYears}`,
        `${board.offlineReadings}`,
        `${board.offlineDays}`,
      ),
    ),
    `erases: of the most erased sector of the queue; elsewhere: of any other sector. Life: ${CYCLES} cycles (W25Q32JV).\n`,
    "offline: readings held, and days, before the first one is dropped.\n",
  ].join("");
}
