/**
 * Patches and compressed images that are of no use, from the real server, which has them behind its back: given up with a reason of their own,
 * which the server hears; the image comes whole, runs and is confirmed.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { SeededRandom } from "../../../runtime/board/random.ts";
import { makePatch } from "../../../runtime/image/make-patch.ts";
import type { TestUpdate } from "../../../server/testing/test-images.ts";
import type { Engine } from "../../../tools/build/compile-program.ts";
import { badCompressed, compressedOffsets } from "./bad-compressed.ts";
import { forgerOf } from "./bad-images.ts";
import { type BadPatch, badPatches, patchOffsets } from "./bad-patches.ts";
import { type CounterImages, FLOOR } from "./counter-images.ts";
import { slotRecordOf } from "./flash-contents.ts";
import { TamperedShop } from "./tampered-shop.ts";

/** Bytes that are flipped in the header of the image in the patch; on the emulated chip no flips at all. */
const IMAGE_HEADER_FLIPS = 40;
const STREAM_FLIPS = 40;
/** Long enough for a download, one more, and a restart after it. */
const UPDATE_S = 60;
const HOOK_TIMEOUT_MS = 120_000;

export function giveUpBadPatches(engine: Engine, imagesOf: () => CounterImages): void {
  let bad: BadPatch[];
  let shop: TamperedShop;
  let ids: string[];
  let updates: TestUpdate[];

  beforeAll(async () => {
    const images = imagesOf();
    const forged = forgerOf(images);
    const base = images.board.image;
    const random = new SeededRandom(9);
    const patchBytes = makePatch(base, forged()).length;
    const offsets = engine === "lx106" ? [] : patchOffsets(patchBytes, random.fork(1), IMAGE_HEADER_FLIPS);
    const compressedAt = (fileBytes: number) =>
      engine === "lx106" ? [] : compressedOffsets(random.fork(2), fileBytes, IMAGE_HEADER_FLIPS / 2, STREAM_FLIPS);
    bad = [...badPatches(base, forged, random, offsets), ...badCompressed(forged, random, compressedAt)];
    shop = await TamperedShop.open(images, bad.length);
    const baseId = shop.putImage({ bytes: base });
    ids = bad.map(({ image, bytes, sizeBytes, isCompressed }) => {
      const id = shop.putImage({ bytes: image });
      if (isCompressed === true) shop.putCompressed(id, bytes);
      // No patch is worth while.
      shop.putPatch(baseId, id, isCompressed === true ? null : bytes, sizeBytes);
      return id;
    });
    await shop.offer(ids);
    await shop.run(UPDATE_S);
    updates = await shop.updates();
  });
  afterAll(() => shop?.close());

  const each = <T>(tell: (patch: BadPatch, index: number) => T) =>
    Object.fromEntries(bad.map((patch, index) => [patch.name, tell(patch, index)]));

  test("the server hears why, once", () => {
    const heard = each((_, index) => {
      const steps = updates[index]?.history ?? [];
      return steps.map(({ state, failure }) => (failure === null ? state : `${state}: ${failure}`)).join(", ");
    });
    const end = "downloaded, verified, restarting, confirmed";
    const isAsExpected = each(({ reason, name }) => {
      // Where the patch had made something, that was told before.
      const told = reason === null ? "downloading" : `(downloading, (downloaded, )?)?downloading: ${reason}`;
      const steps = heard[name] ?? "";
      return new RegExp(`^${told}, ${end}$`).test(steps) || steps;
    });
    expect(isAsExpected).toEqual(each(() => true));
  });

  test("the image came whole, runs and is confirmed", () => {
    const running = each((_, index) => [updates[index]?.state, updates[index]?.running]);
    expect(running).toEqual(each((_, index) => ["confirmed", ids[index]]));
    for (const { flash } of shop.members) {
      expect(slotRecordOf(flash)).toMatchObject({
        a: "Confirmed",
        b: "Confirmed",
        preferred: "B",
        floor: FLOOR,
        failure: "None",
      });
    }
    expect(shop.members.every(({ device }) => device.figures.crashes === 0)).toBe(true);
  });

  test("no reading was lost, or stored twice", async () => {
    const { duplicates, lost } = await shop.tally();
    expect({ duplicates, lost }).toEqual({ duplicates: 0, lost: 0 });
  });
}
