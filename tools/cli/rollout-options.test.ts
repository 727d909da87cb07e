import { expect, test } from "vitest";
import { parseCanary, parseLimit, parseSteps, parseWindow, planOf } from "./rollout-options.ts";

test.each([
  ["10", { devices: 10 }],
  ["5%", { percent: 5 }],
  ["0.5%", { percent: 0.5 }],
])("%s", (text, size) => {
  expect(parseCanary(text)).toEqual(size);
});

test.each(["0", "0%", "101%", "1.5", "-1", "five"])("no first group: %s", (text) => {
  expect(() => parseCanary(text)).toThrow();
});

test("a limit may be none at all", () => {
  expect([parseLimit("0"), parseLimit("0%")]).toEqual([{ devices: 0 }, { percent: 0 }]);
});

test("steps rise", () => {
  expect(parseSteps("25,50,100")).toEqual([25, 50, 100]);
  for (const text of ["50,25", "0", "101", "a"]) expect(() => parseSteps(text)).toThrow();
});

test.each([
  ["mon-fri 22:00-05:00", ["mon", "tue", "wed", "thu", "fri"]],
  ["sat,sun 22:00-05:00", ["sat", "sun"]],
  ["fri-mon 22:00-05:00", ["fri", "sat", "sun", "mon"]],
])("%s", (text, days) => {
  expect(parseWindow(text)).toEqual([{ days, from: "22:00", to: "05:00" }]);
});

test("windows add up; what is none is refused", () => {
  expect(parseWindow("sat 10:00-12:00", parseWindow("sun 10:00-12:00"))).toHaveLength(2);
  for (const text of ["mon", "someday 10:00-12:00", "mon 10-12"]) expect(() => parseWindow(text)).toThrow();
});

test("options count more than the plan of a file; the rest of that stays", () => {
  const file = { target: { product: "counter", board: 2 }, error: { percent: 5, lostAfterMin: 30 }, steps: [100] };
  expect(planOf(file, { product: "beacon", stopAbove: { devices: 1 }, soak: 5 })).toEqual({
    target: { product: "beacon", board: 2 },
    error: { percent: 5, lostAfterMin: 30, devices: 1 },
    success: { soakMin: 5 },
    steps: [100],
  });
});
