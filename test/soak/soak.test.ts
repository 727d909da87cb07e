/** The short form of `npm run soak`: a day of three boards. */
import { beforeAll, expect, test } from "vitest";
import { buildSoakImages, type SoakImages } from "./build-soak-images.ts";
import { HOUR_MS } from "./random-times.ts";
import { soak } from "./soak.ts";

/** Each start of the server takes a second or two: the sources have to be translated. */
const KILL_EVERY_MS = 4 * HOUR_MS;

let images: SoakImages;

beforeAll(async () => {
  images = await buildSoakImages("wasm");
}, 180_000);

test("a day of three boards: every reading once and in order, every time within its bound", async () => {
  const { figures, findings } = await soak({ images, devices: 3, days: 1, seed: 1, killEveryMs: KILL_EVERY_MS });
  expect(findings).toEqual([]);
  const { lost, duplicated, outOfOrder, invented, droppedMisreported, misnumbered, rejected } = figures;
  expect([lost, duplicated, outOfOrder, invented, droppedMisreported, misnumbered, rejected]).toEqual(Array(7).fill(0));
  expect(figures.clockBoundViolations).toBe(0);
  // What went wrong, and what had to be dropped: the second board is away for longer than its queue holds.
  expect(figures.serverKills).toBeGreaterThanOrEqual(2);
  expect(figures.brokerRestarts).toBeGreaterThanOrEqual(1);
  expect(figures.cutsInFlash).toBeGreaterThanOrEqual(3);
  expect(figures.partitions).toBeGreaterThanOrEqual(3);
  expect(figures.dropped).toBeGreaterThan(100);
  expect(figures.readings).toBeGreaterThan(3000);
  expect(figures.clockBounded).toBeGreaterThan(0.99);
}, 180_000);
