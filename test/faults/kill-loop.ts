/** The server is killed without a farewell again and again, while devices send as fast as they can. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { SeededRandom } from "../../runtime/board/random.ts";
import { Load } from "./load.ts";
import { startFaultyServer } from "./server.ts";

export interface KillLoopResult {
  kills: number;
  madeReadings: number;
  acknowledgedReadings: number;
  /** Acknowledged and not stored. */
  lost: number;
  duplicated: number;
}

export interface KillLoopOptions {
  /** Either ends it. */
  seconds?: number;
  kills?: number;
  devices?: number;
  seed?: number;
  onProgress?: (line: string) => void;
}

const PACK_EVERY_MS = 40;
/** From when the server listens to its end. Devices take half a second to come back. */
const LIFE_MIN_MS = 100;
const LIFE_MAX_MS = 4000;
const SETTLE_MAX_MS = 180_000;
const PROGRESS_EVERY = 10;

export async function runKillLoop(options: KillLoopOptions): Promise<KillLoopResult> {
  const { seconds = Number.POSITIVE_INFINITY, kills = Number.POSITIVE_INFINITY, devices = 40, seed = 1 } = options;
  const random = new SeededRandom(seed);
  const folder = mkdtempSync(join(tmpdir(), "lintel-kill-"));
  let server = await startFaultyServer(folder, 0);
  const load = new Load(server.port, devices, PACK_EVERY_MS);
  const endMs = performance.now() + seconds * 1000;
  let killed = 0;
  try {
    while (performance.now() < endMs && killed < kills) {
      await sleep(random.integer(LIFE_MIN_MS, LIFE_MAX_MS));
      await server.kill();
      killed++;
      server = await startFaultyServer(folder, server.port);
      if (killed % PROGRESS_EVERY === 0)
        options.onProgress?.(`${killed} kills, ${load.acknowledged} readings acknowledged`);
    }
    load.quiet();
    for (let waitedMs = 0; !load.isSettled; waitedMs += 100) {
      if (waitedMs > SETTLE_MAX_MS) throw new Error(`${load.made - load.acknowledged} readings are never acknowledged`);
      await sleep(100);
    }
    await server.stop();
    const { made: madeReadings, acknowledged: acknowledgedReadings } = load;
    return { kills: killed, madeReadings, acknowledgedReadings, ...load.judge(join(folder, "lintel.db")) };
  } finally {
    load.stop();
    await server.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}
