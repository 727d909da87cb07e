/**
 * `bench flash`: how long the flash of a board lives, and how many days of readings it holds without a network, at one
 * reading a minute; measured on virtual boards that boot, count and speak with a server as real ones do.
 *
 * Life: the most erased sector's erases in the days measured, against the cycles that its data sheet promises.
 */
import { parseArgs } from "node:util";
import {
  FLASH_QUEUE_OFFSET,
  FLASH_REGION_BYTES,
  FLASH_REGION_MAX_BYTES,
  FLASH_SECTOR_BYTES,
} from "../../runtime/contract/flash-map.ts";
import { freshState } from "../powercut/model-server.ts";
import { type ProgramImages, programsOf } from "../powercut/programs.ts";
import { Life } from "../powercut/world.ts";
import { buildSoakImages } from "../soak/build-soak-images.ts";

export const FLASH_HELP = `Usage: npm run bench -- flash [options]

  --days <n>   measured with the network up (60)
  --json       the last line is {"boards":[{"flashMiB","readingsPerDay","erasesPerDay","lifeYears","offlineDays"}]}
`;

/** W25Q32JV data sheet, section 2: minimum program and erase cycles of a sector. */
const CYCLES = 100_000;
const DAYS_PER_YEAR = 365.25;
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const START_UNIX_MS = 1_790_000_000_000;
const BOARDS = [
  { flashMiB: 1, regionBytes: FLASH_REGION_BYTES },
  { flashMiB: 4, regionBytes: FLASH_REGION_MAX_BYTES },
];

export async function benchFlash(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: { days: { type: "string", default: "60" }, json: { type: "boolean", default: false } },
  });
  const days = Number(values.days);
  if (!Number.isInteger(days) || days < 1)
    throw new Error(`--days takes a whole number above zero, not ${values.days}`);
  const images = await buildSoakImages("wasm");
  const boards = [];
  for (const { flashMiB, regionBytes } of BOARDS) {
    const wear = await measureWear(images, regionBytes, days);
    const board = { flashMiB, ...wear, offlineDays: await measureOffline(images, regionBytes) };
    boards.push(board);
    console.error(
      `${flashMiB} MiB: ${board.readingsPerDay} readings a day, ${board.erasesPerDay} erases of the busiest sector a day, ` +
        `${board.lifeYears} years; ${board.offlineDays} days without a network`,
    );
  }
  if (values.json) console.log(JSON.stringify({ boards }));
}

async function measureWear(images: ProgramImages, regionBytes: number, days: number) {
  const life = begin(images, regionBytes, () => true);
  const before = life.flash.sectorErases.slice();
  life.device.powerOn();
  await life.time.run(days * DAY_MS);
  life.device.stop();
  const erases = life.flash.sectorErases.map((after, sector) => after - (before[sector] ?? 0));
  // A ring wears evenly. In a large one most sectors have not had their turn in the days measured, and the busiest has had
  // one more than its share: the mean of the ring is its figure, the maximum that of all other sectors.
  const firstOfQueue = FLASH_QUEUE_OFFSET / FLASH_SECTOR_BYTES;
  const queueErases = erases.subarray(firstOfQueue).reduce((sum, count) => sum + count, 0);
  const busiestPerDay = Math.max(
    queueErases / queueSectors(regionBytes) / days,
    Math.max(...erases.subarray(0, firstOfQueue)) / days,
  );
  return {
    readingsPerDay: Math.round(life.taken.length / days),
    erasesPerDay: Number(busiestPerDay.toFixed(4)),
    lifeYears: Math.round(CYCLES / busiestPerDay / DAYS_PER_YEAR),
  };
}

/** Until the first reading is dropped: what `state` would report. */
async function measureOffline(images: ProgramImages, regionBytes: number): Promise<number> {
  let isUp = false;
  const life = begin(images, regionBytes, () => isUp);
  life.device.powerOn();
  const sectors = queueSectors(regionBytes);
  const before = life.flash.counts.erases;
  // Every sector has been used once: the next erase would be of one that holds readings.
  while (life.flash.counts.erases - before <= sectors) await life.time.runFor(10 * MINUTE_MS);
  const days = life.time.nowMs() / DAY_MS;
  isUp = true;
  await life.time.runFor(DAY_MS);
  life.device.stop();
  const [gap] = life.server.gaps;
  if (gap === undefined) throw new Error("the queue of a board without a network never dropped anything");
  return Number(days.toFixed(1));
}

function queueSectors(regionBytes: number): number {
  return (regionBytes - FLASH_QUEUE_OFFSET) / FLASH_SECTOR_BYTES;
}

function begin(images: ProgramImages, regionBytes: number, isServerUp: () => boolean): Life {
  const programs = programsOf(images);
  return new Life(
    { flash: programs.flash(regionBytes), server: freshState(), taken: [], unixMs: START_UNIX_MS },
    { engine: images.engine, seed: 1, shelf: programs.shelf, surroundings: { isServerUp } },
  );
}
