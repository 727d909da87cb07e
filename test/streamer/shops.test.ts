/** A day in three shops, on both engines: what arrives at the server is what the truth gives in the engine of `tools/graph`. */
import { expect, test } from "vitest";
import { ENGINES } from "../../tools/build/compile-program.ts";
import { compareShop } from "./compare-shop.ts";
import { SHOPS } from "./shops.ts";
import { StreamerWorld } from "./streamer-world.ts";

const DAY_S = 86_400;
const TIMEOUT_MS = 300_000;

/** Readings in a day, of all streams that are compared: of the fridge 24 hours with 60 and an average, and its door. */
const COUNTS = { FRIDGE: 24 * 61, METER: 24 * 62, CLIMATE: 24 * 19 };

for (const engine of ENGINES) {
  for (const [name, shop] of Object.entries(SHOPS)) {
    test(`${name} on ${engine}`, { timeout: TIMEOUT_MS }, async () => {
      const world = await StreamerWorld.open(engine);
      try {
        const { compared, findings } = await compareShop(world, shop, DAY_S);
        expect(findings).toEqual([]);
        expect(compared).toBeGreaterThanOrEqual(COUNTS[name as keyof typeof COUNTS]);
        expect(world.device.figures).toMatchObject({ allocationsAfterStart: 0, crashes: 0, starts: 2, slowPolls: 0 });
      } finally {
        await world.close();
      }
    });
  }
}
