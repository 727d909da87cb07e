import { expect, test } from "vitest";
import { faultOfVitals } from "./vitals.ts";

const NONE = { restarts: 0, reconnects: 0, readingsLost: 0 };
const LIMITS = { restarts: 3, reconnects: 10, readingsLost: 0, freeBytesMin: 2000 };
const fault = (since: object, before: object = {}, hours = 1, freeBytes: number | null = null) =>
  faultOfVitals({ before: { ...NONE, ...before }, since: { ...NONE, ...since }, hours, freeBytes }, LIMITS);

test("what a device never did before is counted from the first", () => {
  expect(fault({ restarts: 3 })).toBeUndefined();
  expect(fault({ restarts: 4 })).toBe("restarts");
  expect(fault({ reconnects: 11 })).toBe("reconnects");
  expect(fault({ readingsLost: 1 })).toBe("readings-lost");
});

test("what it did before as well is no fault of the image", () => {
  // 4 an hour before, 25 hours: 100, and two standard deviations of 10.
  expect(fault({ reconnects: 130 }, { reconnects: 4 }, 25)).toBeUndefined();
  expect(fault({ reconnects: 131 }, { reconnects: 4 }, 25)).toBe("reconnects");
});

test("memory has an absolute minimum, once it was told", () => {
  expect([null, 2000, 1999].map((freeBytes) => fault({}, {}, 1, freeBytes))).toEqual([
    undefined,
    undefined,
    "memory-low",
  ]);
});

test("what is not limited is not looked at", () => {
  const since = { restarts: 99, reconnects: 99, readingsLost: 99 };
  expect(faultOfVitals({ before: NONE, since, hours: 1, freeBytes: 1 }, {})).toBeUndefined();
});
