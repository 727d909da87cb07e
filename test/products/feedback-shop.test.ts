/** Half a day at the buttons: the short form of `npm run products`. */
import { expect, test } from "vitest";
import { runFeedbackShop } from "./feedback-shop.ts";

test("wasm: votes, presses together, hammering and stuck buttons, each as it was", { timeout: 240_000 }, async () => {
  for (const { board, found, expected } of await runFeedbackShop({ engine: "wasm", hours: 8 })) {
    expect.soft(found, board).toEqual(expected);
  }
});

test("lx106: the same", { timeout: 240_000 }, async () => {
  for (const { board, found, expected } of await runFeedbackShop({ engine: "lx106", hours: 2 })) {
    expect.soft(found, board).toEqual(expected);
  }
});
