import { expect, test } from "vitest";
import { applyPatch } from "../../runtime/image/apply-patch.ts";
import { decompressImage } from "../../runtime/image/decompress.ts";
import { noise, testImage } from "../testing/test-images.ts";
import { PatchMaker } from "./patch-maker.ts";

const OLD = testImage(noise(3000, 1)).bytes;
const NEW = testImage(Buffer.concat([noise(3000, 1), Buffer.from("more")])).bytes;

test("one after the other, and after a pair of which there is none; compressed images too", async () => {
  const maker = new PatchMaker();
  const made = await Promise.all([
    maker.make(OLD, NEW),
    // Without a header there is no image to make.
    maker.make(OLD, new Uint8Array(3)),
    maker.make(NEW, OLD),
    maker.compress(NEW),
    maker.compress(new Uint8Array(3)),
  ]);
  expect(Buffer.from(applyPatch(OLD, made[0] as Uint8Array) as Uint8Array)).toEqual(NEW);
  expect(made[1]).toBeNull();
  expect(Buffer.from(applyPatch(NEW, made[2] as Uint8Array) as Uint8Array)).toEqual(OLD);
  expect(Buffer.from(decompressImage(made[3] as Uint8Array) as Uint8Array)).toEqual(NEW);
  expect(made[4]).toBeNull();
  await maker.stop();
});

test("a stop leaves open what was being made", async () => {
  const maker = new PatchMaker();
  const made = [maker.make(OLD, NEW), maker.make(NEW, OLD)];
  await maker.stop();
  expect(await Promise.all(made)).toEqual([undefined, undefined]);
});

test("what takes too long is not known, so nothing is said of the images", async () => {
  // A thread takes longer than this to start.
  const maker = new PatchMaker(1);
  expect(await Promise.all([maker.make(OLD, NEW), maker.compress(NEW)])).toEqual([undefined, undefined]);
  await maker.stop();
});
