import { expect, test } from "vitest";
import { FLASH_SLOT_BYTES } from "../../runtime/contract/flash-map.ts";
import { ImageArch } from "../../runtime/contract/image-header.ts";
import { UpdateFailure } from "../../runtime/contract/update-messages.ts";
import { newKey, publicPoint } from "./keys.ts";
import { packImage, signImage, verifyImage } from "./pack-image.ts";

const CONTENTS = {
  payload: Uint8Array.from({ length: 1000 }, (_, index) => index),
  arch: ImageArch.Wasm32,
  product: "counter",
  version: "0.2.0",
  ramBytes: 16384,
};

const key = newKey();
const trusted = [publicPoint(newKey()), publicPoint(key)];

test("packed, signed, verified with one of two keys", () => {
  const signed = signImage(packImage(CONTENTS), key);
  expect(verifyImage(signed, trusted)).toEqual({ ok: true });
  expect(verifyImage(signed, trusted, { product: "counter", arch: ImageArch.Wasm32 })).toEqual({ ok: true });
});

test("unsigned, signed by a stranger, changed afterwards: the reason of each", () => {
  const image = packImage(CONTENTS);
  const failureOf = (bytes: Uint8Array) => {
    const verdict = verifyImage(bytes, trusted);
    return verdict.ok ? UpdateFailure.None : verdict.failure;
  };
  expect(failureOf(image)).toBe(UpdateFailure.UnknownKey);
  expect(failureOf(signImage(image, newKey()))).toBe(UpdateFailure.UnknownKey);
  const signed = signImage(image, key);
  expect(failureOf(Buffer.concat([signed.subarray(0, -1), Buffer.of(1)]))).toBe(UpdateFailure.BadDigest);
  expect(failureOf(signed.subarray(0, -1))).toBe(UpdateFailure.Truncated);
  const renamed = Uint8Array.from(signed);
  renamed[40] = 0x39;
  expect(failureOf(renamed)).toBe(UpdateFailure.BadSignature);
});

test("what no device could hold is not packed, what is not whole is not signed", () => {
  expect(() => packImage({ ...CONTENTS, payload: new Uint8Array(0x10000) })).toThrow(/too large for a slot/);
  expect(() => packImage({ ...CONTENTS, ramBytes: 0x4001 })).toThrow(/more RAM/);
  expect(() => packImage({ ...CONTENTS, version: "1.0 beta" })).toThrow(/version .* ASCII/);
  expect(() => signImage(packImage(CONTENTS).subarray(0, 500), key)).toThrow(/truncated/);
});
