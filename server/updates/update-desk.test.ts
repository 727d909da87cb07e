/** Uploads beside the thread that compresses. Which devices are offered what is in offers.test.ts. */
import { expect, test } from "vitest";
import { silentLogger } from "../logger.ts";
import { Metrics } from "../metrics.ts";
import { noise, testImage } from "../testing/test-images.ts";
import { SentOffers } from "./sent-offers.ts";
import { UpdateDesk } from "./update-desk.ts";

test("an upload waits for the store only: not for a thread that is busy, and nothing is made of what is not stored", async () => {
  const stored: string[] = [];
  let compressing = 0;
  const desk = new UpdateDesk({
    store: {
      image: () => undefined,
      imageBytes: () => new Uint8Array(1),
      uncompressed: () => stored,
      patch: () => undefined,
    },
    request: async (request) => {
      if (request.kind !== "addImage") return { outcome: "unavailable" };
      if (stored.includes(request.image.id)) return { outcome: "existed" };
      if (stored.length === 2) return { outcome: "tooManyImages" };
      stored.push(request.image.id);
      return { outcome: "done" };
    },
    linkOf: () => undefined,
    offers: new SentOffers(),
    makePatch: async () => null,
    compress: () => {
      compressing++;
      return new Promise(() => {});
    },
    onDeleted: () => {},
    metrics: new Metrics(),
    logger: silentLogger,
    nowMs: () => 0,
  });
  const images = [1, 2, 2, 3].map((seed) => testImage(noise(50, seed)).bytes);
  const answers = [];
  for (const bytes of images) answers.push((await desk.addImage(bytes, 1)).answer?.outcome);
  expect(answers).toEqual(["done", "done", "existed", "tooManyImages"]);
  expect([compressing, desk.isIdle]).toEqual([1, false]);
});
