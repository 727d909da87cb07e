import { expect, test } from "vitest";
import { assignGroups, groupSizes } from "./groups.ts";

test.each([
  [{ canary: { devices: 10 }, steps: [50, 100] }, 1000, [10, 490, 500]],
  [{ canary: { percent: 5 }, steps: [25, 100] }, 1000, [50, 200, 750]],
  // A part of a device is one.
  [{ canary: { percent: 5 }, steps: [100] }, 7, [1, 6]],
  // A last step that was forgotten, a canary larger than its step, and than all.
  [{ canary: { devices: 3 }, steps: [50] }, 10, [3, 2, 5]],
  [{ canary: { devices: 8 }, steps: [50, 100] }, 10, [8, 2]],
  [{ canary: { devices: 20 }, steps: [100] }, 10, [10]],
  [{ canary: { devices: 5 }, steps: [100] }, 0, [0]],
])("%j of %d: %j", (plan, count, sizes) => {
  expect(groupSizes(plan, count)).toEqual(sizes);
});

const DEVICES = Array.from({ length: 100 }, (_, at) => ({ mac: `5ccf7f0000${at + 100}`, isOnline: at % 2 === 0 }));
const PLAN = { canary: { devices: 10 }, steps: [100] };

test("the canary is of devices that are there, drawn anew for each rollout", () => {
  const canaryOf = (rollout: number) =>
    assignGroups(rollout, DEVICES, PLAN)
      .filter(({ group }) => group === 0)
      .map(({ device }) => device);
  expect(canaryOf(1)).toHaveLength(10);
  expect(canaryOf(1).every(({ isOnline }) => isOnline)).toBe(true);
  expect(canaryOf(1)).toEqual(canaryOf(1));
  expect(canaryOf(1)).not.toEqual(canaryOf(2));
});

test("each device is in one group", () => {
  const macs = assignGroups(3, DEVICES, PLAN).map(({ device }) => device.mac);
  expect(new Set(macs).size).toBe(100);
});
