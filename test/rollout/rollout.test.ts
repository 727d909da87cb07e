/** Rollouts from the API to devices that speak the real protocol, in virtual time. */
import { afterEach, describe, expect, test } from "vitest";
import type { Fault } from "./light-device.ts";
import { LightFleet } from "./light-fleet.ts";

const QUICK = {
  canary: { devices: 10 },
  steps: [50, 100],
  success: { percent: 90, soakMin: 15 },
  error: { percent: 5 },
  atOnce: 5,
};

let fleet: LightFleet;
afterEach(() => fleet.stop());

async function startFleet(devices: number, failing: number, server = {}): Promise<void> {
  fleet = new LightFleet({ devices, failing, server });
  await fleet.start();
}

describe("a rollout", () => {
  test("of a good image reaches every device, group after group", async () => {
    await startFleet(40, 0);
    const { id } = await fleet.roll(QUICK);
    await fleet.pass(20);
    const first = await fleet.rollout(id);
    expect(first).toMatchObject({ state: "running", group: 1 });
    expect(fleet.touched).toBeLessThanOrEqual(10);
    const end = await fleet.until(id, ({ state }) => state === "finished", 240);
    expect(end).toMatchObject({ touched: 40, devices: { confirmed: 40 }, group: 3 });
    expect(fleet.running(fleet.newImage)).toBe(40);
  });

  test("of an image that often fails stops within its canary, and everybody goes back", async () => {
    await startFleet(60, 0.3);
    const { id } = await fleet.roll({ ...QUICK, error: { percent: 5, rollBack: true } });
    const end = await fleet.until(id, ({ state }) => state === "rolled-back", 240);
    expect(end.reason).toMatch(/of 10 devices in group 1, more than 5 %/);
    expect(end.group).toBe(1);
    expect(fleet.touched).toBeLessThanOrEqual(10);
    expect(fleet.running(fleet.oldImage)).toBe(60);
  });

  test.each<[Fault, RegExp, number]>([
    ["crash", /: [1-4] crash$/, 5],
    // Its trial is over after 15 minutes; it was not heard of for 10.
    ["no-network", /: [1-4] not-heard-of$/, 13],
    // The fourth restart, three minutes after one another.
    ["restarts", /: [1-4] restarts$/, 16],
  ])("notices by itself what is wrong: %s", async (fault, reason, mostMinutes) => {
    fleet = new LightFleet({ devices: 8, failing: 1, faults: [fault] });
    await fleet.start();
    const error = { devices: 0, rollBack: true, lostAfterMin: 10, vitals: { restarts: 3 } };
    const { id } = await fleet.roll({ ...QUICK, canary: { devices: 4 }, error, success: { soakMin: 60 } });
    await fleet.until(id, ({ state }) => state === "rolling-back" || state === "rolled-back", mostMinutes);
    const end = await fleet.until(id, ({ state }) => state === "rolled-back", 30);
    expect(end.reason).toMatch(reason);
    expect(fleet.touched).toBeLessThanOrEqual(4);
    expect(fleet.running(fleet.oldImage)).toBe(8);
    // Back is back: what they ran before does as well as it did.
    await fleet.pass(1800);
    expect(fleet.running(fleet.oldImage)).toBe(8);
  });
});
