/** A day of a counter with phones around it: the short form of `npm run products`. */
import { afterEach, expect, test } from "vitest";
import { STREAM_FRAMES_MISSED, STREAM_LISTENED, STREAM_PHONES_FORGOTTEN } from "../../runtime/contract/stream-ids.ts";
import { loadProgram } from "../../tools/build/load-program.ts";
import { type CounterRun, isOpenAt, LISTEN_S, runCounterShop, storedSeries } from "./counter-shop.ts";

const open: CounterRun[] = [];

afterEach(async () => {
  for (const { shop } of open.splice(0)) await shop.close();
});

test.each([
  ["wasm", 0.8],
  ["lx106", 0.5],
] as const)("%s: most of a day, every value", { timeout: 240_000 }, async (engine, days) => {
  const run = await runCounterShop({ program: await loadProgram("firmware/counter", engine), days });
  open.push(run);
  for (const [stream, series] of run.truth) {
    if (stream === STREAM_LISTENED) continue;
    expect.soft(await storedSeries(run, stream), stream.toString(16)).toEqual(series);
  }
  const listened = await storedSeries(run, STREAM_LISTENED);
  expect([...listened.keys()]).toEqual([...(run.truth.get(STREAM_LISTENED)?.keys() ?? [])]);
  for (const [minute, share] of listened) {
    const minutes = Array.from({ length: 15 }, (_, index) => minute - 15 + index).filter((from) => isOpenAt(from));
    // The first minute has no window, for the first mark of a minute is at its end.
    if (minute > 15) expect(Math.abs(share - (minutes.length * LISTEN_S) / 0.9)).toBeLessThanOrEqual(3);
  }
  expect(await storedSeries(run, STREAM_PHONES_FORGOTTEN)).toEqual(new Map());
  expect(await storedSeries(run, STREAM_FRAMES_MISSED)).toEqual(new Map());
  expect(run.heard.frames).toBeGreaterThan(1000);
  expect(run.board.device.figures).toMatchObject({ starts: 1, crashes: 0, allocationsAfterStart: 0 });
});
