/**
 * Products must fit: each in half of a slot and three quarters of a program's memory, the streamer, which carries drivers
 * and the engine of sensor graphs, in 40 KiB and the whole memory; and boards must have pins for them.
 */
import { expect, test } from "vitest";
import { boardNames, findBoard } from "../../tools/build/board.ts";
import { buildNative, reportNative } from "../../tools/build/build-native.ts";
import { planPins } from "../../tools/build/pin-plan.ts";

const PRODUCTS = ["counter", "feedback", "beacon"];
const BOUNDS = [
  ...PRODUCTS.map((product) => ({ product, imageMaxBytes: 32 * 1024, ramMaxBytes: 12 * 1024 })),
  { product: "streamer", imageMaxBytes: 40 * 1024, ramMaxBytes: 16 * 1024 },
];

test.each(BOUNDS)(
  "$product: image and memory",
  { timeout: 120_000 },
  async ({ product, imageMaxBytes, ramMaxBytes }) => {
    const report = await reportNative(await buildNative(`firmware/${product}`), findBoard("generic"));
    expect(report.imageBytes).toBeLessThanOrEqual(imageMaxBytes);
    expect(report.ram?.totalBytes).toBeLessThanOrEqual(ramMaxBytes);
    expect(report.warnings).toEqual([]);
  },
);

test.each(boardNames())("%s has pins for each product", (name) => {
  const board = findBoard(name);
  for (const product of PRODUCTS) {
    const { pins } = planPins(`firmware/${product}`, board);
    const used = [...pins.values()].filter((pin) => pin !== 255);
    expect(new Set(used).size).toBe(used.length);
  }
});

test("the retail board has LED and buzzer at its own, and its buttons on the ladder", () => {
  const { pins } = planPins("firmware/feedback", findBoard("retail"));
  expect(pins.get("led")).toBe(4);
  expect(pins.get("buzzer")).toBe(13);
  expect([...pins].filter(([name, pin]) => name.startsWith("button") && pin !== 255)).toEqual([]);
});
