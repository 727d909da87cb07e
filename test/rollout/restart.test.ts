/**
 * A server that ends anywhere: between what it stored and what it told, between what it was told and what it stored. The next
 * one goes on there, from the store alone.
 */
import { afterEach, expect, test } from "vitest";
import { makeRandom } from "../../server/testing/mutate.ts";
import { LightFleet } from "./light-fleet.ts";

const PLAN = { canary: { devices: 4 }, steps: [100], success: { soakMin: 5 }, atOnce: 3 };
const RESTARTS = 12;
const TIMEOUT_MS = 180_000;

let fleet: LightFleet;
afterEach(() => fleet.stop());

async function passWithRestarts(id: number, ends: string[], seed: number): Promise<string> {
  const random = makeRandom(seed);
  for (let round = 0; round < 400; round++) {
    if (round < RESTARTS) await fleet.interrupt(random);
    await fleet.pass(20);
    const { state } = await fleet.rollout(id);
    if (ends.includes(state)) return state;
  }
  throw new Error(JSON.stringify(await fleet.rollout(id)));
}

test.each([1, 2])("a good rollout reaches everybody, seed %d", { timeout: TIMEOUT_MS }, async (seed) => {
  fleet = new LightFleet({ devices: 10, failing: 0 });
  await fleet.start();
  const { id } = await fleet.roll(PLAN);
  expect(await passWithRestarts(id, ["finished", "stopped"], seed)).toBe("finished");
  expect(fleet.running(fleet.newImage)).toBe(10);
  expect(await fleet.rollout(id)).toMatchObject({ touched: 10, devices: { confirmed: 10 } });
});

test("a bad one stops in its canary, and everybody goes back", { timeout: TIMEOUT_MS }, async () => {
  fleet = new LightFleet({ devices: 10, failing: 1 });
  await fleet.start();
  const { id } = await fleet.roll({ ...PLAN, error: { devices: 0, rollBack: true, lostAfterMin: 10 } });
  expect(await passWithRestarts(id, ["finished", "rolled-back"], 3)).toBe("rolled-back");
  expect(fleet.running(fleet.oldImage)).toBe(10);
  expect(fleet.touched).toBeLessThanOrEqual(4);
});
