import { describe, expect, test } from "vitest";
import {
  GOLDEN_CHUNK,
  GOLDEN_CHUNK_PATCH,
  GOLDEN_OFFER,
  GOLDEN_OFFER_PATCH,
  GOLDEN_UPDATE_DOWNLOADING,
  GOLDEN_UPDATE_FAILED,
  GOLDEN_UPDATE_REQUEST,
  GOLDEN_UPDATE_REQUEST_PATCH,
} from "../../runtime/contract/golden-vectors.ts";
import { UpdateState } from "../../runtime/contract/update-messages.ts";
import { decodeUpdate, encodeChunk, encodeOffer, idText } from "./update-messages.ts";

const ID = "0011223344556677";
const BASE = "8899aabbccddeeff";
const bytes = (hex: string) => Buffer.from(hex, "hex");
const hex = (payload: Uint8Array) => Buffer.from(payload).toString("hex");

describe("from a device", () => {
  test("a request: {1: image, 4: 4096, 5: 768}, and of a patch: with 6", () => {
    const request = { kind: "request", image: ID, base: null, offset: 4096, lengthBytes: 768 };
    expect(decodeUpdate(bytes(GOLDEN_UPDATE_REQUEST))).toEqual(request);
    expect(decodeUpdate(bytes(GOLDEN_UPDATE_REQUEST_PATCH))).toEqual({ ...request, base: BASE });
  });

  test("a report: {0: 8, 1: image, 3: 11}, and as short as can be", () => {
    const report = decodeUpdate(bytes(GOLDEN_UPDATE_FAILED));
    expect(report).toMatchObject({ kind: "report", state: 8, percent: null, failure: 11 });
    expect(report?.kind === "report" && report.image && idText(report.image)).toBe(ID);
    expect(decodeUpdate(bytes("a10000"))).toEqual({
      kind: "report",
      state: 0,
      image: null,
      percent: null,
      failure: null,
    });
  });

  test("a report: {0: 2, 1: image, 2: 40}", () => {
    const report = { kind: "report", state: UpdateState.Downloading, percent: 40, failure: null };
    expect(decodeUpdate(bytes(GOLDEN_UPDATE_DOWNLOADING))).toMatchObject(report);
  });

  test("keys of later versions are skipped, and so are later states and failures not refused", () => {
    expect(decodeUpdate(bytes("a20009186380"))).toMatchObject({ kind: "report", state: 9 });
    expect(decodeUpdate(bytes("a200080318c8"))).toMatchObject({ failure: 200 });
  });

  test.each(["", "80", "a0", "a1010203", "a1040005", "a100f6", "a104f6", "a2000020", `a30148${ID}04f605190300`])(
    "%s is neither",
    (payload) => {
      expect(decodeUpdate(bytes(payload))).toBeNull();
    },
  );
});

describe("to a device", () => {
  test("an offer: {0: image, 1: 10192}, with a patch and again", () => {
    const offer = { image: ID, sizeBytes: 10_192, patch: null, isRetry: false };
    expect(hex(encodeOffer(offer))).toBe(GOLDEN_OFFER);
    expect(hex(encodeOffer({ ...offer, patch: { base: BASE, sizeBytes: 300 }, isRetry: true }))).toBe(
      GOLDEN_OFFER_PATCH,
    );
  });

  test("a chunk: {0: image, 1: offset, 2: bytes}, and of a patch: with 3", () => {
    const request = { kind: "request", image: ID, base: null, offset: 0, lengthBytes: 3 } as const;
    expect(hex(encodeChunk(request, 24, bytes("c0ffee")))).toBe(GOLDEN_CHUNK);
    expect(hex(encodeChunk({ ...request, base: BASE }, 0, bytes("")))).toBe(GOLDEN_CHUNK_PATCH);
  });
});
