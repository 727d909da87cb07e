/** The short forms of `npm run faults`. */
import { expect, test } from "vitest";
import { canMount, runDiskFull } from "./disk-full.ts";
import { runKillLoop } from "./kill-loop.ts";
import { runNoticeLoop } from "./notice-loop.ts";

test("a server that is killed under load has everything that it acknowledged, once", async () => {
  const result = await runKillLoop({ kills: 3, devices: 10, seed: 7 });
  expect(result).toMatchObject({ kills: 3, lost: 0, duplicated: 0 });
  expect(result.acknowledgedReadings).toBe(result.madeReadings);
  expect(result.acknowledgedReadings).toBeGreaterThan(100);
}, 120_000);

test("a server that is killed while alerts wait, and while they are sent, tells each of them, as the same where twice", async () => {
  const result = await runNoticeLoop({ kills: 4, seed: 11 });
  expect(result).toMatchObject({ kills: 4, lost: 0, duplicated: 0, changed: 0 });
  expect(result.alerts).toBeGreaterThan(10);
  // Else the kills have met nothing.
  expect(result.waitingAtKills).toBeGreaterThan(0);
  expect(result.sentAgain).toBeGreaterThan(0);
}, 180_000);

test.skipIf(!canMount())(
  "a full disk is told, loses nothing acknowledged, and heals when there is room",
  async () => {
    const result = await runDiskFull();
    expect(result).toMatchObject({ lost: 0, duplicated: 0 });
    expect(result.acknowledgedReadings).toBeGreaterThan(1000);
  },
  180_000,
);
