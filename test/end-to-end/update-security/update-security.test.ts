/** What a server can do to its boards by way of updates, when it does not check what it has, or means ill: nothing lasting. */
import { beforeAll, describe, expect, test } from "vitest";
import { imageIdText } from "../../../runtime/image/image-header.ts";
import { ENGINES } from "../../../tools/build/compile-program.ts";
import { forgerOf } from "./bad-images.ts";
import { buildCounterImages, type CounterImages } from "./counter-images.ts";
import { giveUpBadPatches } from "./give-up-bad-patches.ts";
import { refuseBadImages } from "./refuse-bad-images.ts";
import { TamperedShop } from "./tampered-shop.ts";

describe.each(ENGINES)("%s", (engine) => {
  let images: CounterImages;

  beforeAll(async () => {
    images = await buildCounterImages(engine);
  }, 120_000);

  test("signed, and no program at all: tried once, and never again", async () => {
    const shop = await TamperedShop.open(images, 1);
    try {
      const payload = Buffer.from("this is not a program ".repeat(300));
      await shop.offer(shop.putImage({ bytes: forgerOf(images)({ payload }) }));
      await shop.run(600);
      const [update] = await shop.updates();
      const running = imageIdText(images.board.image);
      expect(update).toMatchObject({ state: "rolled-back", failure: "not-runnable", givenUp: true, running });
      expect(shop.members[0]?.device.figures.starts).toBe(2);
    } finally {
      await shop.close();
    }
  });

  describe("bad images", () => refuseBadImages(engine, () => images));
  describe("bad patches", () => giveUpBadPatches(engine, () => images));
});
