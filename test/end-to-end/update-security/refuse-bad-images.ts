/**
 * Images that no board may take, from the real server, which has them behind its back: refused with a reason of their own,
 * which the server hears; the program that runs goes on counting, its slot is untouched, and a good image is taken next.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { SeededRandom } from "../../../runtime/board/random.ts";
import { IMAGE_HEADER_BYTES } from "../../../runtime/contract/image-header.ts";
import { imageIdText } from "../../../runtime/image/image-header.ts";
import type { TestUpdate } from "../../../server/testing/test-images.ts";
import type { Engine } from "../../../tools/build/compile-program.ts";
import {
  type BadImage,
  cutImages,
  type Forger,
  fillingSlot,
  flippedHeaders,
  flippedPayloads,
  forgerOf,
  wrongImages,
} from "./bad-images.ts";
import { type CounterImages, FLOOR } from "./counter-images.ts";
import { allButQueue, outsideOfUpdate, slotRecordOf } from "./flash-contents.ts";
import { type Before, TamperedShop } from "./tampered-shop.ts";

/** A byte of each field, of the signature both halves. */
const SOME_OFFSETS = [0, 4, 8, 12, 16, 32, 36, 52, 56, 60, 64, 96, 104, 128, 160, 191];
const HOW_MANY = {
  wasm: { offsets: Array.from({ length: IMAGE_HEADER_BYTES }, (_, offset) => offset), payloads: 64, cutEvery: 1 },
  lx106: { offsets: SOME_OFFSETS, payloads: 2, cutEvery: 5 },
} as const;
/** Long enough for a download, and for a restart after it. */
const UPDATE_S = 60;
const TIMEOUT_MS = 120_000;

export function refuseBadImages(engine: Engine, imagesOf: () => CounterImages): void {
  let images: CounterImages;
  let forged: Forger;
  let bad: BadImage[];
  let shop: TamperedShop;
  let ids: string[];
  let before: Before[];
  let updates: TestUpdate[];

  beforeAll(async () => {
    images = imagesOf();
    forged = forgerOf(images);
    bad = badImages(engine, images, forged);
    shop = await TamperedShop.open(images, bad.length);
    ids = bad.map((image) => shop.putImage(image));
    before = shop.look();
    await shop.offer(ids);
    await shop.run(UPDATE_S);
    updates = await shop.updates();
  }, TIMEOUT_MS);
  afterAll(() => shop?.close());

  /** Of each board, by the name of its image: so that a failure names it. */
  const each = <T>(tell: (image: BadImage, index: number) => T) =>
    Object.fromEntries(bad.map((image, index) => [image.name, tell(image, index)]));

  test("the server hears why, and gives the image up", () => {
    const heard = each((_, index) => {
      const { desired, givenUp, state, failure, running } = updates[index] as TestUpdate;
      return { desired, givenUp, state, failure, running };
    });
    const running = imageIdText(images.board.image);
    expect(heard).toEqual(
      each(({ reason }, index) => {
        return { desired: ids[index], givenUp: true, state: "failed", failure: reason, running };
      }),
    );
  });

  test("nothing is written for a header that is refused; else the slot that does not run, and why", () => {
    const flash = each((image, index) => {
      const now = shop.members[index]?.flash;
      const was = before[index]?.flash;
      if (now === undefined || was === undefined) return "no such board";
      if (image.isLoaded !== true) return allButQueue(now).equals(was) ? "untouched" : "written";
      const { a, preferred, floor, b, failure, failedImage } = slotRecordOf(now) ?? {};
      if (!outsideOfUpdate(allButQueue(now)).equals(outsideOfUpdate(was))) return "written outside of the other slot";
      return { a, preferred, floor, b, failure, isFailed: failedImage === ids[index] };
    });
    expect(flash).toEqual(
      each(({ isLoaded, reason }) => {
        if (isLoaded !== true) return "untouched";
        const runs = { a: "Confirmed", preferred: "A", floor: FLOOR };
        // What the server may have all of one day is not held against the image.
        if (reason === "truncated") return { ...runs, b: "Loading", failure: "None", isFailed: false };
        return { ...runs, b: "Empty", failure: "BadDigest", isFailed: true };
      }),
    );
  });

  test("the program that runs was not restarted, and has counted everybody", async () => {
    const starts = each((_, index) => shop.members[index]?.device.figures.starts);
    expect(starts).toEqual(each(() => 1));
    const { visitors, visitorsCounted, duplicates, lost } = await shop.tally();
    expect({ visitorsCounted, duplicates, lost }).toEqual({ visitorsCounted: visitors, duplicates: 0, lost: 0 });
    expect(visitors).toBeGreaterThan(bad.length);
  });

  test("offered again: refused again", async () => {
    await shop.offer(ids);
    await shop.run(UPDATE_S);
    const again = await shop.updates();
    expect(each((_, index) => again[index]?.failure)).toEqual(each(({ reason }) => reason));
    expect(again.every(({ givenUp }) => givenUp)).toBe(true);
  });

  test("a good image comes and is confirmed; from then on, older ones are replays", {
    timeout: TIMEOUT_MS,
  }, async () => {
    const fields = { securityCounter: FLOOR + 1 };
    const good = shop.putImage({ bytes: forged({ fields }) });
    const largest = shop.putImage({ bytes: forged({ fields, payload: fillingSlot(engine, images.newPayload) }) });
    const goods = bad.map((_, index) => (index === 0 ? largest : good));
    await shop.offer(goods);
    await shop.run(UPDATE_S);
    const confirmed = await shop.updates();
    expect(each((_, index) => [confirmed[index]?.state, confirmed[index]?.running])).toEqual(
      each((_, index) => ["confirmed", goods[index]]),
    );
    const records = shop.members.map(({ flash }) => slotRecordOf(flash));
    for (const record of records) {
      expect(record).toMatchObject({ a: "Confirmed", b: "Confirmed", preferred: "B", floor: FLOOR + 1 });
    }
    const starts = shop.members.map(({ device }) => device.figures.starts);
    // What the boards ran before, and the same once more: that one is no news to anybody.
    await shop.offer(shop.putImage({ bytes: images.board.image }));
    await shop.run(UPDATE_S);
    const replayed = await shop.updates();
    for (const update of replayed)
      expect(update).toMatchObject({ state: "failed", failure: "replayed", givenUp: true });
    const history = replayed.map((update) => update.history.length);
    await shop.offer(goods);
    await shop.run(UPDATE_S);
    const present = await shop.updates();
    expect(present.map((update) => update.history.length)).toEqual(history);
    expect(present.map((update) => update.running)).toEqual(goods);
    expect(shop.members.map(({ flash }) => slotRecordOf(flash))).toEqual(records);
    expect(shop.members.map(({ device }) => device.figures.starts)).toEqual(starts);
  });
}

function badImages(engine: Engine, images: CounterImages, forged: Forger): BadImage[] {
  const random = new SeededRandom(8);
  const { offsets, payloads, cutEvery } = HOW_MANY[engine];
  return [
    ...wrongImages(images, forged),
    ...cutImages(forged).filter((_, index) => index % cutEvery === 0),
    ...flippedHeaders(forged, random.fork(1), offsets),
    ...flippedPayloads(forged, random.fork(2), payloads),
  ];
}
